"""The gRPC service cercle.points.v1.Points: requests to commands, answers to responses."""

import asyncio
from typing import Any

import grpc

from cercle.domain.admission import wrong_member_id
from cercle.domain.decision import SECOND, Rejection
from cercle.runtime.history import Line, LostEntry, history
from cercle.runtime.lives import split
from cercle.runtime.rpc import Invalid, Rpc, Servant, asked, text
from cercle.runtime.service import Refusal, Unavailable
from cercle.wire import points_pb2 as pb
from cercle.wire import points_pb2_grpc
from services.points import commands, core, member, transfers
from services.points.events import (
    Answer,
    Captured,
    Held,
    Refused,
    Released,
    TransferCompleted,
    TransferReturned,
    TransferSent,
)

_DEFAULT_HOLD_SECONDS, _LONGEST_HOLD_SECONDS = 900, 7 * 24 * 3600
_DEFAULT_PAGE, _LARGEST_PAGE = 20, 200
_LONGEST_TOKEN, _STRANGE_TOKEN = 18, "is not one that this service gave for this member"
_MOST_POINTS = 10**12
_ARRIVAL_SECONDS = 2.0
"""How long a transfer's answer waits for the other member's letter."""


class PointsServant(points_pb2_grpc.PointsServicer):
    """Validates, asks the owner, translates."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def GetBalance(self, request: pb.GetBalanceRequest, _: Any) -> pb.GetBalanceResponse:
        member_id = _member("member_id", request.member_id)
        if request.consistency == pb.CONSISTENCY_CONFIRMED:
            view = await self._rpc.inspect(member_id, core.view)
        else:
            reading = await self._rpc.read(member_id)
            state = member.decode(split(reading.state)[1]) if reading.state else core.new()
            view = core.view(state, max(reading.at, self._rpc.now()))
        return _balance(member_id, view)

    async def ListEntries(self, request: pb.ListEntriesRequest, _: Any) -> pb.ListEntriesResponse:
        member_id = _member("member_id", request.member_id)
        size = min(request.page_size or _DEFAULT_PAGE, _LARGEST_PAGE)
        if size < 0:
            raise Invalid("page_size", "must not be negative")
        start = _token(request.page_token)
        try:
            lines, following = await history(self._rpc, "points", member_id, size, start)
        except LostEntry:
            if start is None:
                raise
            raise Invalid("page_token", _STRANGE_TOKEN) from None
        response = pb.ListEntriesResponse(next_page_token=str(following) if following else "")
        response.entries.extend(_entry(line) for line in lines)
        return response

    async def Hold(self, request: pb.HoldRequest, _: Any) -> pb.HoldResponse:
        wallet, points = self._amount(request)
        keep_for = request.keep_for_seconds or _DEFAULT_HOLD_SECONDS
        if not 1 <= keep_for <= _LONGEST_HOLD_SECONDS:
            raise Invalid("keep_for_seconds", f"must be from 1 to {_LONGEST_HOLD_SECONDS}, not {keep_for}")
        key, issued_at = asked(request, self._rpc.now())
        held = await self._ask(request, commands.PlaceHold(key, issued_at, wallet, points, keep_for * SECOND))
        assert isinstance(held, Held)
        return pb.HoldResponse(hold=held.hold, points=held.points, until_ms=held.until)

    async def Capture(self, request: pb.CaptureRequest, _: Any) -> pb.CaptureResponse:
        key, issued_at = asked(request, self._rpc.now())
        captured = await self._ask(request, commands.Capture(key, issued_at, text("hold", request.hold)))
        assert isinstance(captured, Captured)
        return pb.CaptureResponse(hold=captured.hold, points=captured.points)

    async def Release(self, request: pb.ReleaseRequest, _: Any) -> pb.ReleaseResponse:
        key, issued_at = asked(request, self._rpc.now())
        released = await self._ask(request, commands.Release(key, issued_at, text("hold", request.hold)))
        assert isinstance(released, Released)
        return pb.ReleaseResponse(hold=released.hold, points=released.points)

    async def Transfer(self, request: pb.TransferRequest, context: Any) -> pb.TransferResponse:
        sender, to = _member("member_id", request.member_id), _member("to", request.to)
        wallet, points = self._amount(request)
        key, issued_at = asked(request, self._rpc.now())
        answer = await self._ask(request, commands.Transfer(key, issued_at, sender, to, wallet, points))
        if isinstance(answer, TransferSent):
            answer = await self._arrived(sender, answer, context)
        return _transfer(answer)

    async def _arrived(self, sender: str, sent: TransferSent, context: Any) -> Answer:
        """What came of it, if that is soon; what was sent is sent, whatever happens here."""
        left = context.time_remaining()
        seconds = _ARRIVAL_SECONDS if left is None else min(_ARRIVAL_SECONDS, left / 2)
        try:
            async with asyncio.timeout(seconds):
                settled: Answer = await self._rpc.watch(sender, transfers.outcome_of(sent.key))
                return settled
        except (TimeoutError, Unavailable):
            return sent

    def _amount(self, request: Any) -> tuple[str, int]:
        """The wallet, and how many points of it."""
        wallet: str = request.wallet or "points"
        if wallet not in self._rpc.rules().points.wallets:
            raise Invalid("wallet", f"the club has no wallet {wallet!r}")
        if not 1 <= request.points <= _MOST_POINTS:
            raise Invalid("points", f"must be from 1 to {_MOST_POINTS}, not {request.points}")
        return wallet, request.points

    async def _ask(self, request: Any, command: commands.Request) -> Any:
        answer = await self._rpc.command(_member("member_id", request.member_id), command.key, command)
        if isinstance(answer, Refused):
            raise Refusal(Rejection(answer.code, answer.sentence))
        return answer


def _member(field: str, value: str) -> str:
    """A required member id. Raises Invalid."""
    if sentence := wrong_member_id(text(field, value)):
        raise Invalid(field, sentence)
    return value


def _transfer(answer: Answer) -> pb.TransferResponse:
    match answer:
        case TransferSent(key, points=points):
            return pb.TransferResponse(transfer=key, points=points, state=pb.TRANSFER_STATE_SENT)
        case TransferCompleted(key, points=points):
            return pb.TransferResponse(transfer=key, points=points, state=pb.TRANSFER_STATE_COMPLETED)
        case TransferReturned(key, points=points, sentence=why):
            state = pb.TRANSFER_STATE_RETURNED
            return pb.TransferResponse(transfer=key, points=points, state=state, sentence=why)
        case _:
            raise TypeError(f"no answer to a transfer: {answer!r:.80}")


def _balance(member_id: str, view: core.MemberView) -> pb.GetBalanceResponse:
    response = pb.GetBalanceResponse(member_id=member_id, tier=view.tier)
    for name, wallet in view.wallets.items():
        response.balances.add(
            wallet=name,
            available=wallet.available,
            pending=wallet.pending,
            held=wallet.held,
            issued=wallet.issued,
            redeemed=wallet.redeemed,
            transferred=wallet.transferred,
        )
    return response


def _entry(line: Line) -> pb.EntryLine:
    return pb.EntryLine(
        seq=line.seq, at_ms=line.at, rulebook=line.rulebook, decision=pb.Decision.FromString(line.decision)
    )


def _token(page_token: str) -> int | None:
    if not page_token:
        return None
    if not page_token.isdecimal() or len(page_token) > _LONGEST_TOKEN:
        raise Invalid("page_token", _STRANGE_TOKEN)
    return int(page_token)


def servants(rpc: Rpc) -> list[Servant]:
    """What this service answers."""

    def join(server: grpc.aio.Server) -> None:
        points_pb2_grpc.add_PointsServicer_to_server(PointsServant(rpc), server)

    return [Servant(pb.DESCRIPTOR.services_by_name["Points"].full_name, join)]
