"""A service's decisions judged again, partition by partition, and its letters across them."""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cercle.actions.partition import partition_of
from cercle.runtime.log import PositionLost
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.redis_store import RedisStore
from cercle.runtime.rulebooks import InactiveError, Rulebooks
from cercle.runtime.service import ACTIONS, LETTERS, Service
from cercle.runtime.settings import Settings
from cercle.runtime.store import Footing
from cercle.runtime.topics import Topic
from cercle.wire import log_pb2, rulebook_pb2
from services.console.errors import CommandError
from services.console.judging import Judge
from services.console.judging_inputs import Inputs, logged, open_log
from services.console.judging_letters import LetterBook
from services.console.topic_reading import read_to_end, rulebook_records

_positions = msgspec.msgpack.Decoder(dict[str, Cursor])
_checkpoint = msgspec.msgpack.Decoder(Cursor)

Progress = Callable[[int, int, int], None]
"""Told a partition, the offset that is judged, and where the partition's log ends."""


class _Clock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class PublishedRules:
    """The versions that count, as far as they are read: while judging, another one may begin."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read = 0
        self._names: set[str] = set()
        self.rules = Rulebooks(_Clock())

    async def know(self, version: str) -> None:
        """Reads on when the version is named for the first time, and not known yet."""
        if version and version not in self._names:
            self._names.add(version)
            if all(each.version != version for each in self.rules.versions):
                await self.read()

    async def read(self) -> None:
        """All that is in the topic now. Raises CommandError, RulebookError."""
        number = 0
        async for record in rulebook_records(self._settings):
            number += 1
            if number > self._read:
                self._read = number
                self._add(record)

    def _add(self, record: rulebook_pb2.RulebookPublished) -> None:
        try:
            self.rules.add(record)
        except InactiveError as error:
            raise CommandError(
                f"Version {record.version} of the rules cannot be judged by, since this Cercle does not act "
                f"on all of it:\n{error}"
            ) from error


@dataclass
class JudgedAgain:
    """All partitions of a service. `letters`: what is wrong with letters, in sentences."""

    judges: list[Judge]
    book: LetterBook
    seconds: float = 0.0
    letters: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Every decision is what it should be, and every letter was heard once."""
        return not self.letters and not any(judge.differing for judge in self.judges)

    @property
    def actions(self) -> int:
        """How many were judged, in all partitions."""
        return sum(judge.passed[ACTIONS] for judge in self.judges)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "equal": self.equal,
            "actions": self.actions,
            "seconds": round(self.seconds, 2),
            "actions_per_second": round(self.actions / self.seconds) if self.seconds else 0,
            "letters": {
                "written": self.book.written_count,
                "heard": self.book.heard_count,
                "under_way": self.book.under_way,
                "differences": self.letters,
            },
            "partitions": [_partition(number, judge) for number, judge in enumerate(self.judges)],
        }


def _partition(number: int, judge: Judge) -> dict[str, Any]:
    return {
        "partition": number,
        "equal": not judge.differing,
        "records": judge.records,
        "judged": judge.judged,
        "not_judged_again": judge.unasked,
        "failed_inputs": judge.failed,
        "inputs": dict(judge.passed),
        "rejected": judge.refused,
        "log": {"seq": judge.cursor.seq, "oe": judge.cursor.oe},
        "differing": judge.differing,
        "differences": [each._asdict() for each in judge.shown],
    }


async def judge_again(
    settings: Settings, service: Service, store: RedisStore, count: int, progress: Progress
) -> JudgedAgain:
    """Reads all topics from their beginnings. Raises CommandError, RulebookError."""
    began = time.monotonic()
    published = PublishedRules(settings)
    await published.read()
    book = LetterBook(service.name, lambda key: partition_of(key.encode(), count))
    judges = [Judge(service, published.rules, partition, count, book) for partition in range(count)]
    try:
        for partition, judge in enumerate(judges):
            await _judge_partition(settings, service, store, judge, published, partition, progress)
        if LETTERS in service.inputs:
            for partition, judge in enumerate(judges):
                await _note_waiting_letters(settings, judge, book, partition)
    except PositionLost as error:
        raise CommandError(f"Retention removed what must be read to judge again: {error}.") from error
    return JudgedAgain(judges, book, time.monotonic() - began, book.wrongs())


async def _judge_partition(
    settings: Settings,
    service: Service,
    store: RedisStore,
    judge: Judge,
    published: PublishedRules,
    partition: int,
    progress: Progress,
) -> None:
    async with open_log(settings, service.name, partition) as log:
        inputs = Inputs(log, partition)
        try:
            async with aclosing(logged(log, service.name)) as entries:
                async for offset, entry, highwater in entries:
                    if read(judge.cursor, offset, entry) is Verdict.APPLIES:
                        await published.know(entry.record.rulebook)
                        await _take(judge, inputs, offset, entry.record)
                    progress(partition, offset + 1, highwater)
            await _finish(judge, inputs, store, partition)
        finally:
            await inputs.close()
    judge.forget_states()


async def _take(judge: Judge, inputs: Inputs, offset: int, record: log_pb2.Record) -> None:
    passed = await inputs.up_to({position.topic: position.offset for position in record.positions})
    try:
        judge.take(offset, record, passed)
    except Exception as error:
        raise CommandError(
            f"Record {record.seq} at offset {offset} cannot be read by this Cercle: "
            f"{type(error).__name__}: {error}. Was it written by a newer one?"
        ) from error


async def _finish(judge: Judge, inputs: Inputs, store: RedisStore, partition: int) -> None:
    """What the owner passed since its last record, and which letters it saw posted: its store says that."""
    standing = await store.standing(partition)
    if not standing.positions or standing.footing != Footing(judge.cursor.seq, judge.cursor.oe):
        return
    positions = _positions.decode(standing.positions)
    judge.finish(positions, await inputs.up_to({topic: cursor.offset for topic, cursor in positions.items()}))
    if standing.checkpoint:
        judge.note_posted(_checkpoint.decode(standing.checkpoint).seq)


async def _note_waiting_letters(settings: Settings, judge: Judge, book: LetterBook, partition: int) -> None:
    """Those that lie after all that was judged: when every log was read, so that none is missed."""
    start = judge.hearer.position(LETTERS)
    async for records in read_to_end(settings, Topic.LETTERS, partition, start):
        for stored in records:
            delivery = log_pb2.Delivery.FromString(stored.value or b"")
            if judge.hearer.is_new(delivery):
                book.waits(partition, delivery)
