"""What a batch of decisions brings about: records that stand on each other, and nothing without effect."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cercle.domain.decision import Decision, Rejection
from cercle.runtime.deciding import Batch, Deciding, Item
from cercle.runtime.lives import Lives
from cercle.runtime.protocol import MAX_DEPTH, Cursor, cursors
from cercle.runtime.service import Inspection, Refusal, Service
from cercle.wire import log_pb2
from tests.simulation.slots import CAP, SLOTS, Event, Free, State, Take
from tests.unit.runtime.places import NOON, Version, action

EPOCH = 40
AT = {"actions": Cursor(7), "badges": Cursor(4, 3, 6, 5)}


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop for the futures that callers wait on."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


class Table:
    """One partition's deciding, on the footing (9, 30) at noon."""

    def __init__(self, service: Service = SLOTS) -> None:
        self.lives = Lives(service)
        self.lives.add(["ana", "bob"], [None, None])
        self.deciding = Deciding(service, self.lives, EPOCH)
        self.batch: Batch = self.deciding.begin(9, 30, NOON, AT)

    def decide(self, *items: Item) -> "list[log_pb2.Record]":
        """The records of the batch so far."""
        for item in items:
            self.deciding.decide(self.batch, item)
        return [log_pb2.Entry.FromString(entry).record for _, entry in self.batch.entries]


def acting(what: str, offset: int, key: str = "ana", now: int = NOON, depth: int = 0) -> Item:
    """An action of a key."""
    cause = log_pb2.Cause(input=log_pb2.Input(topic="actions", offset=offset))
    after, source = ("actions", Cursor(offset + 1)), action(f"{key} {what}", offset)
    return Item(cause, key, Take(what), Version(), now, depth, after, source)


def asking(reply: "asyncio.Future[Any]", what: str = "", key: str = "k1") -> Item:
    """A command."""
    return Item(log_pb2.Cause(command=key), "ana", Free(key, what), Version(), NOON, reply=reply)


def test_records_stand_on_each_other() -> None:
    """seq counts on; poe is the oe before, oe our epoch; a key's chain; positions just after each cause."""
    first, second, third = Table().decide(acting("x", 7), acting("y", 8, "bob"), acting("z", 9))
    assert [(r.seq, r.poe, r.oe, r.epoch) for r in (first, second, third)] == [
        (10, 30, EPOCH, 0),
        (11, EPOCH, EPOCH, 0),
        (12, EPOCH, EPOCH, 0),
    ]
    assert [(r.key, r.previous_seq) for r in (first, second, third)] == [("ana", 0), ("bob", 0), ("ana", 10)]
    assert [cursors(r)["actions"].offset for r in (first, second, third)] == [8, 9, 10]
    assert cursors(first)["badges"] == AT["badges"]
    assert {r.rulebook for r in (first, second, third)} == {"v1"}


def test_each_decision_sees_the_one_before() -> None:
    """Within a batch as across batches: the events hold the fingerprint that they were decided on."""
    table = Table()
    records = table.decide(*[acting("x", offset) for offset in range(7, 7 + CAP + 1)])
    assert len(records) == CAP
    state = State()
    for record in records:
        [event] = SLOTS.decode_events(record.decision)
        assert event.before == state.fingerprint
        state = SLOTS.evolve(state, event)
    assert table.lives["ana"].state == state
    assert table.lives["ana"].last_seq == 9 + CAP


def test_input_without_effect_moves_positions_only() -> None:
    """No record, no state, no time; and nothing is kept of the key."""
    table = Table()
    table.decide(*[acting("x", offset) for offset in range(7, 7 + CAP)])
    before = (table.batch.seq, table.batch.at, table.lives["ana"].state.fingerprint)
    assert len(table.decide(acting("x", 20, now=NOON + 5), acting("x", 21, "", NOON + 6))) == CAP
    assert (table.batch.seq, table.batch.at, table.lives["ana"].state.fingerprint) == before
    assert table.batch.positions["actions"] == Cursor(22)


