"""A member's offers, and their bytes.

The bytes depend on nothing but the events: decoding and encoding in between changes none.
New fields go to the end, with a default, so that older bytes can still be read.
"""

from typing import Union

import msgspec

from cercle.domain.decision import Instant
from cercle.domain.metrics import Metrics
from cercle.domain.seen import Seen
from services.offers.events import Terms

ISSUED, REDEEMED, CANCELLING, CANCELLED, REFUSED = "issued", "redeemed", "cancelling", "cancelled", "refused"


class Issued(msgspec.Struct, array_like=True, frozen=True):
    """An offer that the member was given: see OfferIssued."""

    offer: str
    issued_at: Instant
    on: str
    reason: str


class Open(msgspec.Struct, array_like=True):
    """A claim under way: what it waits for, and when it asks again (0: a letter comes by itself).

    `tries`: how often it has asked again in this step; `attempt`: how many codes were taken.
    """

    issued_at: Instant
    terms: Terms
    step: str
    retry_at: Instant
    tries: int = 0
    attempt: int = 0


class Claimed(msgspec.Struct, array_like=True):
    """What became of a claim. `issued_at`: when it was asked; `at`: since when the member has it.

    `points` were paid, of `wallet`; `cost` is what the offer's key counts for it, -1: nothing.
    `refusal` and `sentence`: why it is refused.
    """

    status: str
    issued_at: Instant
    offer: str
    at: Instant = 0
    opened_at: Instant = 0
    wallet: str = ""
    points: int = 0
    cost: int = -1
    code: str = ""
    valid_until: Union[Instant, None] = None
    redeemed_at: Instant = 0
    refusal: str = ""
    sentence: str = ""


class Cancelling(msgspec.Struct, array_like=True, frozen=True):
    """What was said to a Cancel. `decided`: whether it was, yet; `code`: why not, empty if it was done."""

    issued_at: Instant
    claim: str
    decided: bool
    code: str = ""
    sentence: str = ""


class Member(msgspec.Struct, array_like=True):
    """`issued`: oldest first. `tier`: as the badges service told it, empty before the first.

    `badges`: the ids of those unlocked, and `id/level`. `metrics`: those that conditions on offers read.
    `open`: claims under way by id, `claims`: those that are decided; refused ones are forgotten after
    24 hours, as are `cancels`, by key. Commands issued before `forget_before` are too old.
    """

    seen: Seen = msgspec.field(default_factory=Seen)
    issued: list[Issued] = msgspec.field(default_factory=list)
    tier: str = ""
    badges: tuple[str, ...] = ()
    metrics: Metrics = msgspec.field(default_factory=dict)
    open: dict[str, Open] = msgspec.field(default_factory=dict)
    claims: dict[str, Claimed] = msgspec.field(default_factory=dict)
    cancels: dict[str, Cancelling] = msgspec.field(default_factory=dict)
    forget_before: Instant = 0


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Member)


def encode(member: Member) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(member)


def decode(data: bytes) -> Member:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
