"""Shell: what a claim asks of the points service, by gRPC, and what that says as a command.

A refusal is an answer; no answer raises, and the claim asks again later with the same key.
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
_TOO_OLD = "too_old"
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
        return _refused(asks, error)
    return NoteAnswer(asks.claim, asks.step, "", "")


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


def _refused(asks: AskPoints, error: Refused | Invalid) -> NoteAnswer:
    if asks.step == HOLD:
        code = error.code if isinstance(error, Refused) else "not_payable"
        sentence = error.sentence if isinstance(error, Refused) else str(error)
        return NoteAnswer(asks.claim, HOLD, code, sentence)
    if asks.step == CAPTURE:
        if isinstance(error, Invalid) or error.code == _TOO_OLD:
            raise error  # Nobody knows whether it was paid: never guessed.
        return NoteAnswer(asks.claim, CAPTURE, "hold_lapsed", _LAPSED)
    return NoteAnswer(asks.claim, asks.step, "", "")  # Released already, or by itself.
