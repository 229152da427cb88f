"""The contract of every log: in Apache Kafka, in the embedded broker, and in memory.

What the protocol builds on: acked offsets, order, fences as offsets, and chunks that leave nothing out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from aiokafka import AIOKafkaProducer
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from cercle.runtime.kafka_log import KafkaLog
from cercle.runtime.log import Chunk, LogRecord, Outgoing, PartitionLog, PositionLost
from cercle.runtime.topics import Topic, create_topics, topic_name
from tests.servers import Server
from tests.simulation.memory_log import LETTERS, REJECTED, Broker, MemoryLog

PARTITION = 1
JANUARY_1997 = 852_076_800_000


class Place(Protocol):
    """Where logs live, seen from outside."""

    async def open(self) -> PartitionLog:
        """The log of a new incarnation of points."""

    async def emit(self, topic: str, values: "Sequence[bytes]") -> None:
        """A brand's records in our partition."""

    async def retain_from(self, topic: str, offset: int) -> None:
        """Retention removes what lies before."""

    async def rejected(self) -> "list[LogRecord]":
        """All of the rejected topic."""

    async def letters(self, partition: int) -> "list[LogRecord]":
        """All of one partition of the topic of letters."""


Law = Callable[[Place], Awaitable[None]]
OpenPlace = Callable[[], AbstractAsyncContextManager[Place]]


class InMemory:
    """A broker in memory."""

    def __init__(self) -> None:
        self._broker = Broker().partition(PARTITION)

    async def open(self) -> PartitionLog:
        return MemoryLog(self._broker, "points", batch_records=2)

    async def emit(self, topic: str, values: "Sequence[bytes]") -> None:
        self._broker.topic(topic).append([Outgoing(b"ana", value, JANUARY_1997) for value in values])

    async def retain_from(self, topic: str, offset: int) -> None:
        self._broker.topic(topic).start = offset

    async def rejected(self) -> "list[LogRecord]":
        return [*self._broker.topic(REJECTED).records]

    async def letters(self, partition: int) -> "list[LogRecord]":
        return [*self._broker.partition(partition).topic(LETTERS).records]


class InKafka:
    """A broker that speaks Kafka's protocol."""

    def __init__(self, server: Server, club: str, idempotent: bool) -> None:
        self._server = server
        self._club = club
        self._idempotent = idempotent
        self.opened: list[KafkaLog] = []
        create_topics(server.address, club, PARTITION + 1)

    async def open(self) -> PartitionLog:
        log = KafkaLog(self._server.address, self._club, "points", PARTITION, self._idempotent)
        await log.start()
        self.opened.append(log)
        return log

    async def emit(self, topic: str, values: "Sequence[bytes]") -> None:
        name = topic_name(self._club, Topic(topic))
        async with AIOKafkaProducer(bootstrap_servers=self._server.address) as producer:
            for partition in (0, PARTITION):
                for value in values[:1] if partition == 0 else values:
                    await producer.send(name, value, b"ana", partition, JANUARY_1997)

    async def retain_from(self, topic: str, offset: int) -> None:
        name = topic_name(self._club, Topic(topic))
        admin = KafkaAdminClient(bootstrap_servers=self._server.address)
        admin.delete_records({TopicPartition(name, PARTITION): offset})
        admin.close()

    async def rejected(self) -> "list[LogRecord]":
        found: list[LogRecord] = []
        for partition in range(PARTITION + 1):
            found += await self._all_of(REJECTED, partition)
        return found

    async def letters(self, partition: int) -> "list[LogRecord]":
        return await self._all_of(LETTERS, partition)

    async def _all_of(self, topic: str, partition: int) -> "list[LogRecord]":
        log = KafkaLog(self._server.address, self._club, topic, partition, self._idempotent)
        await log.start()
        found = [record async for record in all_of(log, topic)]
        await log.close()
        return found


@pytest.fixture(params=["memory", "kafka", "embedded_kafka"])
def open_place(request: pytest.FixtureRequest, club: str) -> OpenPlace:
    """A broker, and a club of this test alone."""

    @asynccontextmanager
    async def memory() -> AsyncIterator[Place]:
        yield InMemory()

    @asynccontextmanager
    async def kafka() -> AsyncIterator[Place]:
        place = InKafka(request.getfixturevalue(request.param), club, idempotent=request.param == "kafka")
        try:
            yield place
        finally:
            for log in place.opened:
                await log.close()

    return memory if request.param == "memory" else kafka


