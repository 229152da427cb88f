"""A partition's input topics, read in step with the log that names them: never whole, each once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import NamedTuple

from cercle.runtime.kafka_log import KafkaLog
from cercle.runtime.log import Chunk, LogRecord, PartitionLog, PositionLost
from cercle.runtime.settings import Settings
from cercle.wire import log_pb2
from services.console.errors import CommandError

_ANSWER_SECONDS = 20.0
_NOTHING: list[LogRecord] = []


class Logged(NamedTuple):
    """A record of the service's own topic, whether it counts or not; and where the topic ended then."""

    offset: int
    entry: log_pb2.Entry
    highwater: int


class _Feed:
    """One topic."""

    def __init__(self, topic: str, log: PartitionLog) -> None:
        self.topic = topic
        self._chunks: AsyncGenerator[Chunk, None] = log.read(topic, 0)
        self._records: deque[LogRecord] = deque()
        self.end = 0

    async def fill(self, offset: int) -> None:
        """Reads up to `offset`, which was read before: it must be there. Raises CommandError."""
        try:
            while self.end < offset:
                # A consumer does not bear being cancelled and asked again: this reader is then done with.
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._until_something()
        except TimeoutError:
            raise CommandError(
                f"The log says that {self.topic} was read up to {offset}, and Kafka has it up to {self.end} "
                "only: it has lost what it had acknowledged, or the topic was created anew."
            ) from None

    async def _until_something(self) -> None:
        async for chunk in self._chunks:
            self._records.extend(chunk.records)
            self.end = chunk.end
            if chunk.records:
                return

    def take(self, offset: int) -> list[LogRecord]:
        """The next records, up to `offset`."""
        if not self._records or self._records[0].offset >= offset:
            return _NOTHING
        taken = []
        while self._records and self._records[0].offset < offset:
            taken.append(self._records.popleft())
        return taken

    async def close(self) -> None:
        await self._chunks.aclose()


class Inputs:
    """The topics of one partition of one service."""

    def __init__(self, log: PartitionLog, partition: int) -> None:
        self._log = log
        self._partition = partition
        self._feeds: dict[str, _Feed] = {}

    async def up_to(self, positions: Mapping[str, int]) -> dict[str, list[LogRecord]]:
        """By topic, what lies between where it was read to and those positions. Raises CommandError."""
        passed = {}
        for topic, offset in positions.items():
            feed = self._feeds.get(topic)
            if feed is None:
                feed = self._feeds[topic] = _Feed(topic, self._log)
            if feed.end < offset:
                await self._fill(feed, offset)
            taken = feed.take(offset)
            if taken:
                passed[topic] = taken
        return passed

    async def _fill(self, feed: _Feed, offset: int) -> None:
        try:
            await feed.fill(offset)
        except PositionLost:
            earliest = await self._log.earliest(feed.topic)
            raise CommandError(
                f"Partition {self._partition} of {feed.topic} begins at {earliest}: retention removed the "
                f"{earliest:,} offsets before it, so what was decided on them cannot be judged again."
            ) from None

    async def close(self) -> None:
        for feed in self._feeds.values():
            await feed.close()


@asynccontextmanager
async def open_log(settings: Settings, service: str, partition: int) -> AsyncGenerator[KafkaLog, None]:
    """For reading alone."""
    log = KafkaLog(settings.kafka, settings.club, service, partition, settings.idempotent)
    try:
        yield log
    finally:
        await log.close()


async def logged(log: PartitionLog, service: str) -> AsyncGenerator[Logged, None]:
    """The service's own topic, from its beginning to its end."""
    async with aclosing(log.read(service, 0)) as chunks:
        async for chunk in chunks:
            for stored in chunk.records:
                entry = log_pb2.Entry.FromString(stored.value or b"")
                yield Logged(stored.offset, entry, chunk.highwater)
            if chunk.end >= chunk.highwater:
                return
