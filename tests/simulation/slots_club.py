"""The tiny domain in the storm: actions of every kind, a wild second input, commands, and confirmed reads."""

import asyncio
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import NamedTuple

from cercle.actions.partition import partition_of
from cercle.domain.decision import Instant
from cercle.runtime.log import Outgoing
from cercle.runtime.protocol import fence_entry
from cercle.runtime.service import ACTIONS
from cercle.wire import log_pb2
from tests.simulation import laws
from tests.simulation.memory_log import Topic
from tests.simulation.slots import KEYS, SLOTS, Free
from tests.simulation.weather import Weather
from tests.simulation.world import Clock, Site, World, every, moments

STORM_SECONDS = 25.0
_WHAT = {"x": 70, "late": 6, "poison": 3, "unreadable": 3, "refused": 6, "other": 6}


class Version(NamedTuple):
    """A rulebook of which only the version matters."""

    version: str = "v1"


class Rules:
    """One version; now and then it is not known whether there is a newer one."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def at(self, instant: Instant) -> Version:
        return Version()

    @property
    def versions(self) -> "list[Version]":
        return [Version()]

    def fresh(self) -> bool:
        return not self._weather.strikes(self._weather.now.stale_rules)


class OtherService:
    """Writes the topic `badges` as its owners and zombies do: fences, void, repeated and gapped records."""

    def __init__(self, topic: Topic, chance: Random, keys: Sequence[str]) -> None:
        self._topic = topic
        self._keys = keys
        self._chance = chance
        self._fence = self._seq = self._oe = 0
        self._numbers = count(20)

    def write(self) -> None:
        """The next entry, of any kind. What must not be applied tells a number of its own."""
        match self._chance.choices(["valid", "fence", "void", "repeated", "gapped"], [6, 2, 2, 1, 1])[0]:
            case "fence":
                self._fence = self._append(fence_entry(b"token", "there"))
            case "void" if self._fence:
                self._record(self._chance.randrange(self._fence), self._seq + self._chance.choice([0, 1, 2]))
            case "repeated" if self._seq:
                self._record(self._fence, self._chance.randint(1, self._seq))
            case "gapped":
                self._record(self._fence, self._seq + 2)
            case _:
                self._seq += 1
                self._record(self._fence, self._seq)

    def _record(self, epoch: int, seq: int) -> None:
        record = log_pb2.Record(epoch=epoch, seq=seq, oe=self._chance.randint(0, self._fence))
        record.key, record.at_ms = self._chance.choice(self._keys), Clock().now()
        number = self._chance.choices([next(self._numbers), 13, 0], [10, 1, 1])[0]
        record.decision = b"%d" % number
        self._append(log_pb2.Entry(record=record).SerializeToString())

    def _append(self, value: bytes) -> int:
        return self._topic.append([Outgoing(None, value, Clock().now())])


def populate(world: World, keys: Sequence[str], partition: int = 0, count: int = 1) -> Site:
    """One partition of the service, and everything that happens to its keys."""
    chance = world.weather.chance
    site = Site(world, SLOTS, Rules(world.weather), partition, count)
    world.sites.append(site)

    def act() -> None:
        for _ in range(chance.choice([1, 1, 2, 5])):
            what = chance.choices(list(_WHAT), list(_WHAT.values()))[0]
            at = Clock().now() - chance.choice([0, 0, 5, 3_000])
            text = f"{chance.choice(keys)} {what}".encode()
            site.broker.topic(ACTIONS).append([Outgoing(b"", text, at)])

    other = OtherService(site.broker.topic("badges"), chance, keys)
    world.during(every(moments(world.weather, STORM_SECONDS, 20), act))
    world.during(every(moments(world.weather, STORM_SECONDS, 16), other.write))
    for number in range(14):
        world.client(ask(site, f"k{partition}/{number}", keys, chance.uniform(0.0, STORM_SECONDS)))
    world.during(every(moments(world.weather, STORM_SECONDS, 10), lambda: look(site, keys)))
    return site


async def ask(site: Site, key: str, keys: Sequence[str], pause: float) -> None:
    """A command, now and then sent twice at once, or waited for by somebody else."""
    chance = site.world.weather.chance
    await asyncio.sleep(pause)
    what = chance.choices(["", "bad", "poison"], [8, 1, 1])[0]
    member, command = chance.choice(keys), Free(key, what)
    clients = [site.ask(key, member, command)]
    match chance.choices(["alone", "twice", "watched"], [5, 2, 3])[0]:
        case "twice":
            clients.append(site.ask(key, member, command))
        case "watched":
            clients.append(site.watch(key, member, lambda state: state.answers.get(key)))
    await asyncio.gather(*clients)


def look(site: Site, keys: Sequence[str]) -> None:
    """A confirmed read, and a committed one."""
    key = site.world.weather.chance.choice(keys)
    site.world.client(site.look(key))
    site.world.client(site.peek(key))


async def live(world: World, keys: Sequence[str] = KEYS) -> None:
    """One storm and its end; raises what is against the laws."""
    site = populate(world, keys)
    await world.storm(STORM_SECONDS)
    await world.settle()
    laws.check_site(site)
    await recover_again(site)


async def live_alone(world: World) -> None:
    """The same with one key: every input meets every other."""
    await live(world, KEYS[:1])


async def live_apart(world: World) -> None:
    """Two partitions that write letters to each other, each in its own trouble under one weather."""
    partitions = len(KEYS)
    for key in KEYS:
        populate(world, [key], partition_of(key.encode(), partitions), partitions)
    assert [site.partition for site in world.sites] == list(range(partitions))
    await world.storm(STORM_SECONDS)
    await world.settle()
    laws.check_sites(world.sites)


async def recover_again(site: Site) -> None:
    """One more owner, after rest: it reads nothing of the log but what came after the last valid record."""
    topic = site.broker.topic(site.service.name)
    last = max([valid.offset for valid in site.truth.reader.valid], default=-1)
    after = sum(record.offset > last for record in topic.records)
    worker = await site.begin_anew()
    await site.world.rest()
    fence = 1
    assert sum(log.read_of_own for log in worker.logs) <= after + fence
    laws.check_site(site)
