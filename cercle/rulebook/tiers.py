"""tiers.yaml: the ladder that members climb by the points they earn."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from cercle.rulebook.codes import Code
from cercle.rulebook.files.tiers import TiersFile
from cercle.rulebook.scope import Scope


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


def check_tiers(file: TiersFile, scope: Scope) -> None:
    """What is wrong goes to the scope's findings."""
    levels = file.tiers.levels
    scope.unique_ids(level.block for level in levels)
    if levels[0].from_points != 0:
        scope.findings.error(
            Code.OUT_OF_ORDER, levels[0].block.at("from"), "the first tier begins at 0: everybody has a tier"
        )
    for lower, upper in pairwise(levels):
        if upper.from_points <= lower.from_points:
            names = (
                f"`{upper.id}` from {upper.from_points} cannot follow `{lower.id}` from {lower.from_points}"
            )
            scope.findings.error(Code.OUT_OF_ORDER, upper.block.at("from"), f"tiers ascend: {names}")


def build_tiers(file: TiersFile) -> TierRules:
    """The rules, of a file without errors."""
    return TierRules(
        tuple(TierLevel(level.id, level.from_points, tuple(level.benefits)) for level in file.tiers.levels)
    )
