"""An offer's stock and budget, at a key of the offer's own: never more reserved than there is.

What is left is counted against the stock and the budget of the claim's own rulebook version. There is no
other counter: this state is the fold of the log, like every other. A letter comes once and in order, so
the claims themselves need not be kept.
"""

import msgspec

from cercle.domain.decision import Decision, Letter
from services.offers.commands import NoteStock, Reserve, StockCommand, Unreserve
from services.offers.events import Event, StockEvent, StockRefused, StockReserved, StockReturned

OUT_OF_STOCK, BUDGET_SPENT = "out_of_stock", "budget_spent"


class Stock(msgspec.Struct, array_like=True):
    """How many are reserved or taken, and what they cost the club, in minor units."""

    reserved: int = 0
    spent: int = 0


def decide(stock: Stock, command: StockCommand) -> Decision[Event]:
    """Reserved or refused, told to the member; or returned."""
    member, claim = command.member, command.claim
    if isinstance(command, Unreserve):
        return Decision((StockReturned(member, claim, command.cost),))
    code = _lacking(stock, command)
    event: Event = StockRefused(member, claim, code) if code else StockReserved(member, claim, command.each)
    return Decision((event,), letters=(Letter(member, NoteStock(claim, code)),))


def _lacking(stock: Stock, command: Reserve) -> str:
    if command.stock is not None and stock.reserved >= command.stock:
        return OUT_OF_STOCK
    if command.budget is not None and stock.spent + command.each > command.budget:
        return BUDGET_SPENT
    return ""


def evolve(stock: Stock, event: StockEvent) -> Stock:
    """Changes `stock` in place and answers it."""
    match event:
        case StockReserved():
            stock.reserved += 1
            stock.spent += event.cost
        case StockReturned():
            stock.reserved -= 1
            stock.spent -= event.cost
        case StockRefused():
            pass
    return stock


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Stock)


def encode(stock: Stock) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(stock)


def decode(data: bytes) -> Stock:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
