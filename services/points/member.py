"""A member's points, and their bytes.

The bytes depend on nothing but the events: decoding and encoding in between changes none.
New fields go to the end, with a default, so that older bytes can still be read.
"""

import msgspec

from cercle.domain.decision import Instant
from cercle.domain.metrics import Metrics
from cercle.domain.seen import Seen
from services.points.events import Answer, Promise


class Balances(msgspec.Struct, array_like=True):
    """The accounts of one wallet, by name. Their sum is zero.

    available, pending and held are the member's and never negative; issued and redeemed are
    the club's, and issued is what the club gave: zero or negative; transferred is what was sent
    to other members less what came from them.
    """

    available: int = 0
    pending: int = 0
    held: int = 0
    issued: int = 0
    redeemed: int = 0
    transferred: int = 0


class Hold(msgspec.Struct, array_like=True, frozen=True):
    """Points set aside, and when they become available again by themselves."""

    wallet: str
    points: int
    until: Instant


class Closed(msgspec.Struct, array_like=True, frozen=True):
    """What became of a hold: captured or released, and when, by the newest command's time."""

    captured: bool
    at: Instant


class Counted(msgspec.Struct, array_like=True):
    """What one rule gave on one day: points, and how many times."""

    points: int = 0
    times: int = 0


class OpenTransfer(msgspec.Struct, array_like=True, frozen=True):
    """Points on their way to the member `to`, counted on `day`, of the command `issued_at`."""

    to: str
    wallet: str
    points: int
    day: int
    issued_at: Instant


class Sent(msgspec.Struct, array_like=True):
    """What a member sent of one wallet, without what came back: in all, and by club-local day."""

    in_all: Counted = msgspec.field(default_factory=Counted)
    by_day: dict[int, Counted] = msgspec.field(default_factory=dict)


class Referral(msgspec.Struct, array_like=True):
    """Of a friend whom the member referred: the day, and what it earned so far, by rule id."""

    day: int
    granted: dict[str, int] = msgspec.field(default_factory=dict)


class Trigger(msgspec.Struct, array_like=True, frozen=True):
    """The first action of its type."""

    source: str
    id: str
    occurred_at: Instant


class Member(msgspec.Struct, array_like=True):
    """All that the service knows of one member.

    `wallets` by name; `holds` that are open and those `closed` lately, by id; `counted` by
    club-local day and rule id; `answers` to recent commands by key, and commands issued before
    `forget_before` are too old; `tier` is empty before the first; `badges` are the ids of those
    unlocked, and `id/level`; `metrics` those that conditions on points read; `transfers` that are
    on their way, by id; `sent` by wallet; `referred` friends, by member id; the `advocate` who
    referred the member at `recommended_at`, and what that still promises; `triggers`: the first
    action of each type that a referral may wait for.
    """

    seen: Seen = msgspec.field(default_factory=Seen)
    wallets: dict[str, Balances] = msgspec.field(default_factory=dict)
    counted: dict[int, dict[str, Counted]] = msgspec.field(default_factory=dict)
    tier: str = ""
    holds: dict[str, Hold] = msgspec.field(default_factory=dict)
    closed: dict[str, Closed] = msgspec.field(default_factory=dict)
    answers: dict[str, Answer] = msgspec.field(default_factory=dict)
    forget_before: Instant = 0
    badges: tuple[str, ...] = ()
    metrics: Metrics = msgspec.field(default_factory=dict)
    transfers: dict[str, OpenTransfer] = msgspec.field(default_factory=dict)
    sent: dict[str, Sent] = msgspec.field(default_factory=dict)
    referred: dict[str, Referral] = msgspec.field(default_factory=dict)
    advocate: str = ""
    recommended_at: Instant = 0
    promises: tuple[Promise, ...] = ()
    triggers: dict[str, Trigger] = msgspec.field(default_factory=dict)

    def wallet(self, name: str) -> Balances:
        """What the wallet holds; fresh balances, kept nowhere, if the member never used it."""
        return self.wallets.get(name) or Balances()


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Member)


def new() -> Member:
    """A member nobody has heard of."""
    return Member()


def encode(member: Member) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(member)


def decode(data: bytes) -> Member:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
