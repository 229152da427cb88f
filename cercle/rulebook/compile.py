"""A club's files to its rulebook: read, validate, check across files, build. Pure; every error in one go."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cercle.rulebook.actions import ActionType, build_actions
from cercle.rulebook.badges import BadgeRules, build_badges, check_badges
from cercle.rulebook.checks.inactive import inactive
from cercle.rulebook.club import ClubRules, build_club
from cercle.rulebook.diagnostics import Diagnostic, Findings, RulebookError
from cercle.rulebook.files.actions import ActionsFile
from cercle.rulebook.files.badges import BadgesFile
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.files.offers import OffersFile
from cercle.rulebook.files.points import PointsFile
from cercle.rulebook.files.tiers import TiersFile
from cercle.rulebook.folder import Folder
from cercle.rulebook.offers import OfferRules, build_offers, check_offers
from cercle.rulebook.points import PointsRules, build_points, check_points
from cercle.rulebook.scope import Scope
from cercle.rulebook.tiers import TierRules, build_tiers, check_tiers


@dataclass(frozen=True)
class Rulebook:
    """A club's rules. `version`: the first 16 hex digits of the SHA-256 of their canonical form.

    `inactive`: what is written, and this version does not act on.
    """

    version: str
    club: ClubRules
    actions: Mapping[str, ActionType]
    points: PointsRules
    badges: BadgeRules
    tiers: TierRules | None
    offers: OfferRules
    inactive: tuple[Diagnostic, ...]


def compile_rulebook(files: Mapping[str, str]) -> Rulebook:
    """File names to texts, to the rulebook. Raises RulebookError with every error of the folder."""
    findings = Findings()
    rulebook = read_rulebook(Folder(files, findings), findings)
    if rulebook is None:
        raise RulebookError(findings.errors)
    return rulebook


def read_rulebook(folder: Folder, findings: Findings) -> Rulebook | None:
    """The folder's rulebook; None when the findings hold errors, of the folder itself or found here."""
    club_file, actions_file = folder.of(ClubFile), folder.of(ActionsFile)
    club = build_club(club_file, findings) if club_file else None
    actions = build_actions(actions_file, findings) if actions_file else None
    scope = _scope(club, actions, folder, findings)
    _check(folder, scope)
    if findings.errors or club is None or actions is None:
        return None
    return _build(folder, club, actions, scope)


def _scope(
    club: ClubRules | None, actions: Mapping[str, ActionType] | None, folder: Folder, findings: Findings
) -> Scope:
    block = folder.blocks.get("actions.yaml")
    declared = block.keys_below("actions") if block is not None else frozenset[str]()
    return Scope(
        findings,
        club.currency if club else None,
        club.languages if club else None,
        actions,
        declared - (actions or {}).keys(),
    )


def _check(folder: Folder, scope: Scope) -> None:
    if (points := folder.blocks.get("points.yaml")) is not None:
        check_points(points, folder.of(PointsFile), scope)
    if (badges := folder.blocks.get("badges.yaml")) is not None:
        check_badges(badges, folder.of(BadgesFile), scope)
    if (tiers := folder.of(TiersFile)) is not None:
        check_tiers(tiers, scope)
    if (offers := folder.blocks.get("offers.yaml")) is not None:
        check_offers(offers, scope)


def _build(folder: Folder, club: ClubRules, actions: Mapping[str, ActionType], scope: Scope) -> Rulebook:
    tiers = folder.of(TiersFile)
    return Rulebook(
        _version(folder),
        club,
        MappingProxyType(dict(actions)),
        build_points(folder.of(PointsFile) or PointsFile(), scope),
        build_badges(folder.of(BadgesFile) or BadgesFile(), club.languages, scope),
        build_tiers(tiers) if tiers else None,
        build_offers(folder.of(OffersFile) or OffersFile(), club.languages, scope),
        tuple(inactive(folder)),
    )


def _version(folder: Folder) -> str:
    """Defaults written out, the order of keys and of entries with ids, comments, blanks change nothing."""
    canonical = {
        name: _sorted(model.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        for name, model in folder.models().items()
    }
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    if all(isinstance(each, dict) and "id" in each for each in value):
        return [_sorted(each) for each in sorted(value, key=lambda entry: str(entry["id"]))]
    return [_sorted(each) for each in value]
