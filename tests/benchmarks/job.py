"""The reference job: what members did, and what they must have after it, by plain arithmetic.

Five rules: a purchase gives 1 point for each whole dollar, and 100 more over 500 dollars; a
review 20; an answer 10, at most 50 a day; a visit 1, at most 1 a day. Days are UTC's.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient

from cercle.actions.codec import encode
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import DAY, Instant
from cercle.runtime.topics import KEEP_ALL

PARTITIONS = 4
MEMBERS = 10_000
_KINDS = ("purchase", "review", "answer", "visit")
_BEGIN: Instant = 1_700_006_400_000
_EVERY: Instant = 864
_BATCH_BYTES = 256 * 1024


class Expected(NamedTuple):
    """What must come of a job: how many actions earn something, and each member's points."""

    earning: int
    points: Mapping[str, int]


def actions(count: int) -> Iterator[RawAction]:
    """The same ones every time; the first of a longer job are those of a shorter one."""
    chance = random.Random(1)
    for number in range(count):
        member = f"m{chance.randrange(MEMBERS):07d}"
        kind = chance.choice(_KINDS)
        cents = chance.randrange(100, 100_000)
        fields: dict[str, RawField] = {"channel": "web"}
        if kind == "purchase":
            fields["amount"] = Money(cents, "USD")
        yield RawAction("bench", f"a{number:09d}", kind, member, _BEGIN + number * _EVERY, fields)


def expected(count: int) -> Expected:
    """Computed apart from every contender's rules."""
    points: dict[str, int] = {}
    answers: dict[tuple[str, int], int] = {}
    visits: set[tuple[str, int]] = set()
    earning = 0
    for action in actions(count):
        member, today = action.member_id, (action.member_id, action.occurred_at // DAY)
        gained = 0
        if action.type == "purchase":
            amount = action.fields["amount"]
            assert isinstance(amount, Money)
            gained = amount.minor_units // 100 + (100 if amount.minor_units > 50_000 else 0)
        elif action.type == "review":
            gained = 20
        elif action.type == "answer":
            answers[today] = answers.get(today, 0) + 1
            gained = 10 if answers[today] <= 5 else 0
        elif today not in visits:
            visits.add(today)
            gained = 1
        points[member] = points.get(member, 0) + gained
        earning += gained > 0
    return Expected(earning, points)


def create_topics(bootstrap: str, names: Sequence[str]) -> None:
    """Topics that keep records stamped years ago, as those of a club do."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics({name: {"num_partitions": PARTITIONS, "configs": KEEP_ALL} for name in names})
        admin.wait_for_topics(list(names))
    finally:
        admin.close()


async def fill(bootstrap: str, topics: Sequence[str], count: int) -> None:
    """Writes the job to each of the topics, as records of a club's actions: a history."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        max_batch_size=_BATCH_BYTES,
        max_request_size=4 * _BATCH_BYTES,
    )
    await producer.start()
    try:
        filling = _Filling(producer, topics)
        for action in actions(count):
            await filling.add(action)
        await filling.finish()
    finally:
        await producer.stop()


class _Filling:
    """Whole batches to partitions of our choice: a fraction of what single sends take."""

    def __init__(self, producer: AIOKafkaProducer, topics: Sequence[str]) -> None:
        self._producer = producer
        self._batches = {(t, p): producer.create_batch() for t in topics for p in range(PARTITIONS)}
        self._topics = topics

    async def add(self, action: RawAction) -> None:
        key, value, headers = encode(action)
        partition = partition_of(key, PARTITIONS)
        for topic in self._topics:
            record = {"key": key, "value": value, "headers": headers, "timestamp": action.occurred_at}
            if self._batches[topic, partition].append(**record) is None:
                await self._send(topic, partition)
                self._batches[topic, partition].append(**record)

    async def _send(self, topic: str, partition: int) -> None:
        full, self._batches[topic, partition] = (
            self._batches[topic, partition],
            self._producer.create_batch(),
        )
        await (await self._producer.send_batch(full, topic, partition=partition))

    async def finish(self) -> None:
        for topic, partition in self._batches:
            await self._send(topic, partition)
