"""What the points service is asked to decide.

`key` is the sender's idempotency key and `issued_at` when it first asked. A command that
cannot be meant raises ValueError when it is made: callers check what they were sent before.
"""

from typing import Union

import msgspec

from cercle.domain.action import Action
from cercle.domain.decision import Instant
from services.points.events import Promise, Waiting


class Earn(msgspec.Struct, frozen=True):
    """A member did something that may earn points."""

    action: Action


class NoteStanding(msgspec.Struct, frozen=True):
    """What one decision of the badges service says, brought about by what `occurred_at`.

    `tier`: the one that the member has after it, None if it changed none. `badges`: the levels
    unlocked, as (badge, level).
    """

    tier: Union[str, None]
    badges: tuple[tuple[str, str], ...]
    occurred_at: Instant


class GiveBack(msgspec.Struct, frozen=True):
    """What was paid for a claim comes back: the offers service cancelled it, when it `occurred_at`."""

    claim: str
    wallet: str
    points: int
    occurred_at: Instant


class PlaceHold(msgspec.Struct, frozen=True):
    """Set `points` aside in `wallet`, to be released by itself after `keep_for` ms."""

    key: str
    issued_at: Instant
    wallet: str
    points: int
    keep_for: int

    def __post_init__(self) -> None:
        if not self.key or self.points < 1 or self.keep_for < 1:
            raise ValueError("a hold needs a key, at least 1 point and at least 1 ms")


class Capture(msgspec.Struct, frozen=True):
    """Spend what the hold with this id set aside."""

    key: str
    issued_at: Instant
    hold: str

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a capture needs a key")


class Release(msgspec.Struct, frozen=True):
    """Make available again what the hold with this id set aside."""

    key: str
    issued_at: Instant
    hold: str

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a release needs a key")


class Transfer(msgspec.Struct, frozen=True):
    """Send `points` of `sender`, whom it is told, to the member `to`. The key is the transfer's id."""

    key: str
    issued_at: Instant
    sender: str
    to: str
    wallet: str
    points: int

    def __post_init__(self) -> None:
        if not self.key or self.points < 1:
            raise ValueError("a transfer needs a key and at least 1 point")


class Receive(msgspec.Struct, frozen=True):
    """Letter to `to`: take what `sender` sent, or send it back."""

    transfer: str
    sender: str
    to: str
    wallet: str
    points: int


class Complete(msgspec.Struct, frozen=True):
    """Letter to who sent: the transfer was received."""

    transfer: str


class Return(msgspec.Struct, frozen=True):
    """Letter to who sent: the transfer comes back; `code` and `sentence` say why."""

    transfer: str
    code: str
    sentence: str


class NoteEarlier(msgspec.Struct, frozen=True):
    """Letter to a subject: an action of the type `action` occurred."""

    action: str
    member: str
    source: str
    id: str
    occurred_at: Instant


class AwaitEarlier(msgspec.Struct, frozen=True):
    """Letter to a subject: a member's action wants to have come soon after an earlier one, by each rule."""

    waiting: tuple[Waiting, ...]


class EarnSoonAfter(msgspec.Struct, frozen=True):
    """Letter to a member: it came soon, by each rule."""

    waiting: tuple[Waiting, ...]


class Recommend(msgspec.Struct, frozen=True):
    """Letter to `friend`: `advocate` referred you, by an action that `occurred_at`."""

    friend: str
    advocate: str
    occurred_at: Instant
    promises: tuple[Promise, ...]


class RewardReferral(msgspec.Struct, frozen=True):
    """Letter to who referred: `friend` did for the first time what the promises waited for."""

    friend: str
    action: str
    source: str
    id: str
    occurred_at: Instant
    promises: tuple[Promise, ...]


class RefuseReferral(msgspec.Struct, frozen=True):
    """Letter to who referred: that of `friend` earns nothing; `code` and `sentence` say why."""

    friend: str
    code: str
    sentence: str


class DoDueWork(msgspec.Struct, frozen=True):
    """Do what is due by now, such as releasing holds that timed out."""


Request = Union[PlaceHold, Capture, Release, Transfer]
"""A command that somebody sent and waits for."""

SubjectCommand = Union[NoteEarlier, AwaitEarlier]
"""What a subject is told by letter."""

Told = Union[
    Receive, Complete, Return, SubjectCommand, EarnSoonAfter, Recommend, RewardReferral, RefuseReferral
]
"""What another key tells by letter: never rejected."""

Command = Union[Earn, NoteStanding, GiveBack, Request, Told, DoDueWork]
