"""A club's files to its rulebook: read, validate, check across files, build. Pure; every error in one go."""

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cercle.rulebook.actions import ActionType, build_actions
from cercle.rulebook.badges import BadgeRules, build_badges
from cercle.rulebook.built_in import REFERRAL
from cercle.rulebook.checks.badges import check_badges
from cercle.rulebook.checks.circles import check_circles
from cercle.rulebook.checks.inactive import inactive
from cercle.rulebook.checks.metrics import check_metrics
from cercle.rulebook.checks.names import check_names
from cercle.rulebook.checks.offers import check_offers
from cercle.rulebook.checks.points import check_points
from cercle.rulebook.checks.segments import check_segments
from cercle.rulebook.checks.tiers import check_tiers
from cercle.rulebook.club import ClubRules, build_club
from cercle.rulebook.declared import declared_in
from cercle.rulebook.diagnostics import Diagnostic, Findings, RulebookError
from cercle.rulebook.files.actions import ActionsFile
from cercle.rulebook.files.badges import BadgesFile
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.files.metrics import MetricsFile
from cercle.rulebook.files.offers import OffersFile
from cercle.rulebook.files.points import PointsFile
from cercle.rulebook.files.segments import SegmentsFile
from cercle.rulebook.files.tiers import TiersFile
from cercle.rulebook.folder import Folder
from cercle.rulebook.metrics import build_metrics, declare_metrics
from cercle.rulebook.offers import OfferRules, build_offers
from cercle.rulebook.points import PointsRules, build_points
from cercle.rulebook.scope import BUILT_IN_TRIGGERS, Scope
from cercle.rulebook.tiers import TierRules, build_tiers


@dataclass(frozen=True)
class Rulebook:
    """A club's rules. `version`: the first 16 hex digits of the SHA-256 of their canonical form.

    `actions`: what brands may send, declared or built in. `inactive`: what is written, and this version
    does not act on.
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
    names, metrics_file = _named(folder, "actions.yaml", "actions"), folder.of(MetricsFile)
    metrics = declare_metrics(metrics_file, actions or {}) if metrics_file else {}
    return Scope(
        findings,
        club.currency if club else None,
        club.languages if club else None,
        club.time_zone if club else None,
        actions,
        names - (actions or {}).keys(),
        metrics,
        _broken_metrics(folder, metrics.keys()),
    )


def _named(folder: Folder, file: str, key: str) -> frozenset[str]:
    """What a file declares under `key`, right or wrong."""
    block = folder.blocks.get(file)
    return frozenset() if block is None else block.keys_below(key)


def _broken_metrics(folder: Folder, sound: Set[str]) -> frozenset[str] | None:
    """None: metrics.yaml is there, and cannot be read."""
    block = folder.blocks.get("metrics.yaml")
    if "metrics.yaml" in folder.blocks and (block is None or block.is_misread("metrics")):
        return None
    return _named(folder, "metrics.yaml", "metrics") - sound


def _check(folder: Folder, scope: Scope) -> None:
    declared = declared_in(folder)
    if (points := folder.blocks.get("points.yaml")) is not None:
        check_points(points, folder.of(PointsFile), declared, scope)
    if (metrics := folder.blocks.get("metrics.yaml")) is not None:
        check_metrics(metrics, scope)
    if (badges := folder.blocks.get("badges.yaml")) is not None:
        check_badges(badges, folder.of(BadgesFile), declared, scope)
    if (tiers := folder.of(TiersFile)) is not None:
        check_tiers(tiers, declared, scope)
    if (segments := folder.blocks.get("segments.yaml")) is not None:
        check_segments(segments, folder.of(SegmentsFile), declared, scope)
    if (offers := folder.blocks.get("offers.yaml")) is not None:
        check_offers(offers, folder.of(OffersFile), declared, scope)
    check_names(folder, declared, scope.findings)
    check_circles(folder, scope.findings)


def _build(folder: Folder, club: ClubRules, actions: Mapping[str, ActionType], scope: Scope) -> Rulebook:
    tiers = folder.of(TiersFile)
    metrics = folder.of(MetricsFile) or MetricsFile()
    scope.metrics = build_metrics(metrics, scope.declared_metrics, scope.vocabularies.of_metrics)
    return Rulebook(
        _version(folder),
        club,
        MappingProxyType({**actions, REFERRAL: BUILT_IN_TRIGGERS[REFERRAL]}),
        build_points(folder.of(PointsFile) or PointsFile(), scope),
        build_badges(folder.of(BadgesFile) or BadgesFile(), club.languages, scope),
        build_tiers(tiers) if tiers else None,
        build_offers(folder.of(OffersFile) or OffersFile(), club.languages, scope),
        tuple(inactive(folder)),
    )


def _version(folder: Folder) -> str:
    """Of all rules files, and no scenarios. Defaults written out, order, comments, blanks change nothing."""
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
    entries = [_sorted(each) for each in value]
    return sorted(entries, key=_by_id) if all(isinstance(each, dict) for each in entries) else entries


def _by_id(entry: Any) -> tuple[str, str]:
    """Those without an id by all they say; where an order means something, the checks make it ascend."""
    return ("", json.dumps(entry, sort_keys=True)) if "id" not in entry else (str(entry["id"]), "")
