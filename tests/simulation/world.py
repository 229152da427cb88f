"""A broker, services with two workers each, clients, and a group that moves partitions about."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Place
from cercle.runtime.observing import Observed
from cercle.runtime.ownership import Ownership
from cercle.runtime.partition import Incarnation
from cercle.runtime.service import (
    ACTIONS,
    Caller,
    Command,
    Inspection,
    Refusal,
    RulesInTime,
    Service,
    Unavailable,
    Watch,
)
from cercle.runtime.store import NotReady, Reading
from cercle.runtime.telemetry import Metrics
from tests.contract.memory_store import MemoryStore
from tests.simulation.flaky_log import FlakyLog
from tests.simulation.flaky_store import FlakyRedis, FlakyStore
from tests.simulation.memory_log import Broker
from tests.simulation.truth import Truth
from tests.simulation.weather import Climate, Weather

NOON: Instant = 1_767_200_400_000
_NOWHERE = 2**63 - 1
_REST_SECONDS = 300


class Clock(NamedTuple):
    """A worker's clock, some seconds off."""

    skew_ms: int = 0

    def now(self) -> Instant:
        return NOON + self.skew_ms + int(asyncio.get_running_loop().time() * 1000)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Worker:
    """A process: an `Ownership`, and a reader of actions that can be sent anywhere."""

    def __init__(self, site: "Site", name: str) -> None:
        self._site = site
        self._name = name
        chance = site.world.weather.chance
        self._clock = Clock(chance.choice([0, 0, -700, 900, 2_500]))
        self.store = FlakyStore(site.redis)
        self.ownership = Ownership(self._begin, self._go_to, lambda _: site.observed)
        self.logs: list[FlakyLog] = []
        self._position = 0
        self._label: int | None = None
        self._reading = asyncio.create_task(self._read())

    def _begin(self, partition: int, token: bytes) -> Incarnation:
        site = self._site
        log = FlakyLog(site.broker, site.service.name, site.world.weather)
        self.logs.append(log)
        token = b"%d" % next(site.world.serials)  # Not chance's: the run must happen again to the letter.
        place = Place(site.service, partition, token, self._name, self.store, log, site.observed, site.caller)
        return Incarnation(place, site.rules, self._clock, site.count)

    async def _go_to(self, partition: int, offset: int) -> None:
        await asyncio.sleep(self._site.world.weather.seconds())
        self._position = self._label = offset

    async def _read(self) -> None:
        """Chunks are labelled when fetched and handed over later, as by the group's consumer."""
        weather, actions = self._site.world.weather, self._site.broker.topic(ACTIONS)
        while True:
            chunk = actions.fetch(self._position, weather.chance.choice([1, 3, 20]))
            if not chunk.records:
                self.ownership.note_highwater(self._site.partition, actions.end)
                await actions.growth(0.5)
                continue
            label = _NOWHERE if self._label is None else self._label
            self._position = chunk.records[-1].offset + 1
            self._label = None if self._label is None else self._position
            await asyncio.sleep(weather.seconds())
            whole = chunk._replace(start=label, end=chunk.records[-1].offset + 1)
            await self.ownership.offer(self._site.partition, whole)

    async def end(self) -> None:
        """The process dies; what it sent may still arrive."""
        self._reading.cancel()
        await self.ownership.revoke({self._site.partition})


