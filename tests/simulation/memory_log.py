"""A broker in memory, and a `PartitionLog` on it with the semantics of the one in Kafka."""

import asyncio
from asyncio import Future
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple

from cercle.domain.decision import Instant
from cercle.runtime.log import Chunk, Header, Outgoing, PositionLost

REJECTED = "rejected"
LETTERS = "letters"
CHUNK_RECORDS = 500


class Stored(NamedTuple):
    """A record that lies in a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: Instant
    key: "bytes | None"
    value: "bytes | None"
    headers: Sequence[Header]


class Topic:
    """One partition of one topic. Records of transactions leave `holes`; retention moves `start`."""

    def __init__(self, name: str, partition: int = 0) -> None:
        self.name = name
        self.partition = partition
        self.records: list[Stored] = []
        self.start = 0
        self.end = 0
        self._grown = asyncio.Event()

    def append(self, records: Sequence[Outgoing]) -> int:
        """The offset of the first of them."""
        base = self.end
        for record in records:
            place = self.name, self.partition, self.end
            at = Stored(*place, record.timestamp, record.key, record.value, record.headers)
            self.records.append(at)
            self.end += 1
        self._wake()
        return base

    def skip(self, offsets: int) -> None:
        """Offsets without a record, as a transaction's marker takes one."""
        self.end += offsets
        self._wake()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    async def growth(self, seconds: float) -> None:
        """Returns when something was appended, or the time is up."""
        grown = self._grown
        try:
            async with asyncio.timeout(seconds):
                await grown.wait()
        except TimeoutError:
            pass

    def fetch(self, offset: int, most: int = CHUNK_RECORDS) -> Chunk:
        """What lies from `offset` on. Raises PositionLost."""
        if not self.start <= offset <= self.end:
            raise PositionLost(f"{self.name} holds {self.start} to {self.end}, not {offset}")
        found = [record for record in self.records if record.offset >= offset]
        end = self.end if len(found) <= most else found[most].offset
        return Chunk(self.name, offset, end if found else offset, self.end, found[:most])


class Broker:
    """The topics of one partition number; the others are beside it."""

    def __init__(self, number: int = 0, beside: "dict[int, Broker] | None" = None) -> None:
        self._beside: dict[int, Broker] = {} if beside is None else beside
        self._beside[number] = self
        self.topics: defaultdict[str, Topic] = defaultdict(lambda: Topic("", number))

    def partition(self, number: int) -> "Broker":
        """The same topics in another partition."""
        return self._beside.get(number) or Broker(number, self._beside)

    def topic(self, name: str) -> Topic:
        """The topic, made when it is not there."""
        found = self.topics[name]
        found.name = name
        return found


class MemoryLog:
    """The log of one incarnation of one service, without any fault."""

    poll_seconds = 0.5

    def __init__(self, broker: Broker, service: str, batch_records: int = 1_000) -> None:
        self._broker = broker
        self._service = service
        self._batch_records = batch_records

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def fence(self, value: bytes) -> int:
        [(_, ack)] = await self.ship([Outgoing(None, value, 0)])
        return await ack

    async def ship(self, records: Sequence[Outgoing]) -> "list[tuple[int, Future[int]]]":
        acks = []
        for start in range(0, len(records), self._batch_records):
            batch = records[start : start + self._batch_records]
            acks.append((len(batch), self._send(batch)))
        return acks

    def _send(self, batch: Sequence[Outgoing]) -> "Future[int]":
        ack: Future[int] = asyncio.get_running_loop().create_future()
        ack.set_result(self._broker.topic(self._service).append(batch))
        return ack

    async def post(self, letters: Mapping[int, Sequence[Outgoing]]) -> None:
        for partition, each in letters.items():
            self._broker.partition(partition).topic(LETTERS).append(each)

    async def reject(self, records: Sequence[Outgoing]) -> None:
        self._broker.topic(REJECTED).append(records)

    async def earliest(self, topic: str) -> int:
        return self._broker.topic(topic).start

    async def read(self, topic: str, start: int) -> AsyncGenerator[Chunk, None]:
        expected = start
        while True:
            found = self._broker.topic(topic)
            chunk = found.fetch(expected)
            if not chunk.records:
                await found.growth(self.poll_seconds)
                chunk = found.fetch(expected)
            yield chunk
            expected = chunk.end
