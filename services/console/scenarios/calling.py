"""What a claim asks of the points service, in one memory: services/offers/calls.py without a wire.

The call becomes the very command that points would make of it, and what points decides the very
command that would come back.
"""

from typing import Any, Union

from cercle.domain.decision import HOUR, Call, Decision, Rejection
from services.offers.claims import AskPoints
from services.offers.commands import NoteAnswer
from services.offers.events import CAPTURE, HOLD
from services.points.commands import Capture, PlaceHold, Release, Request
from services.points.events import Refused

_HELD_FOR = HOUR
_LAPSED = "the points were not held any more"


def command_of(call: Call) -> Request:
    """What points is asked to decide at the member's key."""
    asks = call.request
    assert isinstance(asks, AskPoints)
    hold = f"{asks.claim}/{HOLD}"
    if asks.step == HOLD:
        return PlaceHold(call.id, asks.issued_at, asks.wallet, asks.points, _HELD_FOR)
    close = Capture if asks.step == CAPTURE else Release
    return close(call.id, asks.issued_at, hold)


def answer_to(call: Call, outcome: Union[Decision[Any], Rejection]) -> NoteAnswer:
    """What the claim is told of it."""
    asks = call.request
    assert isinstance(asks, AskPoints)
    said = outcome if isinstance(outcome, Rejection) else outcome.answer
    if not isinstance(said, (Refused, Rejection)) or asks.step not in (HOLD, CAPTURE):
        return NoteAnswer(asks.claim, asks.step, "", "")
    if asks.step == CAPTURE:
        return NoteAnswer(asks.claim, CAPTURE, "hold_lapsed", _LAPSED)
    return NoteAnswer(asks.claim, HOLD, said.code, said.sentence)