class Site:
    """One partition of one service: its store, its workers, and what its clients were told.

    Its topics are `broker`; of how many partitions it is one, `count` says. `caller` asks other
    services. `gist`: of an answer, what is the same whenever the command is asked again.
    """

    def __init__(
        self,
        world: "World",
        service: Service,
        rules: RulesInTime,
        partition: int = 0,
        count: int = 1,
        caller: "Caller | None" = None,
        gist: "Callable[[Any], Any]" = lambda answer: answer,
    ) -> None:
        self.world = world
        self.service = service
        self.rules = rules
        self.partition = partition
        self.count = count
        self.caller = caller
        self.gist = gist
        self.broker = world.broker.partition(partition)
        self.redis = FlakyRedis(world.weather, MemoryStore(), partition)
        self.observed = observed(service.name)
        self.truth = Truth(service, self.broker.topic(service.name))
        self.asked: dict[str, list[tuple[str, object]]] = {}
        self.told: dict[str, Any] = {}
        self.denied: set[str] = set()
        self.peeked: list[tuple[str, Reading]] = []
        self.workers = [Worker(self, "a"), Worker(self, "b")]

    # ---- the group ------------------------------------------------------------------

    async def move_about(self) -> None:
        """The partition goes from worker to worker; the one before may not know it for a while."""
        weather = self.world.weather
        self.workers[0].ownership.assign({self.partition})
        while weather.now.moves:
            await asyncio.sleep(weather.chance.expovariate(weather.now.moves / 60))
            old, new = weather.chance.sample(self.workers, 2)
            match weather.chance.choice(["move", "zombie", "crash", "finish", "deal"]):
                case "move":
                    await old.ownership.revoke({self.partition})
                    new.ownership.assign({self.partition})
                case "zombie":
                    old.store.freeze(weather.chance.uniform(0.0, 6.0))
                    new.ownership.assign({self.partition})
                    await asyncio.sleep(weather.chance.uniform(0.0, 1.0))
                    if weather.strikes(weather.now.rollbacks / 60):
                        self.redis.roll_back()
                    await asyncio.sleep(weather.chance.uniform(0.0, 6.0))
                    await old.ownership.revoke({self.partition})
                case "crash":
                    await old.end()
                    self.workers[self.workers.index(old)] = Worker(self, "again")
                    weather.chance.choice(self.workers).ownership.assign({self.partition})
                case "finish":
                    await old.ownership.finish()
                    await old.end()
                    self.workers[self.workers.index(old)] = Worker(self, "again")
                    new.ownership.assign({self.partition})
                case "deal":
                    # As the group does it: served on by the old one until all know who has it.
                    old.ownership.unsettle()
                    await asyncio.sleep(weather.chance.uniform(0.0, 1.0))
                    holder, other = weather.chance.sample([old, new], 2)
                    await holder.ownership.settle({self.partition})
                    await asyncio.sleep(weather.chance.uniform(0.0, 1.0))
                    await other.ownership.settle(set())

    async def redis_fails(self) -> None:
        """The store comes back as it was earlier, or empty."""
        weather = self.world.weather
        faults = {self.redis.roll_back: weather.now.rollbacks, self.redis.wipe: weather.now.wipes}
        a_minute = sum(faults.values())
        while a_minute:
            await asyncio.sleep(weather.chance.expovariate(a_minute / 60))
            [fault] = weather.chance.choices(list(faults), list(faults.values()))
            fault()

    # ---- clients ---------------------------------------------------------------------

    async def ask(self, key: str, member: str, command: object) -> None:
        """A client that asks at any worker, with the same key, until it is told."""
        weather = self.world.weather
        while key not in self.told and key not in self.denied:
            worker = weather.chance.choice(self.workers)
            try:
                async with asyncio.timeout(weather.chance.uniform(0.02, 8.0)):
                    await self.submit(worker, key, member, command)
            except (Unavailable, TimeoutError):
                await asyncio.sleep(weather.chance.uniform(0.0, 1.0))
            except (Refusal, ValueError):
                pass

    async def submit(self, worker: Worker, key: str, member: str, command: object) -> Any:
        """Asks that worker once. Raises Refusal, Unavailable, ValueError."""
        self.note_asked(key, member, command)
        reply = asyncio.get_running_loop().create_future()
        worker.ownership.submit(self.partition, Command(member, key, command, reply))
        try:
            answer = await reply
        except (Refusal, ValueError):
            self.denied.add(key)
            raise
        self._hear(key, self.gist(answer))
        return answer

    def note_asked(self, key: str, member: str, command: object) -> None:
        """What may be in the log with this key."""
        asked = self.asked.setdefault(key, [])
        if (member, command) not in asked:
            asked.append((member, command))

    def _hear(self, key: str, answer: Any) -> None:
        """At the moment of the answer its record is valid in the log, for good."""
        self.truth.update()
        assert f"command {key}" in self.truth.causes, f"command {key} was answered, and is not in the log"
        assert self.told.setdefault(key, answer) == answer, f"command {key} was answered in two ways"

    async def watch(self, key: str, member: str, answer_in: "Callable[[Any], Any]") -> None:
        """A client that waits for what a command brings, at any worker, until it shows or is denied."""
        weather = self.world.weather
        while key not in self.denied:
            reply = asyncio.get_running_loop().create_future()
            try:
                worker = weather.chance.choice(self.workers)
                watching = Watch(member, lambda state, _: answer_in(state), reply)
                worker.ownership.submit(self.partition, watching)
                self._hear(key, await asyncio.wait_for(reply, weather.chance.uniform(0.02, 8.0)))
                return
            except (Unavailable, TimeoutError):
                await asyncio.sleep(weather.chance.uniform(0.0, 1.0))

    async def look(self, member: str) -> None:
        """A confirmed read shows a state that the log has been in."""
        reply = asyncio.get_running_loop().create_future()
        encode = self.service.encode_state
        worker = self.world.weather.chance.choice(self.workers)
        try:
            looking = Inspection(member, lambda state, _: encode(state), reply)
            worker.ownership.submit(self.partition, looking)
            seen = await asyncio.wait_for(reply, 5.0)
        except (Unavailable, TimeoutError):
            return
        self.truth.update()
        assert self.truth.was(member, seen), f"{member} was never in the state that a confirmed read showed"

    async def peek(self, member: str) -> None:
        """A committed read, from the store: told nothing, or a state to be judged in the end."""
        worker = self.world.weather.chance.choice(self.workers)
        with suppress(NotReady, ConnectionError):
            self.peeked.append((member, await worker.store.read(self.partition, member)))

    # ---- rest ------------------------------------------------------------------------

    async def begin_anew(self) -> Worker:
        """Everybody is gone; one fresh worker serves."""
        for worker in self.workers:
            await worker.end()
        fresh = Worker(self, "fresh")
        self.workers = [fresh]
        fresh.ownership.assign({self.partition})
        return fresh

    def at_rest(self) -> bool:
        """All inputs decided and in the log, nothing due, nothing to be asked of others."""
        self.truth.update()
        found = self.redis.memory.contents(self.partition)
        [worker] = self.workers
        positions = msgspec.msgpack.decode(found.positions) if found.positions else {}
        return (
            worker.ownership.serving()
            and all(found[0] == self.broker.topic(topic).end for topic, found in positions.items())
            and not any(self.service.calls(state) for state in self.truth.states.values())
            and found.footing.seq == self.truth.reader.seq
            and not found.outbox
            and min(found.due.values(), default=_NOWHERE) > Clock().now() + 5_000
            and worker.ownership.positions() == {self.partition: self.broker.topic(ACTIONS).end}
        )


