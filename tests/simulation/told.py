"""What clients of the crossing club were told, against what the logs say in the end."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cercle.client import Refused
from cercle.wire import points_pb2
from services.offers import events as offers
from services.offers.codes import key_of
from services.points import events as points

Happened = Mapping[str, Sequence[Any]]
_STATES = {
    points_pb2.TRANSFER_STATE_COMPLETED: points.TransferCompleted,
    points_pb2.TRANSFER_STATE_RETURNED: points.TransferReturned,
}


class Told(NamedTuple):
    """What a client asked, and the response or refusal."""

    method: str
    request: Any
    answer: Any


def check_told(of_points: Happened, of_offers: Happened, told: Sequence[Told]) -> None:
    """Whoever was told yes has it in the log; whoever was told no has that in the log, with its code."""
    for each in told:
        match each.method:
            case "Claim" | "Cancel":
                _check_claims(each, of_offers[each.request.member_id])
            case "Redeem":
                _check_redeem(each, of_offers.get(key_of(each.request.code), ()))
            case "Transfer":
                _check_transfer(each, of_points[each.request.member_id])
            case _:
                _check_hold(each, of_points[each.request.member_id])


def _one(each: Told, events: Sequence[Any], kind: type, **fields: Any) -> Any:
    """The only event of that kind with these fields."""
    found = [
        event
        for event in events
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items())
    ]
    assert len(found) == 1, f"{each} was told, the log says {found}"
    return found[0]


def _check_claims(each: Told, events: Sequence[Any]) -> None:
    key, answer = each.request.key, each.answer
    match each.method, isinstance(answer, Refused):
        case "Claim", True:
            _one(each, events, offers.ClaimRefused, claim=key, code=answer.code)
        case "Claim", False:
            _one(each, events, offers.ClaimIssued, claim=key, code=answer.code)
        case "Cancel", True:
            _one(each, events, offers.CancelRefused, key=key, code=answer.code)
        case "Cancel", False:
            _one(each, events, offers.ClaimCancelled, key=key, points=answer.points, claim=answer.claim)


def _check_redeem(each: Told, events: Sequence[Any]) -> None:
    key, answer = each.request.key, each.answer
    if not isinstance(answer, Refused):
        _one(each, events, offers.CodeRedeemed, key=key, redeemed_at=answer.redeemed_at_ms)
    elif answer.code == "code_unknown":
        assert not events, f"{each} was told, and the code is somebody's"
    else:
        _one(each, events, offers.RedeemRefused, key=key, code=answer.code)


def _check_transfer(each: Told, events: Sequence[Any]) -> None:
    key, answer = each.request.key, each.answer
    if isinstance(answer, Refused):
        _one(each, events, points.Refused, key=key, code=answer.code)
    else:
        kind = _STATES.get(answer.state, points.TransferSent)
        _one(each, events, kind, key=key, to=each.request.to, points=answer.points)


def _check_hold(each: Told, events: Sequence[Any]) -> None:
    key, answer = each.request.key, each.answer
    if isinstance(answer, Refused):
        _one(each, events, points.Refused, key=key, code=answer.code)
    else:
        kinds = {"Hold": points.Held, "Capture": points.Captured, "Release": points.Released}
        _one(each, events, kinds[each.method], key=key, points=answer.points)
