"""What a batch of decisions brings about: records that stand on each other, and nothing without effect."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from cercle.domain.decision import Decision, Letter, Rejection
from cercle.runtime.deciding import Batch, Deciding, Item
from cercle.runtime.lives import Lives
from cercle.runtime.protocol import MAX_DEPTH, Cursor, cursors
from cercle.runtime.service import Inspection, Refusal, Service, Watch
from cercle.wire import log_pb2
from tests.simulation.slots import CAP, SLOTS, Event, Free, Hear, State, Take
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


# ---- letters ----------------------------------------------------------------------------


def telling(state: State, command: object, rules: object, now: int) -> "Decision[Event]":
    """Every action tells ana and bob; a letter of "nothing" has no event."""
    if command == Hear("nothing"):
        return Decision()
    event = Event("told", state.fingerprint, now, "1")
    return Decision((event,), letters=(Letter("ana", Hear("a")), Letter("bob", Hear("b"))))


TELLING = msgspec.structs.replace(SLOTS, decide=telling)


def hearing(seq: int, word: str = "a") -> Item:
    """A letter to ana."""
    cause = log_pb2.Cause(delivered=log_pb2.Delivered(offset=5, partition=2, seq=seq))
    return Item(cause, "ana", Hear(word), Version(), NOON, 1, ("letters", Cursor(6)), action("", 5))


def test_letters_are_in_the_record() -> None:
    """With the bytes that their receiver decodes; the batch names the records that have some."""
    table = Table(TELLING)
    [record] = table.decide(acting("x", 7))
    assert [(each.to, TELLING.decode_command(each.body)) for each in record.letters] == [
        ("ana", Hear("a")),
        ("bob", Hear("b")),
    ]
    assert [each.seq for each in table.batch.lettered] == [record.seq]
    assert Table().decide(acting("x", 7))[0].letters == []


def test_letter_without_effect_is_a_record_all_the_same() -> None:
    """That it was heard is rebuilt from the log."""
    table = Table(TELLING)
    [record] = table.decide(hearing(3, "nothing"))
    assert (record.cause.delivered.seq, TELLING.decode_events(record.decision)) == (3, ())
    assert (record.key, record.previous_seq, table.lives["ana"].last_seq) == ("ana", 0, 10)


def test_letter_cannot_be_rejected() -> None:
    """It was true when it was sent: a domain that says no to it is wrong, and the letter poison."""

    def refusing(state: State, command: object, rules: object, now: int) -> Rejection:
        return Rejection("full", "no room")

    with pytest.raises(ValueError, match="cannot be sent back by a rejection: full"):
        Table(msgspec.structs.replace(SLOTS, decide=refusing)).decide(hearing(3))


def test_record_says_which_letters_were_posted_then() -> None:
    """So that recovery knows from the log alone which may not be in their topic."""
    table = Table()
    table.batch = table.deciding.begin(9, 30, NOON, AT, 6)
    assert [record.posted for record in table.decide(acting("x", 7), acting("y", 8))] == [6, 6]


def test_command_is_kept_as_it_was_asked(loop: asyncio.AbstractEventLoop) -> None:
    """It can be judged again; an input's record needs no copy."""
    asked, acted = Table().decide(asking(loop.create_future()), acting("x", 7))
    assert SLOTS.decode_command(asked.asked) == Free("k1")
    assert acted.asked == b""


# ---- watches ----------------------------------------------------------------------------


def watching(reply: "asyncio.Future[Any]", taken: int, key: str = "ana") -> Item:
    """Waits until so many slots are taken."""
    look = Watch(key, lambda state, now: (state.taken, now) if state.taken >= taken else None, reply)
    return Item(log_pb2.Cause(), key, look, None, NOON + 9)


def test_watch_that_holds_already_is_answered_at_once(loop: asyncio.AbstractEventLoop) -> None:
    """In its turn, without a record."""
    table, reply = Table(), loop.create_future()
    assert len(table.decide(acting("x", 7), watching(reply, 1), acting("y", 8, "bob"))) == 2
    assert table.batch.answers == [(reply, (1, NOON + 9))]


def test_watch_is_answered_by_the_record_that_makes_it_hold(loop: asyncio.AbstractEventLoop) -> None:
    """Not before, and not by another key; also in a later batch."""
    table, reply = Table(), loop.create_future()
    table.decide(watching(reply, 2), acting("x", 7), acting("y", 8, "bob"), acting("z", 9, "bob"))
    assert table.batch.answers == []
    table.batch = table.deciding.begin(12, EPOCH, NOON, AT)
    table.decide(acting("z", 10, now=NOON + 20))
    assert table.batch.answers == [(reply, (2, NOON + 20))]


def test_all_who_watch_are_shown(loop: asyncio.AbstractEventLoop) -> None:
    """Each by its own look."""
    table, replies = Table(), [loop.create_future() for _ in range(3)]
    table.decide(*(watching(reply, taken) for reply, taken in zip(replies, (1, 1, 2), strict=True)))
    table.decide(acting("x", 7))
    assert [reply for reply, _ in table.batch.answers] == replies[:2]


def test_watch_of_a_batch_that_is_dropped_still_waits(loop: asyncio.AbstractEventLoop) -> None:
    """What it showed there was never kept; the same watch, looked at again, is answered then."""
    table, reply = Table(), loop.create_future()
    watch = watching(reply, 1)
    with pytest.raises(ValueError, match="poison"):
        table.decide(watch, acting("x", 7), acting("poison", 8))
    table.lives.drop(["ana"])
    table.lives.add(["ana"], [None])
    table.batch = table.deciding.begin(9, 30, NOON, AT)
    table.decide(watch, acting("x", 7))
    assert (reply, (1, NOON)) in table.batch.answers
    reply.set_result(1)
    loop.run_until_complete(asyncio.sleep(0))
    table.batch = table.deciding.begin(10, EPOCH, NOON, AT)
    table.decide(acting("y", 9))
    assert table.batch.answers == []


def test_watch_that_nobody_waits_for_is_gone(loop: asyncio.AbstractEventLoop) -> None:
    """Its caller's time was up."""
    table, reply = Table(), loop.create_future()
    table.decide(watching(reply, 1))
    reply.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    table.decide(acting("x", 7))
    assert table.batch.answers == []
    assert table.deciding._watches == {}, "nothing is kept of it"