class World:
    """All of it, for one seed."""

    def __init__(self, seed: int, climate: Climate) -> None:
        self.weather = Weather(seed, climate)
        self.weather_had_holes = climate.holes and climate.lost > 0
        self.store_forgot = climate.rollbacks > 0 or climate.wipes > 0
        self.broker = Broker()
        self.sites: list[Site] = []
        self.serials = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._clients: list[asyncio.Task[None]] = []
        self._wrongs: list[Exception] = []

    def during(self, work: "Coroutine[Any, Any, None]") -> None:
        """Goes on until the weather ends."""
        self._tasks.append(asyncio.create_task(work))

    def client(self, work: "Coroutine[Any, Any, None]") -> None:
        """Goes on until it is answered."""
        self._clients.append(asyncio.create_task(self._as_client(work)))

    async def _as_client(self, work: "Coroutine[Any, Any, None]") -> None:
        try:
            await work
        except Exception as wrong:
            self._wrongs.append(wrong)

    async def storm(self, seconds: float) -> None:
        """Bad weather for so long, then fair; raises what a client saw against the law."""
        for site in self.sites:
            self.during(site.move_about())
            self.during(site.redis_fails())
        await asyncio.sleep(seconds)
        self.weather.end()
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for error in [*self._wrongs, *outcomes]:
            if isinstance(error, Exception):
                raise error

    async def settle(self) -> None:
        """All old processes die; fresh ones come to rest, and all clients are answered."""
        for site in self.sites:
            await site.begin_anew()
        await self.rest()

    async def rest(self) -> None:
        """Returns when nothing is left to do; raises what a client saw against the law."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _REST_SECONDS
        polls_at_rest = 0
        while polls_at_rest < 2:
            assert loop.time() < end, "the partitions do not come to rest"
            await asyncio.sleep(3.0)
            if self._wrongs:
                raise self._wrongs[0]
            rests = all(site.at_rest() for site in self.sites) and all(c.done() for c in self._clients)
            polls_at_rest = polls_at_rest + 1 if rests else 0


_observed: dict[str, Observed] = {}


def observed(service: str) -> Observed:
    """Metrics are made once: they are not what is simulated."""
    return _observed.setdefault(service, Observed(Metrics(service), 0))


def moments(weather: Weather, seconds: float, often: int) -> "list[float]":
    """When something happens that often in that time, as pauses between."""
    at = sorted(weather.chance.uniform(0, seconds) for _ in range(often))
    return [after - before for before, after in itertools.pairwise([0.0, *at])]


async def every(pauses: "list[float]", happen: "Callable[[], None]") -> None:
    """Lets it happen after each pause."""
    for pause in pauses:
        await asyncio.sleep(pause)
        happen()
