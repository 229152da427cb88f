"""Reading whole topics, for tools: every record up to where a partition ended when it was fetched.

Ends are taken from fetches, never from `end_offsets`: the embedded broker answers that wrongly.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from aiokafka import AIOKafkaConsumer, TopicPartition

from cercle.runtime.kafka_log import KafkaLog
from cercle.runtime.log import LogRecord
from cercle.runtime.rulebooks import EndSeen, Line, published_versions
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import rulebook_pb2
from services.console.errors import CommandError

_ANSWER_SECONDS = 20.0


async def read_to_end(
    settings: Settings, topic: Topic, partition: int, start: int = 0
) -> AsyncIterator[Sequence[LogRecord]]:
    """The records of one partition from `start` up to its end, chunk by chunk."""
    log = KafkaLog(settings.kafka, settings.club, topic, partition, settings.idempotent)
    try:
        async with aclosing(log.read(topic, start)) as chunks:
            async for chunk in chunks:
                yield chunk.records
                if chunk.end >= chunk.highwater:
                    return
    finally:
        await log.close()


async def extents(settings: Settings, topics: dict[Topic, int]) -> dict[Topic, list[tuple[int, int]]]:
    """(first offset, end) of every partition of the topics, given how many each has."""
    places = {
        TopicPartition(topic_name(settings.club, topic), partition): topic
        for topic, count in topics.items()
        for partition in range(count)
    }
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=1,
    )
    await consumer.start()
    try:
        consumer.assign(list(places))
        first = await consumer.beginning_offsets(list(places))
        ends = await _highwaters(consumer, list(places), settings.kafka)
    finally:
        await consumer.stop()
    found: dict[Topic, list[tuple[int, int]]] = {topic: [] for topic in topics}
    for place, topic in places.items():
        found[topic].append((first[place], ends[place]))
    return found


async def _highwaters(
    consumer: AIOKafkaConsumer, places: list[TopicPartition], bootstrap: str
) -> dict[TopicPartition, int]:
    """A fetch of each partition tells where it ends; the records themselves are not looked at."""
    give_up = time.monotonic() + _ANSWER_SECONDS
    while time.monotonic() < give_up:
        await consumer.getmany(timeout_ms=200)
        ends = {place: consumer.highwater(place) for place in places}
        if None not in ends.values():
            return ends
    raise CommandError(f"Kafka at {bootstrap} did not say where its topics end: see that all its nodes run.")


async def published(settings: Settings) -> list[rulebook_pb2.RulebookPublished]:
    """The versions that count, oldest first: each names the one before."""
    line = Line()
    return [record async for record in rulebook_records(settings) if line.take(record) is not None]


async def rulebook_records(settings: Settings) -> AsyncIterator[rulebook_pb2.RulebookPublished]:
    """Every record of the rulebook topic up to its end, void ones too."""
    async with aclosing(published_versions(settings.kafka, settings.club)) as records:
        async for record in records:
            if isinstance(record, EndSeen):
                return
            yield record
