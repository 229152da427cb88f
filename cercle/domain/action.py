"""An action, as the domains see it: checked against the club's actions.yaml, money in minor units."""

from collections.abc import Mapping
from typing import Union

import msgspec

from cercle.domain.decision import Instant

Scalar = Union[str, int, bool]
Field = Union[Scalar, tuple[Mapping[str, Scalar], ...]]
"""Text, integer or money (minor units of the club's currency), boolean, or a list of records of them."""


class Money(msgspec.Struct, frozen=True):
    """An amount as a brand sent it: 42.90 USD is (4290, "USD")."""

    minor_units: int
    currency: str


RawField = Union[str, int, bool, Money, list[dict[str, "RawField"]]]


class RawAction(msgspec.Struct, frozen=True):
    """An action as it was sent, not yet checked against the club's actions.yaml."""

    source: str
    id: str
    type: str
    member_id: str
    occurred_at: Instant
    fields: dict[str, RawField]


class Action(msgspec.Struct, frozen=True):
    """What a member did. `(source, id)` is its identity.

    `occurred_at` is when it happened, `recorded_at` its Kafka record's timestamp.
    """

    source: str
    id: str
    type: str
    member_id: str
    occurred_at: Instant
    recorded_at: Instant
    fields: Mapping[str, Field]


class ActionAccepted(msgspec.Struct, frozen=True):
    """Event of every service: the action was judged and counts.

    Actions of this member that occurred before `forget_before` are refused as late from now on.
    """

    source: str
    id: str
    type: str
    occurred_at: Instant
    forget_before: Instant
