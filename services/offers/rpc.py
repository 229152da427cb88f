"""The gRPC service cercle.offers.v1.Offers: requests to reads of states."""

from typing import Any

import grpc

from cercle.runtime.lives import split
from cercle.runtime.rpc import Rpc, Servant, text
from cercle.wire import offers_pb2 as pb
from cercle.wire import offers_pb2_grpc
from services.offers import core, member


class OffersServant(offers_pb2_grpc.OffersServicer):
    """Reads from the store, translates."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def ListOffers(self, request: pb.ListOffersRequest, _: Any) -> pb.ListOffersResponse:
        reading = await self._rpc.read(text("member_id", request.member_id))
        state = member.decode(split(reading.state)[1]) if reading.state else core.new()
        view = core.view(state, self._rpc.rules(), request.language, max(reading.at, self._rpc.now()))
        response = pb.ListOffersResponse()
        for offer in view.offers:
            response.offers.add(
                id=offer.offer,
                title=offer.title,
                issued_at_ms=offer.issued_at,
                on=offer.on,
                reason=offer.reason,
            )
        return response


def servants(rpc: Rpc) -> list[Servant]:
    """What this service answers."""

    def join(server: grpc.aio.Server) -> None:
        offers_pb2_grpc.add_OffersServicer_to_server(OffersServant(rpc), server)

    return [Servant(pb.DESCRIPTOR.services_by_name["Offers"].full_name, join)]
