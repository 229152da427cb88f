"""Poison: an input on which the domain raises is set aside as one Failed record, and nothing else stops."""

import asyncio
from asyncio import CancelledError, Future, Task
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from redis.asyncio import Redis

from cercle.actions.codec import Record
from cercle.runtime.acquire import Place
from cercle.runtime.kafka_log import KafkaLog
from cercle.runtime.observing import Observed
from cercle.runtime.partition import Incarnation
from cercle.runtime.redis_store import RedisStore
from cercle.runtime.rulebooks import Rulebooks
from cercle.runtime.service import Command, Service
from cercle.runtime.telemetry import Metrics
from cercle.runtime.worker import SystemClock
from cercle.wire import log_pb2, rulebook_pb2
from cercle.wire import points_pb2 as pb
from services.points.commands import Command as PointsCommand
from services.points.commands import PlaceHold
from services.points.events import Held
from services.points.stream import SERVICE
from tests.integration.conftest import purchase
from tests.integration.rules import FILES
from tests.integration.running import Raw, RunningClub, now_ms, raw
from tests.servers import Server

POISON = 13
"""Dollars of a purchase, and points of a hold, that this domain cannot stand."""


def decide(member: Any, command: PointsCommand, rules: Any, now: int) -> Any:
    """As points does, but for poison."""
    action = getattr(command, "action", None)
    if getattr(command, "points", None) == POISON or (action and action.fields["amount"] == POISON * 100):
        raise ZeroDivisionError("unlucky")
    return SERVICE.decide(member, command, rules, now)


def listen(record: Record, rules: Any, partition_count: int) -> Any:
    """As points does, but for poison."""
    if b"poison" in (record.value or b""):
        raise ZeroDivisionError("unlucky")
    return SERVICE.listen(record, rules, partition_count)  # type: ignore[arg-type]


FRAGILE = msgspec.structs.replace(SERVICE, decide=decide, listen=listen)


@pytest.fixture
def club(kafka: Server, redis_server: Server, club: str, tmp_path: Path) -> Any:
    """A club of one partition without processes: each test runs its owner itself."""
    running = RunningClub(kafka, redis_server, club, tmp_path, partitions=1)
    yield running
    running.close()


@asynccontextmanager
async def owner(club: RunningClub, service: Service, metrics: Metrics) -> AsyncIterator[Incarnation]:
    """One incarnation that serves, and is fed with the club's actions."""
    rules = Rulebooks(SystemClock())
    rules.add(rulebook_pb2.RulebookPublished(version="v", files=FILES))
    rules.read_to_end()
    redis = Redis.from_url(club.redis_url)
    logs = [KafkaLog(club.kafka, club.club, "points", 0, True) for _ in range(2)]
    store = RedisStore(redis, club.club, "points")
    place = Place(service, 0, b"token-of-16-bytes", "nowhere", store, logs[0], Observed(metrics, 0))
    incarnation = Incarnation(place, rules, SystemClock(), 1)
    await logs[1].start()
    tasks = [asyncio.create_task(incarnation.run()), asyncio.create_task(feed(logs[1], incarnation))]
    try:
        await asyncio.wait_for(incarnation.serving.wait(), 20)
        yield incarnation
    finally:
        for task in tasks:
            await end(task)
        await logs[1].close()
        await redis.aclose()


async def end(task: "Task[None]") -> None:
    """Cancels; anything but the cancelling is a failure of the test."""
    task.cancel()
    with suppress(CancelledError):
        await task


async def feed(log: KafkaLog, incarnation: Incarnation) -> None:
    """What Faust does in a worker."""
    await incarnation.serving.wait()
    async for chunk in log.read("actions", incarnation.position):
        await incarnation.inbox.offer(chunk)


async def reached(incarnation: Incarnation, offset: int) -> None:
    """Returns when actions up to `offset` are decided."""
    async with asyncio.timeout(20):
        while incarnation.position < offset:  # noqa: ASYNC110 (it is a number, not an event)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)


def hold(member_id: str, key: str, points: int) -> Command:
    """A command to set points aside."""
    reply: Future[Any] = asyncio.get_running_loop().create_future()
    return Command(member_id, key, PlaceHold(key, now_ms(), "points", points, 60_000), reply)


