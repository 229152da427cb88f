"""PURE: the rules files as pydantic models, one module a kind of file."""

from collections.abc import Mapping
from types import MappingProxyType

from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files.actions import ActionsFile
from cercle.rulebook.files.badges import BadgesFile
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.files.metrics import MetricsFile
from cercle.rulebook.files.offers import OffersFile
from cercle.rulebook.files.points import PointsFile
from cercle.rulebook.files.segments import SegmentsFile
from cercle.rulebook.files.tiers import TiersFile

FILES: Mapping[str, type[Entry]] = MappingProxyType(
    {
        "club.yaml": ClubFile,
        "actions.yaml": ActionsFile,
        "points.yaml": PointsFile,
        "metrics.yaml": MetricsFile,
        "badges.yaml": BadgesFile,
        "tiers.yaml": TiersFile,
        "segments.yaml": SegmentsFile,
        "offers.yaml": OffersFile,
    }
)
"""The rules files by name. Scenarios (`*_test.yaml`) are beside the rules, and none of them."""
REQUIRED = ("actions.yaml", "club.yaml")