def law(test: Law) -> Callable[[OpenPlace], None]:
    """A test of every log."""

    def run(open_place: OpenPlace) -> None:
        async def opened() -> None:
            async with open_place() as place:
                await asyncio.wait_for(test(place), 40)

        asyncio.run(opened())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


async def chunks(log: PartitionLog, topic: str, start: int, end: int) -> "list[Chunk]":
    """What is read from `start` to `end`; each chunk begins where the one before ended."""
    found: list[Chunk] = []
    expected = start
    reading = log.read(topic, start)
    async for chunk in reading:
        assert (chunk.topic, chunk.start) == (topic, expected)
        assert all(chunk.start <= record.offset < chunk.end for record in chunk.records)
        found.append(chunk)
        expected = chunk.end
        if expected >= end:
            break
    await reading.aclose()
    return found


async def all_of(log: PartitionLog, topic: str) -> "AsyncIterator[LogRecord]":
    """Every record up to the end as it was at the first fetch."""
    [first] = await chunks(log, topic, 0, 0)
    for chunk in await chunks(log, topic, 0, first.highwater):
        for record in chunk.records:
            yield record


def some(*values: bytes) -> "list[Outgoing]":
    """Records to ship."""
    return [Outgoing(b"key of " + value[:20], value, JANUARY_1997) for value in values]


@law
async def test_fence_is_answered_with_its_offset(place: Place) -> None:
    """And what one incarnation ships after it lies right behind it, in the order of calls."""
    log = await place.open()
    fence = await log.fence(b"fence")
    acks = await log.ship(some(b"a", b"b")) + await log.ship(some(b"c")) + await log.ship(some(b"d", b"e"))
    assert [count for count, _ in acks] == [2, 1, 2]
    assert [await ack for _, ack in acks] == [fence + 1, fence + 3, fence + 4]
    records = [record async for record in all_of(log, "points")]
    assert [record.offset for record in records] == list(range(fence, fence + 6))
    assert [record.value for record in records] == [b"fence", b"a", b"b", b"c", b"d", b"e"]
    assert [record.key for record in records[:2]] == [None, b"key of a"]
    assert {record.timestamp for record in records[1:]} == {JANUARY_1997}


@law
async def test_acks_show_what_came_between(place: Place) -> None:
    """A second incarnation's fence shifts the first one's offsets: its acks will not be believed."""
    one, two = await place.open(), await place.open()
    first = await one.fence(b"one")
    second = await two.fence(b"two")
    [(_, ack)] = await one.ship(some(b"late"))
    assert (second, await ack) == (first + 1, first + 2)


@law
async def test_chunks_leave_nothing_out(place: Place) -> None:
    """From anywhere to the end: every record, in order, each chunk from where the last one ended."""
    await place.emit("actions", [b"%d" % number for number in range(40)])
    log = await place.open()
    for start in (0, 17, 39):
        found = await chunks(log, "actions", start, 40)
        values = [record.value for chunk in found for record in chunk.records]
        assert values == [b"%d" % number for number in range(start, 40)]
        assert found[-1].highwater == 40


@law
async def test_end_is_right_wherever_a_reader_stands(place: Place) -> None:
    """A chunk without records says so: at the end of a topic, and of one that nobody wrote to."""
    log = await place.open()
    assert await chunks(log, "badges", 0, 0) == [Chunk("badges", 0, 0, 0, [])]
    await place.emit("actions", [b"1", b"2", b"3"])
    assert await chunks(log, "actions", 3, 3) == [Chunk("actions", 3, 3, 3, [])]


@law
async def test_reader_goes_on_when_more_comes(place: Place) -> None:
    """Reading never ends; what is appended later is read later."""
    await place.emit("actions", [b"1"])
    log = await place.open()
    reading = asyncio.ensure_future(chunks(log, "actions", 0, 3))
    await asyncio.sleep(0.7)
    assert not reading.done()
    await place.emit("actions", [b"2", b"3"])
    found = await reading
    assert [record.value for chunk in found for record in chunk.records] == [b"1", b"2", b"3"]
    assert found[-1].highwater == 3


