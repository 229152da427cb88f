"""What this version acts on of tiers.yaml: the ladder that members climb by the points they earn."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from cercle.rulebook.files.tiers import TiersFile


@dataclass(frozen=True, slots=True)
class TierLevel:
    """A tier: held by who earned `from_points` or more, and less than the next tier asks."""

    id: str
    from_points: int
    benefits: tuple[str, ...]


@dataclass(frozen=True)
class TierRules:
    """`levels` ascend; the first begins at 0."""

    levels: tuple[TierLevel, ...]

    def level_for(self, points: int) -> TierLevel:
        """The tier of a member who earned so many points; the first one for a negative number."""
        index = bisect_right(self.levels, points, key=lambda level: level.from_points)
        return self.levels[max(index - 1, 0)]

    def above(self, tier: str) -> TierLevel | None:
        """The next tier up; None at the top, and for a tier that is not (or no longer) on the ladder."""
        pairs = pairwise(self.levels)
        return next((upper for lower, upper in pairs if lower.id == tier), None)


def build_tiers(file: TiersFile) -> TierRules:
    """The rules, of a file without errors: members rise by all the points that they ever earned."""
    return TierRules(
        tuple(TierLevel(level.id, level.from_points, tuple(level.benefits)) for level in file.tiers.levels)
    )
