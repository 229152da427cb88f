"""What happens to a member's points: mirrors the events of cercle.points.v1.

Every event that moves points carries its postings, and they sum to zero (see ledger.py).
"""

from typing import Union

import msgspec

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import Instant
from cercle.domain.metrics import MetricCounted


class Posting(msgspec.Struct, frozen=True, array_like=True):
    """One line of double entry: `points` into `account`; negative: out of it."""

    account: str
    points: int


Postings = tuple[Posting, ...]


class Grant(msgspec.Struct, frozen=True):
    """What one rule gave, and what it would have given without its limit."""

    rule: str
    desired: int
    granted: int


class Earned(msgspec.Struct, frozen=True):
    """An action earned points in `wallet`; the grants, by rule id, add up to what was posted.

    `day` is the club-local day, as days since 1970-01-01, whose limits the grants count towards.
    """

    wallet: str
    grants: tuple[Grant, ...]
    day: int
    postings: Postings


class Held(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Points were set aside until `until`. `hold` is its id: the key of the command."""

    key: str
    issued_at: Instant
    hold: str
    wallet: str
    points: int
    until: Instant
    postings: Postings


class Captured(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Held points were spent."""

    key: str
    issued_at: Instant
    hold: str
    wallet: str
    points: int
    postings: Postings


class Released(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Held points became available again.

    When the hold timed out nobody asked: `key` is empty and `issued_at` is when its time was up.
    """

    key: str
    issued_at: Instant
    hold: str
    wallet: str
    points: int
    timed_out: bool
    postings: Postings


class Refused(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A command was refused for good. `request` is what it asked (see answers.py).

    Codes: insufficient_points, hold_unknown, hold_captured, hold_released, self_transfer,
    transfer_not_allowed, transfer_limit.
    """

    key: str
    issued_at: Instant
    code: str
    sentence: str
    request: str


class TransferSent(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Points are on their way to the member `to`. The key is the transfer's id.

    `day` is the club-local day, as days since 1970-01-01, that the transfer counts towards.
    """

    key: str
    issued_at: Instant
    to: str
    wallet: str
    points: int
    day: int
    postings: Postings


class TransferCompleted(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The member `to` has the points that were sent."""

    key: str
    issued_at: Instant
    to: str
    wallet: str
    points: int


class TransferReturned(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The points that were sent came back. Codes: receiver_unknown."""

    key: str
    issued_at: Instant
    to: str
    wallet: str
    points: int
    code: str
    sentence: str
    postings: Postings


class TransferReceived(msgspec.Struct, frozen=True):
    """Points came from the member `sender`, whose transfer's id it is."""

    transfer: str
    sender: str
    wallet: str
    points: int
    postings: Postings


class GivenBack(msgspec.Struct, frozen=True):
    """What was paid for the claim of an offer came back, since it was cancelled."""

    claim: str
    wallet: str
    points: int
    postings: Postings


class BadgeNoted(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge, as the badges service told it."""

    badge: str
    level: str


class TierNoted(msgspec.Struct, frozen=True):
    """The member's tier, as the badges service told it."""

    tier: str


Answer = Union[Held, Captured, Released, Refused, TransferSent, TransferCompleted, TransferReturned]
"""What a command's sender is told."""

Event = Union[
    ActionAccepted, MetricCounted, Earned, Answer, TransferReceived, GivenBack, BadgeNoted, TierNoted
]
