"""From what waits in the inbox to one COMMIT: deciding, evolving, and writing the records.

Nothing here waits, and nothing is kept when it fails: the caller drops the batch.
"""

from asyncio import Future
from typing import Any, NamedTuple

import msgspec

from cercle.domain.decision import Instant, Letter, Rejection
from cercle.runtime.lives import Lives
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import MAX_DEPTH, MAX_RECORD_BYTES, Cursor, committed_entry, position_bytes
from cercle.runtime.service import Inspection, Refusal, Service, Watch
from cercle.wire import log_pb2


class Item(NamedTuple):
    """One thing to decide.

    `key` is empty when it concerns no state; then `command` is None, or the Rejection, or
    the Failed that it already is. `after`: the input's topic and position after it.
    """

    cause: log_pb2.Cause
    key: str
    command: Any
    rules: Any
    now: Instant
    depth: int = 0
    after: tuple[str, Cursor] | None = None
    source: LogRecord | None = None
    reply: "Future[Any] | None" = None


class Batch(msgspec.Struct):
    """What one COMMIT writes, and what is to be done around it. `lettered`: the records that hold letters."""

    seq: int
    oe: int
    at: Instant
    positions: dict[str, Cursor]
    entries: list[tuple[str, bytes]] = msgspec.field(default_factory=list)
    keys: dict[str, None] = msgspec.field(default_factory=dict)
    refused: list[tuple[LogRecord, Rejection]] = msgspec.field(default_factory=list)
    answers: list[tuple["Future[Any]", Any]] = msgspec.field(default_factory=list)
    lettered: list[log_pb2.Record] = msgspec.field(default_factory=list)


class Deciding:
    """Decides items one after another on the states in `lives`, for one incarnation."""

    def __init__(self, service: Service, lives: Lives, epoch: int) -> None:
        self._service = service
        self._lives = lives
        self._epoch = epoch
        self._position_bytes: dict[str, bytes] = {}
        self._watches: dict[str, list[Watch]] = {}
        self._posted = 0

    def begin(self, seq: int, oe: int, at: Instant, positions: dict[str, Cursor], posted: int = 0) -> Batch:
        """An empty batch on that footing. The letters of records up to `posted` are in their topic."""
        self._posted = posted
        self._position_bytes = {topic: position_bytes(topic, cursor) for topic, cursor in positions.items()}
        return Batch(seq, oe, at, dict(positions))

    def decide(self, batch: Batch, item: Item) -> None:
        """Adds what the item brings about. Raises whatever the domain raises."""
        self._move(batch, item)
        if isinstance(item.command, log_pb2.Failed):
            self._fail(batch, item, item.command)
        elif isinstance(item.command, Rejection):
            self._refuse(batch, item, item.command)
        elif item.depth > MAX_DEPTH:
            self._fail(batch, item, log_pb2.Failed(code="causation_too_deep", sentence=_TOO_DEEP))
        elif isinstance(item.command, Inspection):
            life = self._lives[item.key]
            batch.answers.append((item.command.reply, item.command.look(life.state, max(batch.at, item.now))))
        elif isinstance(item.command, Watch):
            self._watch(item.key, item.command)
            self._show(batch, item.key, max(batch.at, item.now))
        elif item.key:
            self._judge(batch, item)

    def _judge(self, batch: Batch, item: Item) -> None:
        life = self._lives[item.key]
        now = max(batch.at, item.now)
        outcome = self._service.decide(life.state, item.command, item.rules, now)
        if isinstance(outcome, Rejection):
            if item.cause.HasField("delivered"):
                raise ValueError(f"a letter cannot be sent back by a rejection: {outcome.code}")
            self._refuse(batch, item, outcome)
            return
        # A letter is recorded even if nothing comes of it: that it was heard is part of the state.
        if outcome.events or item.cause.HasField("delivered"):
            for event in outcome.events:
                life.state = self._service.evolve(life.state, event)
            batch.at = now
            record = self._record(batch, item, life.last_seq)
            record.decision = self._service.encode_events(outcome.events)
            self._add_letters(batch, record, outcome.letters)
            self._append(batch, item.key, record)
            life.last_seq = batch.seq
            batch.keys[item.key] = None
            if item.key in self._watches:
                self._show(batch, item.key, now)
        if item.reply is not None:
            batch.answers.append((item.reply, outcome.answer))

    def _add_letters(self, batch: Batch, record: log_pb2.Record, letters: tuple[Letter, ...]) -> None:
        if not letters:
            return
        for letter in letters:
            record.letters.add(to=letter.to, body=self._service.encode_command(letter.command))
        batch.lettered.append(record)

    def _watch(self, key: str, watch: Watch) -> None:
        """Until its reply is there: what a batch shows is answered only if the batch is kept."""
        self._watches.setdefault(key, []).append(watch)
        watch.reply.add_done_callback(lambda _: self._forget(key, watch))

    def _forget(self, key: str, watch: Watch) -> None:
        watching = self._watches[key]
        watching.remove(watch)
        if not watching:
            del self._watches[key]

    def _show(self, batch: Batch, key: str, now: Instant) -> None:
        """Answers those who wait for this state to become what they look for."""
        state = self._lives[key].state
        for watch in self._watches[key]:
            seen = watch.look(state, now)
            if seen is not None:
                batch.answers.append((watch.reply, seen))

    def _refuse(self, batch: Batch, item: Item, rejection: Rejection) -> None:
        if item.reply is not None:
            batch.answers.append((item.reply, Refusal(rejection)))
        elif item.source is not None and self._service.reports_rejections:
            batch.refused.append((item.source, rejection))

    def _fail(self, batch: Batch, item: Item, failed: log_pb2.Failed) -> None:
        record = self._record(batch, item, 0)
        record.failed.CopyFrom(failed)
        record.key = ""
        self._append(batch, "", record)
        if item.source is not None:
            batch.refused.append((item.source, Rejection(failed.code, failed.sentence)))

    def _record(self, batch: Batch, item: Item, previous_seq: int) -> log_pb2.Record:
        # Field by field: with keyword arguments, protobuf takes almost twice as long.
        record = log_pb2.Record()
        record.seq, record.oe, record.poe = batch.seq + 1, self._epoch, batch.oe
        record.key, record.previous_seq = item.key, previous_seq
        record.cause.CopyFrom(item.cause)
        record.at_ms, record.depth = batch.at, item.depth
        record.posted = self._posted
        if item.reply is not None:
            record.asked = self._service.encode_command(item.command)
        if item.rules is not None:
            record.rulebook = item.rules.version
        return record

    def _append(self, batch: Batch, key: str, record: log_pb2.Record) -> None:
        entry = committed_entry(record, b"".join(self._position_bytes.values()))
        if len(entry) > MAX_RECORD_BYTES:
            raise ValueError(
                f"the decision takes {len(entry)} bytes; at most {MAX_RECORD_BYTES} fit a record"
            )
        batch.seq, batch.oe = record.seq, record.oe
        batch.entries.append((key, entry))

    def _move(self, batch: Batch, item: Item) -> None:
        if item.after is not None:
            topic, cursor = item.after
            batch.positions[topic] = cursor
            self._position_bytes[topic] = position_bytes(topic, cursor)


_TOO_DEEP = f"decisions led to decisions more than {MAX_DEPTH} times; rules that feed each other in a circle?"