def accepted(records: list[log_pb2.Record]) -> list[str]:
    """Whose actions were judged."""
    return [
        record.key
        for record in records
        for event in pb.Decision.FromString(record.decision).events
        if event.WhichOneof("kind") == "action_accepted"
    ]


def with_poison(count: int) -> tuple[list[Raw], int]:
    """Good purchases, and among them some on which `decide` raises and one that cannot be heard."""
    records = [raw(purchase(f"m{number % 5}", 5)) for number in range(count)]
    poison = [raw(purchase("m1", POISON)), raw(purchase("m2", POISON))]
    deaf = raw(purchase("m3", 5))
    deaf = deaf._replace(value=(deaf.value or b"") + b"poison")
    return [*records[:7], *poison, *records[7:12], deaf, *records[12:]], len(poison) + 1


def test_poison_is_one_failed_record_and_the_partition_goes_on(club: RunningClub) -> None:
    """Each is in the log as Failed and in the rejected topic, once; all others are counted."""
    records, poison = with_poison(30)
    metrics = Metrics("points")

    async def run() -> None:
        async with owner(club, FRAGILE, metrics) as incarnation:
            club.send(records)
            await reached(incarnation, len(records))

    with structlog.testing.capture_logs() as lines:
        asyncio.run(run())
    alarms = [line for line in lines if line["event"] == "input_failed"]
    assert len(alarms) == poison and {line["log_level"] for line in alarms} == {"error"}
    found = club.records("points")
    failed = [record for record in found if record.WhichOneof("body") == "failed"]
    assert [record.failed.code for record in failed] == ["exception"] * poison
    assert {record.failed.sentence for record in failed} == {"ZeroDivisionError: unlucky"}
    assert sorted(accepted(found)) == sorted(f"m{number % 5}" for number in range(30))
    entries = {(f"actions/{e.partition}/{e.offset}"): e for e in club.rejected()}
    sent = {place: records[int(place.rsplit("/", 1)[1])] for place in entries}
    assert len(club.rejected()) == len(entries) == poison
    assert {f"actions/0/{record.cause.input.offset}" for record in failed} == set(entries)
    for place, entry in entries.items():
        assert (entry.code, entry.value, entry.key) == ("exception", sent[place].value, sent[place].key)
    assert metrics.registry.get_sample_value("cercle_failed_inputs_total") == poison


def test_poison_stays_aside_when_the_domain_is_mended(club: RunningClub) -> None:
    """The log decides: a later owner rebuilds from it and does not judge the poison again."""
    records, _ = with_poison(20)

    async def run() -> None:
        async with owner(club, FRAGILE, Metrics("points")) as incarnation:
            club.send(records)
            await reached(incarnation, len(records))
        before.append((club.seqs("points"), club.states("points")))
        club.redis.delete(*club.redis.keys(f"cercle:{club.club}:*"))
        async with owner(club, SERVICE, Metrics("points")) as incarnation:
            await reached(incarnation, len(records))

    before: list[Any] = []
    with structlog.testing.capture_logs():
        asyncio.run(run())
    assert (club.seqs("points"), club.states("points")) == before[0]
    assert len(club.rejected()) == 3


def test_poisonous_command_is_an_error_and_changes_nothing(club: RunningClub) -> None:
    """Its sender gets the error; commands and actions beside it are answered and counted."""

    async def run() -> None:
        async with owner(club, FRAGILE, Metrics("points")) as incarnation:
            club.send([raw(purchase("ana", 50))])
            await reached(incarnation, 1)
            before = len(club.records("points"))
            asked = [hold("ana", "h1", 5), hold("ana", "h2", POISON), hold("ana", "h3", 7)]
            for each in asked:
                incarnation.submit(each)
            answers = await asyncio.gather(*(each.reply for each in asked), return_exceptions=True)
            assert [type(each) for each in answers] == [Held, ZeroDivisionError, Held]
            assert len(club.records("points")) == before + 2

    with structlog.testing.capture_logs():
        asyncio.run(run())
