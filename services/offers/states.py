"""Which state a key has: a member's, an offer's stock, or a voucher code's; new ones, and their bytes."""

from typing import Union

from cercle.domain.keys import CODE, OFFER
from services.offers import codes, member, stock
from services.offers.codes import Code
from services.offers.member import Member
from services.offers.stock import Stock

State = Union[Member, Stock, Code]


def new(key: str) -> State:
    """Of a key that nobody has heard of."""
    if key.startswith(OFFER):
        return Stock()
    return Code() if key.startswith(CODE) else Member()


def encode(state: State) -> bytes:
    """The state's bytes, as the store keeps them."""
    match state:
        case Stock():
            return stock.encode(state)
        case Code():
            return codes.encode(state)
        case Member():
            return member.encode(state)


def decode(key: str, data: bytes) -> State:
    """The inverse of `encode`, for the state of `key`. Raises msgspec.DecodeError on other bytes."""
    if key.startswith(OFFER):
        return stock.decode(data)
    return codes.decode(data) if key.startswith(CODE) else member.decode(data)
