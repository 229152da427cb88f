"""The log in Kafka, by aiokafka; the same code talks to the embedded broker."""

from asyncio import Future, ensure_future, gather, timeout
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from cercle.runtime.log import Chunk, Outgoing, PositionLost, SendFailed
from cercle.runtime.topics import Topic, topic_name

_BATCH_BYTES = 900_000
_ACK_SECONDS = 30.0
_CLOSE_SECONDS = 2.0
_POLL_MS = 500


class KafkaLog:
    """One partition of one club's topics, for one incarnation of one service."""

    def __init__(self, bootstrap: str, club: str, service: str, partition: int, idempotent: bool) -> None:
        self._bootstrap = bootstrap
        self._club = club
        self._service = service
        self._partition = partition
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            acks="all",
            enable_idempotence=idempotent,
            max_batch_size=_BATCH_BYTES,
            max_request_size=4 * _BATCH_BYTES,
            request_timeout_ms=int(_ACK_SECONDS * 1000),
        )
        self._consumers: list[AIOKafkaConsumer] = []

    async def start(self) -> None:
        await self._producer.start()

    async def close(self) -> None:
        # What is in flight is left to the next incarnation: nothing is waited for, a broker may be gone.
        stopping = [consumer.stop() for consumer in self._consumers] + [self._producer.stop()]
        with suppress(TimeoutError):
            async with timeout(_CLOSE_SECONDS):
                await gather(*stopping, return_exceptions=True)

    async def fence(self, value: bytes) -> int:
        [(_, ack)] = await self.ship([Outgoing(None, value, 0)])
        return await ack

    async def ship(self, records: Sequence[Outgoing]) -> "list[tuple[int, Future[int]]]":
        acks: list[tuple[int, Future[int]]] = []
        rest = list(records)
        while rest:
            taken, ack = await self._send_first(Topic(self._service), self._partition, rest)
            rest = rest[taken:]
            acks.append((taken, ack))
        return acks

    async def _send_first(
        self, topic: Topic, partition: int, records: Sequence[Outgoing]
    ) -> "tuple[int, Future[int]]":
        """Sends as many records as one batch takes: how many, and the offset of the first once acked."""
        batch = self._producer.create_batch()
        taken = 0
        for record in records:
            stamp = record.timestamp or None
            if batch.append(key=record.key, value=record.value, timestamp=stamp) is None:
                break
            taken += 1
        if not taken:
            raise SendFailed("a record is larger than a batch may be")
        try:
            sent = await self._producer.send_batch(batch, topic_name(self._club, topic), partition=partition)
        except KafkaError as error:
            raise SendFailed(str(error)) from error
        return taken, ensure_future(_base_offset(sent))

    async def post(self, letters: Mapping[int, Sequence[Outgoing]]) -> None:
        await gather(*(self._post(partition, each) for partition, each in letters.items()))

    async def _post(self, partition: int, letters: Sequence[Outgoing]) -> None:
        rest = list(letters)
        while rest:
            taken, ack = await self._send_first(Topic.LETTERS, partition, rest)
            await ack
            rest = rest[taken:]

    async def reject(self, records: Sequence[Outgoing]) -> None:
        topic = topic_name(self._club, Topic.REJECTED)
        try:
            acks = [
                await self._producer.send(
                    topic,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers),
                    timestamp_ms=record.timestamp or None,
                )
                for record in records
            ]
            for ack in acks:
                await ack
        except KafkaError as error:
            raise SendFailed(str(error)) from error

    async def earliest(self, topic: str) -> int:
        consumer, at = await self._consumer(topic)
        try:
            offsets = await consumer.beginning_offsets([at])
        finally:
            await self._drop(consumer)
        return int(offsets[at])

    async def read(self, topic: str, start: int) -> AsyncGenerator[Chunk, None]:
        consumer, at = await self._consumer(topic)
        try:
            async for chunk in self._chunks(consumer, at, topic, start):
                yield chunk
        finally:
            await self._drop(consumer)

    async def _chunks(
        self, consumer: AIOKafkaConsumer, at: TopicPartition, topic: str, start: int
    ) -> AsyncIterator[Chunk]:
        consumer.seek(at, start)
        expected = start
        while True:
            try:
                records = (await consumer.getmany(at, timeout_ms=_POLL_MS)).get(at, [])
            except OffsetOutOfRangeError as error:
                raise PositionLost(f"{at.topic} of partition {at.partition}: {error}") from error
            end = records[-1].offset + 1 if records else expected
            highwater = consumer.highwater(at)
            if highwater is not None:
                yield Chunk(topic, expected, end, highwater, records)
            expected = end

    async def _drop(self, consumer: AIOKafkaConsumer) -> None:
        await consumer.stop()
        self._consumers.remove(consumer)

    async def _consumer(self, topic: str) -> tuple[AIOKafkaConsumer, TopicPartition]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed" if topic == "actions" else "read_uncommitted",
        )
        await consumer.start()
        self._consumers.append(consumer)
        at = TopicPartition(topic_name(self._club, Topic(topic)), self._partition)
        consumer.assign([at])
        return consumer, at


async def _base_offset(sent: "Future[object]") -> int:
    try:
        # Not wait_for: before Python 3.12 it swallows a cancellation if the ack comes at the same time.
        async with timeout(_ACK_SECONDS):
            metadata = await sent
    except (KafkaError, TimeoutError) as error:
        raise SendFailed(str(error) or type(error).__name__) from error
    return int(metadata.offset)  # type: ignore[attr-defined]
