"""Tiers: where the points that count put a member. A member only rises.

Everybody enters the lowest tier first, with an event of its own, whether an action or
points come first: what others issue on entering does not depend on which was faster.
"""

from collections.abc import Iterator
from typing import Union

import msgspec

from cercle.domain.decision import Instant
from cercle.rulebook import TierLevel, TierRules
from services.badges.events import TierChanged
from services.badges.member import Member


def rise(
    member: Member, tiers: Union[TierRules, None], points: int, occurred_at: Instant
) -> Iterator[TierChanged]:
    """The changes that bring a member with `points` to at least the tier that they reach.

    They are dated by the action that brought them.
    """
    if tiers is None:
        return
    tier = member.tier
    if not tier:
        tier = tiers.levels[0].id
        yield TierChanged("", tier, points, occurred_at)
    level = tiers.level_for(points)
    if level.id != tier and _is_above(level, tier, tiers):
        yield TierChanged(tier, level.id, points, occurred_at)


def _is_above(level: TierLevel, tier: str, tiers: TierRules) -> bool:
    """Every level is above a tier that the rulebook has no longer."""
    return all(level.from_points > other.from_points for other in tiers.levels if other.id == tier)


class TierView(msgspec.Struct, frozen=True):
    """`id` is empty before the first tier, `next` at the top. `points` are those that count."""

    id: str
    points: int
    next: str
    points_to_next: int
    benefits: tuple[str, ...]


def view(member: Member, tiers: Union[TierRules, None]) -> TierView:
    """The member's tier; without benefits and next where the rulebook does not have it."""
    levels = tiers.levels if tiers else ()
    here = next((level for level in levels if level.id == member.tier), None)
    floor = here.from_points if here else -1
    above = next((level for level in levels if level.from_points > floor), None)
    return TierView(
        member.tier,
        member.tier_points,
        above.id if above else "",
        max(0, above.from_points - member.tier_points) if above else 0,
        here.benefits if here else (),
    )
