"""What the service keeps of a key, and its bytes: of a member, or of what several members share."""

from typing import Union

import msgspec

from cercle.domain.keys import SUBJECT
from services.points import member
from services.points.member import Member
from services.points.subjects import Subject

State = Union[Member, Subject]

_ENCODER = msgspec.msgpack.Encoder()
_SUBJECT = msgspec.msgpack.Decoder(Subject)


def new(key: str) -> State:
    """The state of a key that nobody has heard of."""
    return Subject() if key.startswith(SUBJECT) else member.new()


def encode(state: State) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(state)


def decode(key: str, data: bytes) -> State:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _SUBJECT.decode(data) if key.startswith(SUBJECT) else member.decode(data)
