"""A club's files to its rulebook: read, validate, check across files, build. Pure; every error in one go."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from cercle.rulebook.actions import ActionsFile, ActionType, build_actions
from cercle.rulebook.badges import BadgeRules, BadgesFile, build_badges, check_badges
from cercle.rulebook.club import ClubFile, ClubRules, build_club
from cercle.rulebook.diagnostics import Findings, Place, RulebookError
from cercle.rulebook.model import Entry
from cercle.rulebook.offers import OfferRules, OffersFile, build_offers, check_offers
from cercle.rulebook.points import PointsFile, PointsRules, build_points, check_points
from cercle.rulebook.scope import Scope
from cercle.rulebook.source import Block, Source, read_yaml
from cercle.rulebook.tiers import TierRules, TiersFile, build_tiers, check_tiers
from cercle.rulebook.validate import validate

FILES: Mapping[str, type[Entry]] = MappingProxyType(
    {
        "club.yaml": ClubFile,
        "actions.yaml": ActionsFile,
        "points.yaml": PointsFile,
        "badges.yaml": BadgesFile,
        "tiers.yaml": TiersFile,
        "offers.yaml": OffersFile,
    }
)
"""The files that this version knows."""
REQUIRED = ("actions.yaml", "club.yaml")
_LATER = ("metrics.yaml", "segments.yaml")

Model = TypeVar("Model", bound=Entry)


@dataclass(frozen=True)
class Rulebook:
    """A club's rules. `version`: the first 16 hex digits of the SHA-256 of their canonical form."""

    version: str
    club: ClubRules
    actions: Mapping[str, ActionType]
    points: PointsRules
    badges: BadgeRules
    tiers: TierRules | None
    offers: OfferRules


class _Folder:
    """The files as models: `of` gives a file without its wrong entries, or None."""

    def __init__(self, files: Mapping[str, str], findings: Findings) -> None:
        self.blocks: dict[str, Block | None] = {}
        self.models: dict[type[Entry], Entry | None] = {}
        for name, model in FILES.items():
            if name in files:
                block = read_yaml(Source(name, files[name].removeprefix("\ufeff")), findings)
                self.blocks[name] = block
                self.models[model] = validate(block, model, findings) if block is not None else None

    def of(self, model: type[Model]) -> Model | None:
        found = self.models.get(model)
        return found if isinstance(found, model) else None


def compile_rulebook(files: Mapping[str, str]) -> Rulebook:
    """File names to texts, to the rulebook. Raises RulebookError with every error of the folder."""
    findings = Findings()
    _check_names(files, findings)
    folder = _Folder(files, findings)
    club_file, actions_file = folder.of(ClubFile), folder.of(ActionsFile)
    club = build_club(club_file, findings) if club_file else None
    actions = build_actions(actions_file, findings) if actions_file else None
    scope = _scope(club, actions, folder, findings)
    _check(folder, scope)
    if findings.errors or club is None or actions is None:
        raise RulebookError(findings.errors)
    return _build(folder, club, actions, scope)


def _check_names(files: Mapping[str, str], findings: Findings) -> None:
    for name in sorted(files.keys() - FILES.keys()):
        if name in _LATER or name.endswith("_test.yaml"):
            findings.not_yet(Place(name), name)
        else:
            findings.wrong_word(Place(name), f"`{name}` is not a rules file", name, FILES)
    for name in REQUIRED:
        if name not in files:
            findings.error(Place(name), f"the file `{name}` is missing")


def _scope(
    club: ClubRules | None, actions: Mapping[str, ActionType] | None, folder: _Folder, findings: Findings
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


def _check(folder: _Folder, scope: Scope) -> None:
    if (points := folder.blocks.get("points.yaml")) is not None:
        check_points(points, folder.of(PointsFile), scope)
    if (badges := folder.blocks.get("badges.yaml")) is not None:
        check_badges(badges, folder.of(BadgesFile), scope)
    if (tiers := folder.of(TiersFile)) is not None:
        check_tiers(tiers, scope)
    if (offers := folder.blocks.get("offers.yaml")) is not None:
        check_offers(offers, scope)


def _build(folder: _Folder, club: ClubRules, actions: Mapping[str, ActionType], scope: Scope) -> Rulebook:
    tiers = folder.of(TiersFile)
    return Rulebook(
        _version(folder),
        club,
        MappingProxyType(dict(actions)),
        build_points(folder.of(PointsFile) or PointsFile(), scope),
        build_badges(folder.of(BadgesFile) or BadgesFile(), club.languages, scope),
        build_tiers(tiers) if tiers else None,
        build_offers(folder.of(OffersFile) or OffersFile(), club.languages, scope),
    )


def _version(folder: _Folder) -> str:
    """Defaults written out, the order of keys and of entries with ids, comments, blanks change nothing."""
    canonical = {
        name: _sorted(model.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        for name in FILES
        if (model := folder.of(FILES[name])) is not None
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