@law
async def test_more_than_a_batch_takes_is_split(place: Place) -> None:
    """Into batches that follow each other, each with its own ack."""
    values = [bytes([65 + number]) * 400_000 for number in range(5)]
    log = await place.open()
    fence = await log.fence(b"fence")
    acks = await log.ship(some(*values))
    assert len(acks) > 1
    counts, bases = [count for count, _ in acks], [await ack for _, ack in acks]
    assert sum(counts) == 5
    assert bases == [fence + 1 + sum(counts[:number]) for number in range(len(counts))]
    assert [record.value async for record in all_of(log, "points")] == [b"fence", *values]


@pytest.mark.parametrize("open_place", ["memory", "kafka"], indirect=True)
@law
async def test_retention_past_a_position_is_an_alarm(place: Place) -> None:
    """A position before the first record that is left, or after the end, is lost: never skipped over.

    Not on the embedded broker: it removes nothing, and after the end of a topic it waits.
    """
    await place.emit("actions", [b"%d" % number for number in range(5)])
    log = await place.open()
    assert await log.earliest("actions") == 0
    with pytest.raises(PositionLost):
        await chunks(log, "actions", 9, 10)
    await place.retain_from("actions", 3)
    assert await log.earliest("actions") == 3
    with pytest.raises(PositionLost):
        await chunks(log, "actions", 2, 5)
    [last] = await chunks(log, "actions", 4, 5)
    assert [record.value for record in last.records] == [b"4"]


@law
async def test_rejected_keep_bytes_and_headers(place: Place) -> None:
    """When `reject` returns they are there."""
    headers = [("ce_id", b"\x00\xff"), ("ce_id", b"again"), ("empty", b"")]
    log = await place.open()
    await log.reject([Outgoing(b"actions/1/7", b"\xff\x00", JANUARY_1997, headers)])
    await log.reject([Outgoing(b"actions/1/8", None, JANUARY_1997)])
    found = {record.key: record for record in await place.rejected()}
    assert (found[b"actions/1/7"].value, list(found[b"actions/1/7"].headers)) == (b"\xff\x00", headers)
    assert (found[b"actions/1/8"].value, list(found[b"actions/1/8"].headers)) == (None, [])


@law
async def test_closed_log_leaves_what_was_acked(place: Place) -> None:
    """The next incarnation reads it, and its own fence lies behind it."""
    first = await place.open()
    fence = await first.fence(b"one")
    [(_, ack)] = await first.ship(some(b"a"))
    await ack
    await first.close()
    second = await place.open()
    assert await second.fence(b"two") == fence + 2
    assert [record.value async for record in all_of(second, "points")] == [b"one", b"a", b"two"]


@law
async def test_posted_letters_are_there_in_their_order(place: Place) -> None:
    """When `post` returns, in each partition, with key and time; what is posted next lies behind."""
    log = await place.open()
    await log.post({PARTITION: some(b"a", b"b", b"c"), 0: some(b"d")})
    first, other = await place.letters(PARTITION), await place.letters(0)
    assert [record.value for record in first] == [b"a", b"b", b"c"]
    assert [record.value for record in other] == [b"d"]
    assert (first[0].key, first[0].timestamp) == (b"key of a", JANUARY_1997)
    await log.post({PARTITION: some(b"e")})
    await log.post({})
    assert [record.value for record in await place.letters(PARTITION)] == [b"a", b"b", b"c", b"e"]
    assert [record.value for record in await place.letters(0)] == [b"d"]


@law
async def test_more_letters_than_a_batch_takes_stay_in_order(place: Place) -> None:
    """In two partitions at once: each is told all of its own, without a hole, in order."""
    ours = [bytes([65 + number]) * 400_000 for number in range(5)]
    others = [bytes([97 + number]) * 400_000 for number in range(3)]
    log = await place.open()
    await log.post({PARTITION: some(*ours), 0: some(*others)})
    assert [record.value for record in await place.letters(PARTITION)] == ours
    assert [record.value for record in await place.letters(0)] == others


@law
async def test_two_incarnations_post_after_each_other(place: Place) -> None:
    """What the first posted stays where it is; the second may say it again, behind it."""
    one, two = await place.open(), await place.open()
    await one.post({PARTITION: some(b"a", b"b")})
    await two.post({PARTITION: some(b"b", b"c")})
    assert [record.value for record in await place.letters(PARTITION)] == [b"a", b"b", b"b", b"c"]
