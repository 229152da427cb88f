"""What the service keeps of a key, and its bytes: so far, members."""

from services.points import member
from services.points.member import Member

State = Member


def new(key: str) -> State:
    """The state of a key that nobody has heard of."""
    return member.new()


def encode(state: State) -> bytes:
    """The state's bytes, as the store keeps them."""
    return member.encode(state)


def decode(key: str, data: bytes) -> State:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return member.decode(data)
