"""The gRPC service cercle.offers.v1.Offers: requests to reads of states, and to commands."""

import secrets
from functools import partial
from typing import Any

import grpc

from cercle.domain.admission import wrong_member_id
from cercle.domain.decision import Instant, Rejection
from cercle.runtime.lives import split
from cercle.runtime.rpc import Invalid, Rpc, Servant, asked, text
from cercle.runtime.service import Refusal
from cercle.wire import offers_pb2 as pb
from cercle.wire import offers_pb2_grpc
from services.offers import codes, commands, core, issuing, member
from services.offers.events import RedeemRefused
from services.offers.member import REFUSED

_SEED_BYTES = 32
_LONGEST_CLAIM_KEY = 100
"""Characters: the keys of its steps at the points service are longer, and have 128."""


class OffersServant(offers_pb2_grpc.OffersServicer):
    """Validates, reads from the store or asks the owner, translates."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def ListOffers(self, request: pb.ListOffersRequest, _: Any) -> pb.ListOffersResponse:
        reading = await self._rpc.read(_member(request))
        state = member.decode(split(reading.state)[1]) if reading.state else core.new()
        view = core.view(state, self._rpc.rules(), request.language, max(reading.at, self._rpc.now()))
        return pb.ListOffersResponse(offers=[_offer(offer) for offer in view.offers])

    async def Claim(self, request: pb.ClaimRequest, _: Any) -> pb.ClaimResponse:
        member_id, offer = _member(request), text("offer", request.offer)
        key, issued_at = self._asked(request)
        if len(key) > _LONGEST_CLAIM_KEY:
            raise Invalid("key", f"has {len(key)} characters; of a claim at most {_LONGEST_CLAIM_KEY}")
        seed = secrets.token_bytes(_SEED_BYTES)
        await self._rpc.command(member_id, key, commands.Claim(key, issued_at, member_id, offer, seed))
        view = await self._rpc.watch(member_id, partial(core.claim_view, claim=key))
        if view.status == REFUSED:
            raise Refusal(Rejection(view.refusal, view.sentence))
        return pb.ClaimResponse(
            claim=key,
            offer=view.offer,
            code=view.code,
            valid_until_ms=view.valid_until or 0,
            status=_status(view.status),
        )

    async def Redeem(self, request: pb.RedeemRequest, _: Any) -> pb.RedeemResponse:
        code_key = codes.key_of(text("code", request.code))
        key, issued_at = self._asked(request)
        answer = await self._rpc.command(code_key, key, commands.Redeem(key, issued_at))
        if isinstance(answer, RedeemRefused):
            raise Refusal(Rejection(answer.code, answer.sentence))
        assert isinstance(answer, codes.Redemption)
        return pb.RedeemResponse(
            claim=answer.claim,
            offer=answer.offer,
            member_id=answer.member,
            redeemed_at_ms=answer.redeemed_at,
        )

    async def Cancel(self, request: pb.CancelRequest, _: Any) -> pb.CancelResponse:
        member_id, claim = _member(request), text("claim", request.claim)
        key, issued_at = self._asked(request)
        await self._rpc.command(member_id, key, commands.Cancel(key, issued_at, member_id, claim))
        view = await self._rpc.watch(member_id, partial(core.cancel_view, key=key))
        if view.code:
            raise Refusal(Rejection(view.code, view.sentence))
        return pb.CancelResponse(claim=claim, offer=view.offer, points=view.points, wallet=view.wallet)

    def _asked(self, request: Any) -> tuple[str, Instant]:
        """The idempotency key and when the client first asked; never later than now."""
        now = self._rpc.now()
        key, issued_at = asked(request, now)
        return key, min(issued_at, now)


def _member(request: Any) -> str:
    if sentence := wrong_member_id(request.member_id):
        raise Invalid("member_id", sentence)
    member_id: str = request.member_id
    return member_id


def _offer(offer: issuing.OfferView) -> pb.Offer:
    return pb.Offer(
        id=offer.offer,
        title=offer.title,
        issued_at_ms=offer.issued_at,
        on=offer.on,
        reason=offer.reason,
        claim=offer.claim,
        code=offer.code,
        status=_status(offer.status),
        valid_until_ms=offer.valid_until or 0,
        redeemed_at_ms=offer.redeemed_at,
    )


def _status(status: str) -> "pb.OfferStatus.ValueType":
    return pb.OfferStatus.Value(f"OFFER_STATUS_{status.upper()}")


def servants(rpc: Rpc) -> list[Servant]:
    """What this service answers."""

    def join(server: grpc.aio.Server) -> None:
        offers_pb2_grpc.add_OffersServicer_to_server(OffersServant(rpc), server)

    return [Servant(pb.DESCRIPTOR.services_by_name["Offers"].full_name, join)]
