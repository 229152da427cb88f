"""What happens to a member's standing: mirrors the events of cercle.badges.v1."""

from typing import Union

import msgspec

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import Instant
from cercle.domain.metrics import MetricCounted


class Progressed(msgspec.Struct, frozen=True):
    """An achievement's count rose to `count`."""

    achievement: str
    count: int


class BadgeUnlocked(msgspec.Struct, frozen=True):
    """A level of the achievement `badge` was reached, by `count`. Unlocked once, kept for ever."""

    badge: str
    level: str
    count: int
    reached_at: Instant


class PointsCounted(msgspec.Struct, frozen=True):
    """`points` were earned that count towards the tier: `total` in all, with these."""

    points: int
    total: int


class TierChanged(msgspec.Struct, frozen=True):
    """From tier `previous` (empty: none) to `tier`, with `points` that count at that moment."""

    previous: str
    tier: str
    points: int
    changed_at: Instant


Event = Union[ActionAccepted, MetricCounted, Progressed, BadgeUnlocked, PointsCounted, TierChanged]
