"""What happens to a member's offers: mirrors the events of cercle.offers.v1."""

from typing import Union

import msgspec

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import Instant


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


class TierNoted(msgspec.Struct, frozen=True):
    """The member's tier, as the badges service told it."""

    tier: str


Event = Union[ActionAccepted, OfferIssued, TierNoted]
