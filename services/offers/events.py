"""What happens to a member's offers: mirrors the events of cercle.offers.v1."""

from typing import Union

import msgspec

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import Instant
from cercle.domain.metrics import MetricCounted


class OfferIssued(msgspec.Struct, frozen=True):
    """An offer was given to the member.

    `on`: badge_unlocked, tier_changed or an action type. `reason`: the badge and its level
    joined by "/", the tier, or the action's id. `number` counts the member's issues of
    this offer, from 1.
    """

    offer: str
    on: str
    reason: str
    number: int
    issued_at: Instant


class BadgeNoted(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge, as the badges service told it."""

    badge: str
    level: str


class TierNoted(msgspec.Struct, frozen=True):
    """The member's tier, as the badges service told it."""

    tier: str


Event = Union[ActionAccepted, MetricCounted, OfferIssued, BadgeNoted, TierNoted]