def test_time_never_falls() -> None:
    """An older record is judged at the partition's time."""
    [late, early] = Table().decide(acting("x", 7, now=NOON + 50), acting("x", 8, "bob", now=NOON - 50))
    assert (late.at_ms, early.at_ms) == (NOON + 50, NOON + 50)
    assert SLOTS.decode_events(early.decision)[0].at == NOON + 50


def test_rejected_action_is_reported_and_changes_nothing() -> None:
    """With its original record; a service that does not report skips it by the same check."""
    table = Table()
    assert table.decide(acting("late", 7)) == []
    assert table.batch.refused == [(action("ana late", 7), Rejection("late", "too late"))]
    assert table.batch.positions["actions"] == Cursor(8)
    silent = Table(msgspec.structs.replace(SLOTS, reports_rejections=False))
    assert silent.decide(acting("late", 7)) == []
    assert silent.batch.refused == []


def test_command_is_answered_with_its_record(loop: asyncio.AbstractEventLoop) -> None:
    """A new key is a record and an answer; a known one the same answer and no record."""
    table, first, again = Table(), loop.create_future(), loop.create_future()
    records = table.decide(acting("x", 7), asking(first), asking(again))
    assert [record.cause.command for record in records] == ["", "k1"]
    [(_, answered), (_, repeated)] = table.batch.answers
    assert answered == repeated and answered.startswith("freed")


def test_refused_command_is_an_answer_without_record(loop: asyncio.AbstractEventLoop) -> None:
    """A Rejection is told to the caller, and nobody else."""
    table = Table()
    assert table.decide(asking(loop.create_future(), "bad")) == []
    [(_, refusal)] = table.batch.answers
    assert isinstance(refusal, Refusal) and refusal.rejection.code == "bad"
    assert table.batch.refused == []


def test_inspection_sees_what_the_batch_decided(loop: asyncio.AbstractEventLoop) -> None:
    """A confirmed read looks at the state in its turn, and leaves no record."""
    table = Table()
    look = Inspection("ana", lambda state, now: (state.taken, now), loop.create_future())
    reading = Item(log_pb2.Cause(), "ana", look, None, NOON + 9)
    assert len(table.decide(acting("x", 7), reading, acting("y", 8))) == 2
    assert table.batch.answers == [(look.reply, (1, NOON + 9))]


def test_chain_of_decisions_ends() -> None:
    """A decision deeper than allowed becomes a Failed record; at the limit it is still made."""
    table = Table()
    made, refused = table.decide(acting("x", 7, depth=MAX_DEPTH), acting("x", 8, depth=MAX_DEPTH + 1))
    assert made.WhichOneof("body") == "decision" and made.depth == MAX_DEPTH
    assert refused.failed.code == "causation_too_deep"
    assert table.lives["ana"].state.taken == 1


def test_failed_input_is_a_record_of_no_key() -> None:
    """It moves positions and seq, names its cause, is reported, and changes no state."""
    table = Table()
    failed = log_pb2.Failed(code="exception", sentence="ValueError: poison")
    [record] = table.decide(acting("poison", 7)._replace(key="", command=failed))
    assert (record.seq, record.key, record.failed, record.cause.input.offset) == (10, "", failed, 7)
    assert table.batch.refused[0][1] == Rejection("exception", "ValueError: poison")
    assert list(table.batch.keys) == []


def test_record_too_large_to_ship_raises() -> None:
    """Before anything of it is in the batch's records: a commit that cannot be sent would fail for ever."""

    def verbose(state: State, command: object, rules: object, now: int) -> "Decision[Event]":
        return Decision((Event("told", 0, now, "9" * 600_000),))

    table = Table(msgspec.structs.replace(SLOTS, decide=verbose, evolve=lambda state, event: state))
    with pytest.raises(ValueError, match=r"takes 600\d\d\d bytes; at most 524288 fit"):
        table.decide(acting("x", 7))
    assert (table.batch.seq, table.batch.entries) == (9, [])
