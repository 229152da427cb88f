"""Letters on their way to their topic: in order, one batch after another, and what may be named as posted."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any
from unittest.mock import patch

import pytest

from cercle.runtime import posting
from cercle.runtime.log import Outgoing, SendFailed
from cercle.runtime.posting import Post, Posting
from cercle.wire import log_pb2
from tests.simulation.memory_log import Broker, MemoryLog
from tests.unit.runtime.places import NOON

Names = dict[int, list[tuple[int, int]]]


class Mail(MemoryLog):
    """A log whose letters are acked when told so."""

    def __init__(self) -> None:
        super().__init__(Broker(), "points")
        self.posts: list[dict[int, list[Outgoing]]] = []
        self.acked = asyncio.Event()
        self.fails = False

    async def post(self, letters: Mapping[int, Sequence[Outgoing]]) -> None:
        self.posts.append({partition: list(each) for partition, each in letters.items()})
        await self.acked.wait()
        self.acked.clear()
        if self.fails:
            raise SendFailed("no ack came")

    def names(self) -> "list[Names]":
        """(seq, index) of each letter, by partition, in each post."""
        return [{partition: list(map(name, each)) for partition, each in post.items()} for post in self.posts]

    async def ack(self) -> None:
        """The post that waits is in the topic."""
        self.acked.set()
        await settle()


async def settle() -> None:
    """Everybody has gone as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


def delivery(letter: Outgoing) -> log_pb2.Delivery:
    """What is in the topic."""
    return log_pb2.Delivery.FromString(letter.value or b"")


def name(letter: Outgoing) -> "tuple[int, int]":
    """Which letter it is."""
    said = delivery(letter)
    return said.seq, said.index


def record(seq: int, *to: str) -> log_pb2.Record:
    """A record that tells these keys."""
    letters = [log_pb2.Letter(to=key, body=b"%d" % seq) for key in to]
    return log_pb2.Record(seq=seq, key="ana", rulebook="v7", depth=2, at_ms=NOON, letters=letters)


def post(seq: int, *records: log_pb2.Record) -> Post:
    """Records up to `seq`, of which those have letters."""
    return Post(seq, 40, list(records))


def partition_of(key: str) -> int:
    """Keys that begin with x live in partition 1."""
    return int(key.startswith("x"))


def run(test: "Coroutine[Any, Any, None]") -> None:
    """In an event loop."""
    asyncio.run(asyncio.wait_for(test, 5))


def started(mail: Mail) -> "tuple[Posting, asyncio.Task[None]]":
    """The letters of partition 3, those of records up to 9 being posted."""
    ours = Posting(mail, "points", 3, partition_of, 9, 30)
    return ours, asyncio.create_task(ours.run())


def test_next_batch_waits_for_the_ack_of_the_one_before() -> None:
    """What is offered meanwhile goes together; `posted` moves with acks only, also past plain records."""

    async def law() -> None:
        mail = Mail()
        ours, task = started(mail)
        ours.offer(post(10, record(10, "bob", "xena")))
        await settle()
        ours.offer(post(11, record(11, "bob")))
        ours.offer(post(12))
        ours.offer(post(14, record(13, "xena", "bob"), record(14, "bob")))
        await settle()
        assert mail.names() == [{0: [(10, 0)], 1: [(10, 1)]}]
        assert (ours.posted, ours.oe) == (9, 30)
        await mail.ack()
        assert mail.names()[1:] == [{0: [(11, 0), (13, 1), (14, 0)], 1: [(13, 0)]}]
        assert (ours.posted, ours.oe) == (10, 40)
        await mail.ack()
        assert ours.posted == 14
        task.cancel()

    run(law())


def test_delivery_says_whose_it_is_and_by_which_rules() -> None:
    """All that its receiver needs; keyed by the receiver, at the time of the decision."""

    async def law() -> None:
        mail = Mail()
        ours, task = started(mail)
        ours.offer(post(10, record(10, "bob")))
        await settle()
        [[letter]] = mail.posts[0].values()
        assert (letter.key, letter.timestamp) == (b"bob", NOON)
        assert delivery(letter) == log_pb2.Delivery(
            service="points",
            partition=3,
            seq=10,
            index=0,
            sender="ana",
            rulebook="v7",
            depth=2,
            letter=log_pb2.Letter(to="bob", body=b"10"),
        )
        task.cancel()

    run(law())


def test_records_without_letters_are_posted_at_once() -> None:
    """Nothing is sent for them; behind letters that wait, they wait."""

    async def law() -> None:
        mail = Mail()
        ours, task = started(mail)
        ours.offer(post(12))
        assert (ours.posted, ours.oe, mail.posts) == (12, 40, [])
        ours.offer(post(13, record(13, "bob")))
        ours.offer(post(14))
        assert ours.posted == 12
        await settle()
        ours.offer(post(15))
        assert ours.posted == 12
        await mail.ack()
        assert (ours.posted, len(mail.posts)) == (15, 1)
        task.cancel()

    run(law())


def test_batches_are_bounded() -> None:
    """As many posts as hold so many letters; the rest goes next."""

    async def law() -> None:
        mail = Mail()
        with patch.object(posting, "_BATCH_LETTERS", 2):
            ours, task = started(mail)
            for seq in range(10, 15):
                ours.offer(post(seq, record(seq, "bob")))
            for _ in range(3):
                await settle()
                await mail.ack()
        sent = [each for names in mail.names() for each in names[0]]
        assert sent == [(seq, 0) for seq in range(10, 15)]
        assert len(mail.posts) > 1 and ours.posted == 14
        task.cancel()

    run(law())


def test_letters_that_were_not_acked_end_the_incarnation() -> None:
    """They may be there or not: `posted` stays, and the next owner posts them again."""

    async def law() -> None:
        mail = Mail()
        ours, task = started(mail)
        ours.offer(post(10, record(10, "bob")))
        ours.offer(post(11, record(11, "bob")))
        mail.fails = True
        mail.acked.set()
        with pytest.raises(SendFailed):
            await task
        assert (ours.posted, len(mail.posts)) == (9, 1)

    run(law())
