"""Shell: what a claim asks of the points service, by gRPC, and what that says as a command.

A refusal is an answer; no answer raises, and the claim asks again later with the same key. When the two
services did not reach each other for a day, points no longer knows the key: then its log says what became
of it, never a guess.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cercle.client import Client, Invalid, Refused
from cercle.domain.decision import Call
from cercle.runtime.service import AddressesOf, Caller
from cercle.wire import points_pb2 as pb
from services.offers.claims import AskPoints
from services.offers.commands import NoteAnswer
from services.offers.events import CAPTURE, HOLD

HELD_SECONDS = 3600
"""For how long a claim's points are held at most, should it be stuck: then they are the member's again."""
_PAGE = 200
_MARGIN_MS = 3_600_000
"""How much the clocks of two services may differ, and more."""
_LAPSED = "the points were not held any more"


@asynccontextmanager
async def asking(addresses_of: AddressesOf) -> AsyncIterator[Caller]:
    """Asks the owner of the member's partition of points, wherever it is."""
    async with Client(points=addresses_of("points")) as client:

        async def ask(call: Call) -> object:
            assert isinstance(call.request, AskPoints)
            return await answered(client.points, call.id, call.request)

        yield ask


async def answered(points: Any, key: str, asks: AskPoints) -> NoteAnswer:
    """What points said to the step. Raises what a call without an answer raises."""
    try:
        await _ask(points, key, asks)
    except (Refused, Invalid) as error:
        if asks.step == CAPTURE and not (_is_old(error) and await _was_captured(points, key, asks)):
            if isinstance(error, Invalid):
                raise  # Not a matter of points: somebody has to look at it.
            return NoteAnswer(asks.claim, CAPTURE, "hold_lapsed", _LAPSED)
        if asks.step == HOLD:
            return _not_held(asks, error)
    return NoteAnswer(asks.claim, asks.step, "", "")  # Also released already, or by itself.


async def _ask(points: Any, key: str, asks: AskPoints) -> None:
    common: dict[str, Any] = {"member_id": asks.member, "key": key, "issued_at_ms": asks.issued_at}
    hold = f"{asks.claim}/{HOLD}"
    if asks.step == HOLD:
        held: dict[str, Any] = {
            "wallet": asks.wallet,
            "points": asks.points,
            "keep_for_seconds": HELD_SECONDS,
        }
        await points.Hold(pb.HoldRequest(**common, **held))
    elif asks.step == CAPTURE:
        await points.Capture(pb.CaptureRequest(**common, hold=hold))
    else:
        await points.Release(pb.ReleaseRequest(**common, hold=hold))


def _not_held(asks: AskPoints, error: Refused | Invalid) -> NoteAnswer:
    if isinstance(error, Refused):
        return NoteAnswer(asks.claim, HOLD, error.code, error.sentence)
    return NoteAnswer(asks.claim, HOLD, "not_payable", str(error))


def _is_old(error: Refused | Invalid) -> bool:
    return isinstance(error, Refused) and error.code == "too_old"


async def _was_captured(points: Any, key: str, asks: AskPoints) -> bool:
    """Whether the member's history says that this capture was decided, and done."""
    page = pb.ListEntriesRequest(member_id=asks.member, page_size=_PAGE)
    while True:
        found = await points.ListEntries(page)
        for entry in found.entries:
            if any(event.captured.key == key for event in entry.decision.events):
                return True
            if entry.at_ms < asks.issued_at - _MARGIN_MS:
                return False
        if not found.next_page_token:
            return False
        page.page_token = found.next_page_token
