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


class Occasion(msgspec.Struct, frozen=True):
    """What earned, where that is not the action of the same decision alone.

    `kind`: SOON_AFTER (the member's own action, and `subject` is what it has in common with the
    earlier one), REFERRAL (what the friend `member` did) or REFERRED (what the member did, whom
    `member` referred). `action` is the type of what was done, `(source, id)` its identity.
    """

    kind: str
    action: str
    source: str
    id: str
    occurred_at: Instant
    subject: str = ""
    member: str = ""


SOON_AFTER, REFERRAL, REFERRED = "soon_after", "referral", "referred"


class Earned(msgspec.Struct, frozen=True):
    """An action earned points in `wallet`; the grants, by rule id, add up to what was posted.

    `day` is the club-local day, as days since 1970-01-01, whose limits the grants count towards.
    `occasion`: None where the action of the same decision earned them.
    """

    wallet: str
    grants: tuple[Grant, ...]
    day: int
    postings: Postings
    occasion: Union[Occasion, None] = None


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


class Desired(msgspec.Struct, frozen=True, array_like=True):
    """What a rule wants to give, before its limit: so many points, or so many times, a day."""

    rule: str
    points: int
    most_points: Union[int, None] = None
    most_times: Union[int, None] = None


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A member's action that `rule` rewards, if it came soon after an earlier one of the subject.

    `action` is its type, `(source, id)` its identity, `day` the club-local day of `occurred_at`.
    It came soon if an action of the type `after` occurred at most `at_most` ms before. Then it
    earns what is `desired` in `wallet`: nothing has to be judged again.
    """

    member: str
    subject: str
    action: str
    source: str
    id: str
    occurred_at: Instant
    day: int
    rule: str
    after: str
    at_most: int
    wallet: str
    desired: tuple[Desired, ...]


class EarlierNoted(msgspec.Struct, frozen=True):
    """Of a subject: an action occurred that later ones may come soon after.

    What occurred before `forget_before` is not remembered any more.
    """

    action: str
    member: str
    source: str
    id: str
    occurred_at: Instant
    forget_before: Instant


class WaitingNoted(msgspec.Struct, frozen=True):
    """Of a subject: a member's action waits for an earlier one. `forget_before` as in EarlierNoted."""

    waiting: Waiting
    forget_before: Instant


class WaitingEnded(msgspec.Struct, frozen=True):
    """Of a subject: the earlier action is known, and the member is told."""

    member: str
    source: str
    id: str
    rule: str


class Promise(msgspec.Struct, frozen=True, array_like=True):
    """What a rule promises for a referral, once the friend first does `after`.

    `points` to who refers, within so many points or times for the referrals of a day; `friend`
    to the friend.
    """

    rule: str
    wallet: str
    points: int
    friend: int
    after: str
    most_points: Union[int, None] = None
    most_times: Union[int, None] = None


class ReferralMade(msgspec.Struct, frozen=True):
    """The member referred `friend` by an action that occurred on the club-local `day`."""

    friend: str
    day: int
    promises: tuple[Promise, ...]


class ReferralRefused(msgspec.Struct, frozen=True):
    """The referral of `friend` earns nothing.

    Codes: self_referral, already_referred, has_advocate, has_referred, not_new.
    """

    friend: str
    code: str
    sentence: str


class Recommended(msgspec.Struct, frozen=True):
    """The member was referred by `advocate`, by an action of theirs that `occurred_at`."""

    advocate: str
    occurred_at: Instant
    promises: tuple[Promise, ...]


class PromisesSettled(msgspec.Struct, frozen=True):
    """These rules' promises are `kept`, or broken, by what the member did."""

    advocate: str
    rules: tuple[str, ...]
    kept: bool


class TriggerNoted(msgspec.Struct, frozen=True):
    """The member did, for the first time as far as is known, what a referral may wait for."""

    action: str
    source: str
    id: str
    occurred_at: Instant


class BadgeNoted(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge, as the badges service told it."""

    badge: str
    level: str


class TierNoted(msgspec.Struct, frozen=True):
    """The member's tier, as the badges service told it."""

    tier: str


Answer = Union[Held, Captured, Released, Refused, TransferSent, TransferCompleted, TransferReturned]
"""What a command's sender is told."""

SubjectEvent = Union[EarlierNoted, WaitingNoted, WaitingEnded]
"""What happens to what several members' actions have in common."""

ReferralEvent = Union[ReferralMade, ReferralRefused, Recommended, PromisesSettled, TriggerNoted]

MemberEvent = Union[
    ActionAccepted,
    MetricCounted,
    Earned,
    Answer,
    TransferReceived,
    ReferralEvent,
    GivenBack,
    BadgeNoted,
    TierNoted,
]

Event = Union[MemberEvent, SubjectEvent]
