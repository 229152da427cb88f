"""Real servants over a network: calls come late, get lost, lose their answer, and are made again.

What stands here for gRPC hands a request to the service's own servant at one of the two workers, and
turns what it raises into what the client library raises. Callers die; what they sent arrives all the same.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from cercle.actions.partition import partition_of
from cercle.client import Invalid, Refused, Unavailable
from cercle.domain.decision import Call, Instant
from cercle.runtime import rpc
from cercle.runtime.service import Caller, Refusal, Watch
from cercle.runtime.service import Unavailable as Moving
from cercle.runtime.store import NotReady
from services.offers.calls import answered
from services.offers.claims import AskPoints
from tests.simulation.world import Clock, Site, Worker, World

_DEADLINE_SECONDS = 10.0


class Context(NamedTuple):
    """What servants ask of gRPC: how long the client waits."""

    seconds: float

    def time_remaining(self) -> float:
        return self.seconds


class Rpc:
    """What servants need, at one of the two workers of each partition."""

    def __init__(self, sites: Sequence[Site], worker: int) -> None:
        self._sites = sites
        self._worker = worker

    def _place(self, key: str) -> tuple[Site, Worker]:
        site = self._sites[partition_of(key.encode(), len(self._sites))]
        return site, site.workers[self._worker % len(site.workers)]

    def rules(self) -> Any:
        return self._sites[0].rules.at(self.now())

    def now(self) -> Instant:
        return Clock().now()

    async def command(self, member_id: str, key: str, command: object) -> Any:
        site, worker = self._place(member_id)
        return await site.submit(worker, key, member_id, command)

    async def watch(self, member_id: str, look: Callable[[Any, Instant], Any]) -> Any:
        """What is shown is what the log says of a state that the key has been in."""
        site, worker = self._place(member_id)
        reply: Future[Any] = asyncio.get_running_loop().create_future()
        worker.ownership.submit(site.partition, Watch(member_id, look, reply))
        seen, now = await reply, self.now()
        site.truth.update()
        states = [site.service.decode_state(member_id, each) for each in site.truth.been.get(member_id, ())]
        states.append(site.service.new(member_id))
        assert any(look(state, now) == seen for state in states), f"{member_id}: {seen} is not in the log"
        return seen


class Network:
    """The way to a service of several partitions."""

    def __init__(self, world: World, sites: Sequence[Site], servant: Callable[[Any], Any]) -> None:
        self._world = world
        self._servants = [servant(Rpc(sites, worker)) for worker in (0, 1)]

    def patience(self) -> float:
        """For how many seconds somebody asks, until they ask again some other time."""
        return self._world.weather.chance.uniform(1.0, _DEADLINE_SECONDS)

    async def ask(self, method: str, request: Any, seconds: float) -> Any:
        """Until there is an answer, or the time is up. Raises Refused, Invalid, Unavailable."""
        weather, loop = self._world.weather, asyncio.get_running_loop()
        give_up = loop.time() + seconds
        while loop.time() < give_up:
            answer: Future[Any] = loop.create_future()
            answer.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._world.client(self._arrive(method, request, answer))
            try:
                return await asyncio.wait_for(answer, weather.chance.uniform(0.05, _DEADLINE_SECONDS))
            except (Moving, TimeoutError):
                await asyncio.sleep(weather.chance.uniform(0.0, 1.0))
        raise Unavailable(f"no answer within {seconds:g} s", request)

    async def _arrive(self, method: str, request: Any, answer: "Future[Any]") -> None:
        """The call at the server, whether or not anybody still waits for it."""
        weather = self._world.weather
        await asyncio.sleep(weather.seconds())
        if weather.strikes(weather.now.lost):
            return
        outcome = await self._served(method, request)
        await asyncio.sleep(weather.seconds())
        if answer.done() or weather.strikes(weather.now.ack_lost):
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    async def _served(self, method: str, request: Any) -> Any:
        servant = self._world.weather.chance.choice(self._servants)
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                return await getattr(servant, method)(request, Context(_DEADLINE_SECONDS))
        except Refusal as refusal:
            return Refused(refusal.rejection.code, refusal.rejection.sentence)
        except rpc.Invalid as invalid:
            return Invalid(str(invalid))
        except (Moving, NotReady, TimeoutError, ConnectionError):
            return Moving()


def caller(network: Network, sites: Sequence[Site]) -> Caller:
    """What offers ask of points, through `network`; every answer may be in the log of offers."""
    methods = ("Hold", "Capture", "Release", "ListEntries")

    async def ask(call: Call) -> object:
        assert isinstance(call.request, AskPoints)
        seconds = network.patience()
        points = SimpleNamespace(**{name: partial(network.ask, name, seconds=seconds) for name in methods})
        answer = await answered(points, call.id, call.request)
        member = call.request.member
        sites[partition_of(member.encode(), len(sites))].note_asked(call.id, member, answer)
        return answer

    return ask
