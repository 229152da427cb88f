"""Faust's transport, handing agents whole chunks of a partition and no record twice or out of order.

Stock Faust hands out one message at a time (a fortieth of the speed) and keeps offsets of
its own. Here an agent gets `Chunk`s; positions are ours (in the store), and Kafka's
committed offsets are only for lag tools. This leans on a few private names of
faust-streaming 0.15.3 and aiokafka 0.14, all in this file and under a contract test.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from cercle.runtime.log import Chunk, LogRecord

_NOWHERE = 2**63 - 1


class ChunkMessage:
    """A chunk in the clothes of a Kafka record, as Faust expects one."""

    __slots__ = (
        "checksum",
        "headers",
        "key",
        "offset",
        "partition",
        "serialized_key_size",
        "serialized_value_size",
        "timestamp",
        "timestamp_type",
        "topic",
        "value",
    )

    def __init__(self, at: TP, chunk: Chunk) -> None:
        last = chunk.records[-1]
        self.topic, self.partition = at
        self.offset, self.timestamp, self.timestamp_type = last.offset, last.timestamp, 0
        self.key = self.headers = self.checksum = None
        self.value = chunk
        self.serialized_key_size = self.serialized_value_size = 0


class ChunkSchema(faust.Schema):
    """Values are chunks already."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **_: Any) -> Chunk:
        chunk: Chunk = message.value
        return chunk


class _ReadCommitted(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        # What a worker has it keeps, as far as shares stay even: it serves on meanwhile. One strategy only:
        # aiokafka 0.14 joins once for each, and workers that join at the same time never settle.
        consumer._partition_assignment_strategy = [StickyPartitionAssignor]
        return consumer

    async def leave(self) -> str:
        """Out of the group's life, without a word to it; the member's id there, empty if it has none."""
        coordinator = self._ensure_consumer()._coordinator
        member_id: str = coordinator.member_id
        await coordinator.close()
        return member_id


class ChunkConsumer(driver.Consumer):
    """Labels every chunk with where it starts, so that one fetched before a seek is known by that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._expected: dict[TP, int] = {}
        self._fetching = asyncio.Lock()

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _ReadCommitted(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Faust's own seek, after a rebalance: no chunk is worth reading until `go_to`."""
        async with self._fetching:
            self._expected.clear()
            committed: Mapping[TP, int] = await super().seek_to_committed()
            return committed

    async def perform_seek(self) -> None:
        """After a rebalance: Faust's own, to what Kafka knows; then to where each owner really stands."""
        await super().perform_seek()
        for at in self.assignment() if self.transport.seek_on is not None else ():
            await self.transport.seek_on(at)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        async with self._fetching:
            fetched: Mapping[TP, Sequence[LogRecord]] = await super()._getmany(active_partitions, timeout)
            return {at: [self._chunk(at, records)] for at, records in fetched.items() if records}

    def _chunk(self, at: TP, records: Sequence[LogRecord]) -> ChunkMessage:
        end = records[-1].offset + 1
        start = self._expected.get(at, _NOWHERE)
        if at in self._expected:
            self._expected[at] = end
        topic = at.topic.rsplit(".", 1)[-1]
        return ChunkMessage(at, Chunk(topic, start, end, self._end(at, end) or end, records))

    async def end(self, at: TP) -> int | None:
        """Where the partition ends, as far as anybody can read; None before that is known."""
        async with self._fetching:
            return self._end(at, self._expected.get(at, _NOWHERE))

    def _end(self, at: TP, read_to: int) -> int | None:
        """The high watermark, unless nothing but markers of transactions lies between it and `read_to`."""
        subscription = self._thread._ensure_consumer()._subscription
        if not subscription.is_assigned(at):  # A rebalance takes it away before its owner is told.
            return None
        highwater: int | None = self.highwater(at)
        if highwater is None or read_to >= highwater:
            return highwater
        state = subscription.subscription.assignment.state_value(at)
        at_end = state.has_valid_position and state.position >= highwater
        return read_to if at_end else highwater

    async def go_to(self, at: TP, offset: int) -> None:
        """Reads on from `offset`; whatever was fetched before is out of date by its label.

        Nothing happens when the partition was just taken away: its owner is about to be told.
        """
        async with self._fetching:
            if at not in self.assignment():
                return
            self._read_offset[at] = None
            await self.seek_wait({at: offset})
            self._expected[at] = offset

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Never: the position is in the store; `advise` tells Kafka for lag tools."""
        return False

    async def advise(self, positions: Mapping[TP, int]) -> None:
        """Commits positions to Kafka. Nothing depends on it."""
        if positions:
            await self._commit(positions)

    async def leave(self) -> str:
        """Stops taking part in the group; the member's id there. The caller tells the broker."""
        member_id: str = await self._thread.call_thread(self._thread.leave)
        return member_id


class ChunkTransport(driver.Transport):
    """`app.transport = ChunkTransport(app.conf.broker_consumer, app)`, before any agent.

    `seek_on(at)`, once set, sends the reader of a partition on after every rebalance.
    """

    Consumer = ChunkConsumer

    seek_on: Callable[[TP], Awaitable[None]] | None = None
