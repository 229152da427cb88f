"""Whole workers but for Kafka and Redis: real gRPC servers and owners over a log and a store in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from cercle.runtime.acquire import Place
from cercle.runtime.observing import Observed
from cercle.runtime.ownership import Ownership
from cercle.runtime.partition import Incarnation
from cercle.runtime.rpc import Invalid, Rpc, Servant, text
from cercle.runtime.rulebooks import Rulebooks
from cercle.runtime.settings import Settings
from cercle.runtime.telemetry import Metrics
from cercle.wire import points_pb2 as pb
from cercle.wire import points_pb2_grpc
from tests.contract.memory_store import MemoryStore
from tests.simulation.memory_log import Broker, MemoryLog
from tests.simulation.slots import SLOTS, Free, State
from tests.unit.runtime.places import Clock, Rules


class Commands(points_pb2_grpc.PointsServicer):
    """Hold and GetBalance, of the tiny domain; what the calls brought along is kept."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self.metadata: list[dict[str, str | bytes]] = []
        self.left: list[float] = []

    async def Hold(self, request: pb.HoldRequest, context: Any) -> pb.HoldResponse:
        self.metadata.append(dict(context.invocation_metadata()))
        self.left.append(context.time_remaining())
        if request.points < 0:
            raise Invalid("points", "must not be negative")
        key = text("key", request.key)
        answer = await self._rpc.command(request.member_id, key, Free(key, request.wallet))
        context.set_trailing_metadata((("said", "by the owner"),))
        return pb.HoldResponse(hold=answer)

    async def GetBalance(self, request: pb.GetBalanceRequest, _: Any) -> pb.GetBalanceResponse:
        def look(state: State, now: int) -> int:
            return len(state.answers)

        return pb.GetBalanceResponse(tier=str(await self._rpc.inspect(request.member_id, look)))


class World:
    """What workers share."""

    def __init__(self) -> None:
        self.broker = Broker()
        self.store = MemoryStore()


class MemoryWorker:
    """One process's worth: `own` makes it the owner of partition 0."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.metrics = Metrics("points")
        self.ownership = Ownership(self._begin, self._go_to, lambda _: self._observed)
        self._observed = Observed(self.metrics, 0)
        clock = Clock()
        self.rpc = Rpc(
            Settings(club="town"),
            world.store,
            self.ownership,
            Rulebooks(clock),
            1,
            clock,
            self._servants,
            self.metrics,
        )

    def _servants(self, rpc: Rpc) -> list[Servant]:
        self.commands = Commands(rpc)  # type: ignore[abstract]
        return [
            Servant(
                "cercle.points.v1.Points",
                lambda server: points_pb2_grpc.add_PointsServicer_to_server(self.commands, server),
            )
        ]

    def _begin(self, partition: int, token: bytes) -> Incarnation:
        log = MemoryLog(self._world.broker, "points")
        place = Place(SLOTS, 0, token, self.rpc.address, self._world.store, log, self._observed)
        return Incarnation(place, Rules(), Clock(), 1)

    async def _go_to(self, partition: int, offset: int) -> None:
        """Nobody sends actions here."""

    async def own(self) -> None:
        """Until it serves."""
        self.ownership.assign({0})
        async with asyncio.timeout(10):
            while not self.ownership.serving():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def forwarded(self, code: str) -> float:
        """How many calls went on and were answered so."""
        value = self.metrics.registry.get_sample_value("cercle_forwarded_calls_total", {"code": code})
        return value or 0.0


@asynccontextmanager
async def workers(count: int) -> AsyncIterator[list[MemoryWorker]]:
    """So many, listening; none owns anything yet."""
    world = World()
    found = [MemoryWorker(world) for _ in range(count)]
    for worker in found:
        await worker.rpc.start()
    try:
        yield found
    finally:
        for worker in found:
            await worker.ownership.revoke(worker.ownership.owned)
            await worker.rpc.stop()


@asynccontextmanager
async def stub(worker: MemoryWorker) -> AsyncIterator[Any]:
    """Of a worker's gRPC server."""
    async with grpc.aio.insecure_channel(worker.rpc.address) as channel:
        yield points_pb2_grpc.PointsStub(channel)
