"""Whether a contender's results are those of the job: sentences that say what is wrong, or none."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from redis.asyncio import Redis

from cercle.runtime.lives import split
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.redis_store import RedisStore
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import log_pb2, points_pb2
from services.points import member
from tests.benchmarks.job import PARTITIONS, Expected
from tests.benchmarks.peer import Earned


async def cercle_faults(settings: Settings, expected: Expected, actions: int) -> list[str]:
    """Of the points service: its topic, read by the reader rule and nothing else, and its store."""
    ledger = _Ledger()
    topic = topic_name(settings.club, Topic.POINTS)
    for partition in range(PARTITIONS):
        cursor = Cursor()
        async for offset, value in _values(settings.kafka, topic, partition):
            entry = log_pb2.Entry.FromString(value)
            if read(cursor, offset, entry) is Verdict.APPLIES:
                ledger.take(entry.record)
    return [
        *ledger.faults(actions, expected),
        *_differences("the store", await _stored(settings), expected.points),
    ]


class _Ledger:
    """What the decisions say, without the service's own code."""

    def __init__(self) -> None:
        self.points: dict[str, int] = {}
        self.accepted: set[str] = set()
        self.decisions = self.earning = self.unbalanced = 0

    def take(self, record: log_pb2.Record) -> None:
        """One decision of one member."""
        self.decisions += 1
        gained = 0
        for event in points_pb2.Decision.FromString(record.decision).events:
            if event.HasField("action_accepted"):
                self.accepted.add(event.action_accepted.id)
            postings: Counter[str] = Counter()
            for posting in event.earned.postings:
                postings[posting.account] += posting.points
            self.unbalanced += postings.total() != 0
            gained += postings["available"]
        self.points[record.key] = self.points.get(record.key, 0) + gained
        self.earning += gained > 0

    def faults(self, actions: int, expected: Expected) -> Iterator[str]:
        """Every action once, every posting balanced, every member with the points of the job."""
        if not self.decisions == len(self.accepted) == actions:
            yield f"{actions} actions led to {self.decisions} decisions on {len(self.accepted)} actions"
        if self.unbalanced:
            yield f"the postings of {self.unbalanced} events do not sum to zero"
        if self.earning != expected.earning:
            yield f"{self.earning} actions earned something, and {expected.earning} must"
        yield from _differences("the log", self.points, expected.points)


async def _stored(settings: Settings) -> dict[str, int]:
    async with Redis.from_url(settings.redis) as redis:
        store = RedisStore(redis, settings.club, "points")
        found = [pair for partition in range(PARTITIONS) async for pair in store.scan(partition)]
    return {key: member.decode(split(state)[1]).wallet("points").available for key, state in found}


async def peer_faults(kafka: str, output: str, expected: Expected) -> list[str]:
    """Of a Faust peer: what it wrote to its output."""
    gained: dict[str, int] = dict.fromkeys(expected.points, 0)
    balances = dict(gained)
    earned: list[str] = []
    for partition in range(PARTITIONS):
        async for _, value in _values(kafka, output, partition):
            line = msgspec.json.decode(value, type=Earned)
            earned.append(line.action_id)
            gained[line.member_id] = gained.get(line.member_id, 0) + line.points
            balances[line.member_id] = line.balance
    faults = []
    if not len(earned) == len(set(earned)) == expected.earning:
        faults.append(
            f"{len(earned)} lines on {len(set(earned))} actions that earned, and {expected.earning} must"
        )
    return [
        *faults,
        *_differences("the output's sums", gained, expected.points),
        *_differences("the output's balances", balances, expected.points),
    ]


def _differences(where: str, found: Mapping[str, int], expected: Mapping[str, int]) -> Iterator[str]:
    """At most one sentence."""
    wrong = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    if wrong:
        first = wrong[0]
        yield (
            f"{where}: {len(wrong)} members are wrong, such as {first} with {found.get(first)} "
            f"instead of {expected.get(first)}"
        )


async def _values(kafka: str, topic: str, partition: int) -> AsyncIterator[tuple[int, bytes]]:
    """Offset and value of every record of a partition that nobody writes to any more."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        at = TopicPartition(topic, partition)
        consumer.assign([at])
        consumer.seek(at, 0)
        end = (await consumer.end_offsets([at]))[at]
        position = 0
        while position < end:
            for record in (await consumer.getmany(at, timeout_ms=1000)).get(at, []):
                position = record.offset + 1
                yield record.offset, record.value or b""
    finally:
        await consumer.stop()
