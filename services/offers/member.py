"""A member's offers, and their bytes.

The bytes depend on nothing but the events: decoding and encoding in between changes none.
New fields go to the end, with a default, so that older bytes can still be read.
"""

import msgspec

from cercle.domain.decision import Instant
from cercle.domain.metrics import Metrics
from cercle.domain.seen import Seen


class Issued(msgspec.Struct, array_like=True, frozen=True):
    """An offer that the member was given: see OfferIssued."""

    offer: str
    issued_at: Instant
    on: str
    reason: str


class Member(msgspec.Struct, array_like=True):
    """`issued`: oldest first. `tier`: as the badges service told it, empty before the first.

    `badges`: the ids of those unlocked, and `id/level`. `metrics`: those that conditions on offers read.
    """

    seen: Seen = msgspec.field(default_factory=Seen)
    issued: list[Issued] = msgspec.field(default_factory=list)
    tier: str = ""
    badges: tuple[str, ...] = ()
    metrics: Metrics = msgspec.field(default_factory=dict)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Member)


def encode(member: Member) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(member)


def decode(data: bytes) -> Member:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
