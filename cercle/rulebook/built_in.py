"""What rules may be on without actions.yaml declaring it: what Cercle itself finds out or does."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

_EVERYWHERE = frozenset(("points.yaml", "badges.yaml", "offers.yaml", "metrics.yaml"))
_AFTER_POINTS = frozenset(("badges.yaml", "offers.yaml"))
_OFFERS = frozenset(("offers.yaml",))
_NOWHERE = frozenset[str]()

REFERRAL, FRIEND = "referral", "friend"
"""The action that a member does who names a friend, and its field with the friend's member id."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """`fields`: what conditions on it may name. `used_in`: the files whose rules may be on it;
    `acts_in`: those of them in which this version acts on it."""

    fields: Mapping[str, Literal["text", "integer"]]
    used_in: frozenset[str]
    acts_in: frozenset[str] = _NOWHERE


BUILT_IN_ACTIONS: Mapping[str, BuiltIn] = MappingProxyType(
    {
        "member_joined": BuiltIn({}, _EVERYWHERE),
        "birthday": BuiltIn({}, _EVERYWHERE),
        REFERRAL: BuiltIn({FRIEND: "text"}, _EVERYWHERE, frozenset(("points.yaml",))),
        "badge_unlocked": BuiltIn({"badge": "text", "level": "text"}, _AFTER_POINTS, _OFFERS),
        "tier_changed": BuiltIn({"tier": "text", "previous": "text"}, _AFTER_POINTS, _OFFERS),
        "points_earned": BuiltIn({"wallet": "text", "points": "integer"}, _AFTER_POINTS),
        "offer_issued": BuiltIn({"offer": "text"}, frozenset(("badges.yaml",))),
    }
)
"""By name; no brand's action may have one of these."""


def acts_on(trigger: str, file: str) -> bool:
    """Whether this version acts on rules of that file on `trigger`: always, if it is not built in."""
    built_in = BUILT_IN_ACTIONS.get(trigger)
    return built_in is None or file in built_in.acts_in
