"""Decisions judged again: a stormy history is found right, and whatever is wrong in one is noticed."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cercle.actions.partition import partition_of
from cercle.runtime.protocol import Cursor
from cercle.wire import log_pb2
from services.console.judging import Judge
from services.console.judging_letters import LetterBook
from tests.simulation.records_club import live_records
from tests.simulation.runs import simulate
from tests.simulation.slots import KEYS, SLOTS, Event, Free, Hear, Tell
from tests.simulation.slots_club import live, live_apart
from tests.simulation.world import Site
from tests.unit.console.judged import Life, acted, finished, judged, waiting
from tests.unit.runtime.places import NOON, badge


def check_site(site: Site, book: "LetterBook | None" = None) -> tuple[Judge, LetterBook]:
    """All of one service's partition, to the positions in its store."""
    names = (*site.service.inputs, site.service.name)
    topics = {name: site.broker.topic(name).records for name in names}
    book = book or LetterBook(site.service.name, lambda key: 0)
    judge = judged(site.service, topics, site.rules, book, site.partition)
    found = site.redis.memory.contents(site.partition)
    finished(judge, topics, msgspec.msgpack.decode(found.positions, type=dict[str, Cursor]))
    book.posted(site.partition, msgspec.msgpack.decode(found.checkpoint, type=Cursor).seq)
    if "letters" in topics:
        waiting(judge, book, topics, site.partition)
    return judge, book


@pytest.mark.parametrize(("life", "seeds"), [(live, 12), (live_records, 6)])
def test_stormy_history_is_found_right(life: Any, seeds: int) -> None:
    """Zombies, void and repeated records, poison, doubled letters, commands, due work: no false alarm."""
    for seed in range(seeds):
        for site in simulate(life, seed).sites:
            judge, book = check_site(site)
            assert (judge.shown, book.wrongs(), book.under_way) == ([], [], 0)
            assert judge.records == judge.cursor.seq > 0
            assert judge.judged + judge.unasked == judge.records
            assert book.written_count == book.heard_count


def test_letters_between_stormy_partitions_are_found_right() -> None:
    """Two partitions are judged one after the other: all that one wrote the other heard."""
    for seed in range(6):
        sites = simulate(live_apart, seed).sites
        book = LetterBook("points", lambda key: partition_of(key.encode(), len(KEYS)))
        judges = [check_site(site, book)[0] for site in sites]
        assert [judge.shown for judge in judges] == [[], []]
        assert (book.wrongs(), book.under_way) == ([], 0)
        assert book.written_count == book.heard_count > 0


def reasons(life: Life) -> list[tuple[int, str]]:
    """What is found wrong in the life: (seq, reason)."""
    return [(each.seq, each.reason) for each in judged(life.service, life.topics).shown]


def test_right_life_has_no_difference() -> None:
    """The lives that these tests spoil are right before."""
    life = Life()
    for key in ("ana", "bob", "ana"):
        life.acts(key)
    life.record("ana", log_pb2.Cause(command="k"), Free("k"), asked=SLOTS.encode_command(Free("k")))
    assert reasons(life) == []


FORGED = SLOTS.encode_events((Event("taken", 99, NOON),))


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"decision": FORGED}, "it is decided otherwise"),
        ({"key": "eve"}, "it is another's"),
        ({"depth": 1}, "its depth"),
        ({"rulebook": "v0"}, "it was judged by another version of the rules"),
        ({"at_ms": NOON + 1}, "its time lies ahead of its input"),
        ({"poe": 7}, "poe does not follow from the record before"),
        ({"previous_seq": 0}, "previous_seq does not follow from the record before"),
        ({"at_ms": NOON - 1}, "at_ms does not follow from the record before"),
    ],
)
def test_tampered_record_is_noticed(wrong: "dict[str, Any]", reason: str) -> None:
    """Each field that says something, in the second of two records."""
    life = Life()
    life.acts("ana")
    life.acts("ana", **wrong)
    assert (2, reason) in reasons(life)
    assert {seq for seq, _ in reasons(life)} == {2}


def test_letter_that_nobody_wrote_is_noticed() -> None:
    """One more in the record than its decision tells."""
    life = Life()
    life.acts("ana")
    life.last.letters.add(to="bob", body=SLOTS.encode_command(Hear("gift")))
    life.topics["points"][0] = life.topics["points"][0]._replace(
        value=log_pb2.Entry(record=life.last).SerializeToString()
    )
    assert reasons(life) == [(1, "it tells something else")]


def test_input_without_its_effect_is_noticed() -> None:
    """An action that was passed over, before the cause of a record or after the last."""
    life = Life()
    life.put("actions", b"bob x")
    life.acts("ana")
    assert reasons(life) == [(1, "actions/0 was passed over")]
    life = Life()
    life.acts("ana")
    life.put("actions", b"bob x")
    judge = judged(SLOTS, life.topics)
    assert judge.shown == []
    finished(judge, life.topics, {"actions": Cursor(2)})
    assert [(each.seq, each.reason) for each in judge.shown] == [(1, "actions/1 was passed over")]


def test_inputs_without_effect_are_no_difference() -> None:
    """Refused, ignored, and of no consequence."""
    life = Life()
    for what in (b"bob refused", b"bob other", b"bob late"):
        life.put("actions", what)
    life.acts("ana")
    judge = judged(SLOTS, life.topics)
    assert (judge.shown, judge.refused, judge.passed["actions"]) == ([], 2, 4)


def test_cause_that_is_not_there_is_noticed() -> None:
    """An input that was decided before, or that asks for nothing; a position past the cause, or back."""
    life = Life()
    life.acts("ana")
    life.record("ana", acted(0), Tell(3))
    assert reasons(life) == [(2, "its cause does not lie between its positions and those before")]
    life = Life()
    life.put("actions", b"ana other")
    life.record("ana", acted(0), Tell(3))
    assert reasons(life) == [(1, "its cause asks for nothing")]
    life = Life()
    life.put("actions", b"ana x")
    life.put("actions", b"ana other")
    life.record("ana", acted(0), Tell(3))
    assert (1, "its position in actions lies after 1, past its cause") in reasons(life)


def test_other_services_memory_is_checked() -> None:
    """A position that names another record than the reader rule finds there."""
    life = Life()
    life.topics["badges"].append(badge(0, 1, 21)._replace(timestamp=NOON))
    cause = log_pb2.Cause(input=log_pb2.Input(topic="badges", offset=0))
    right = life.record("ana", cause, Tell(21), depth=3)
    found = reasons(life)
    assert found == [(1, "what its reader remembers of badges")]
    del life.topics["points"][:]
    [position] = (each for each in right.positions if each.topic == "badges")
    position.seq, position.oe = 1, 5
    life.append(right)
    assert reasons(life) == []


def test_command_without_its_bytes_is_not_judged_again() -> None:
    """Records of before that was written: counted, and believed."""
    life = Life()
    life.record("ana", log_pb2.Cause(command="k"), Free("k"))
    judge = judged(SLOTS, life.topics)
    assert (judge.shown, judge.unasked, judge.judged) == ([], 1, 0)


def test_input_set_aside_without_need_is_noticed() -> None:
    """A Failed record of an action that raises nothing; one that raises is right."""

    def set_aside(what: bytes) -> "list[tuple[int, str]]":
        life = Life()
        cause = acted(life.put("actions", what))
        failed = log_pb2.Failed(code="exception", sentence="ValueError: poison")
        record = log_pb2.Record(seq=1, cause=cause, failed=failed, rulebook="v1")
        record.positions.add(topic="actions", offset=1)
        life.append(record)
        return reasons(life)

    assert set_aside(b"ana poison") == []
    assert set_aside(b"ana x") == [(1, "it was set aside, and need not have been")]


# ---- letters ----------------------------------------------------------------------------


def telling() -> "tuple[Life, log_pb2.Record]":
    """A life up to its first record with a letter."""
    life = Life()
    while not life.acts("ana").letters:
        assert life.last.seq < 50
        if life.states["ana"].taken == 2:
            cause = log_pb2.Cause(command=f"k{life.last.seq}")
            asked = Free(f"k{life.last.seq}")
            if life.record("ana", cause, asked, asked=SLOTS.encode_command(asked)).letters:
                break
    return life, life.last


def hear(life: Life, written: log_pb2.Record, index: int = 0) -> log_pb2.Cause:
    """The letter arrives."""
    return life.post(written.letters[index], written.seq, index)


def test_letter_is_heard_once() -> None:
    """One that lies in the topic twice is heard the first time; a second record of it is wrong."""
    life, written = telling()
    command = SLOTS.decode_command(written.letters[0].body)
    receiver = written.letters[0].to
    life.record(receiver, hear(life, written), command, depth=1)
    again = hear(life, written)
    life.acts("bob")
    assert reasons(life) == []
    life.record(receiver, again, command, depth=1)
    found = reasons(life)
    assert found == [(life.last.seq, "its cause does not lie between its positions and those before")]
    life.record(receiver, hear(life, written), command, depth=1)
    assert reasons(life)[1:] == [(life.last.seq, "its cause asks for nothing")]


def test_letter_that_is_passed_over_is_noticed() -> None:
    """It came, and what its receiver decided next is not what it asks."""
    life, written = telling()
    hear(life, written)
    life.put("actions", b"bob x")
    life.acts("bob")
    assert (life.last.seq, "the letter letters/0 was passed over") in reasons(life)


def wrote(seq: int, *letters: log_pb2.Letter, posted: int = 0) -> log_pb2.Record:
    """A sender's record."""
    return log_pb2.Record(seq=seq, key="ana", letters=letters, posted=posted)


def arrived(seq: int, letter: log_pb2.Letter, index: int = 0) -> log_pb2.Delivery:
    """A letter of partition 0."""
    return log_pb2.Delivery(service="points", seq=seq, index=index, sender="ana", letter=letter)


GIFT, GIFTS = (log_pb2.Letter(to="bob", body=body) for body in (b"gift", b"gifts"))


def told(
    *written: log_pb2.Record, heard: "tuple[Any, ...]" = (), waits: "tuple[Any, ...]" = ()
) -> LetterBook:
    """A book of what partition 0 wrote and partition 1 heard."""
    book = LetterBook("points", lambda key: 1)
    for record in written:
        book.written(0, record)
    for delivery in heard:
        book.heard(1, delivery)
    for delivery in waits:
        book.waits(1, delivery)
    return book


def test_letters_across_partitions_meet() -> None:
    """In whichever order the partitions are told; what is not posted, or not heard, is under way."""
    book = LetterBook("points", lambda key: 1)
    book.heard(1, arrived(2, GIFT))
    book.written(0, wrote(1))
    book.written(0, wrote(2, GIFT, GIFTS, posted=1))
    book.waits(1, arrived(2, GIFTS, 1))
    book.written(0, wrote(3, GIFT, posted=2))
    assert (book.wrongs(), book.under_way, book.written_count, book.heard_count) == ([], 2, 3, 1)
    late = told(wrote(1), heard=(arrived(2, GIFT),))
    assert late.wrongs() == [], "it was written after its sender's log was read"


@pytest.mark.parametrize(
    ("book", "sentence"),
    [
        (lambda: told(wrote(1, GIFT, posted=1), wrote(2, posted=1)), "is not in the topic of letters"),
        (
            lambda: told(wrote(1, GIFT), wrote(2, GIFTS), heard=(arrived(2, GIFTS),)),
            "letter 0 of record 1 was left out: the next one that was heard is letter 0 of record 2",
        ),
        (
            lambda: told(wrote(1, GIFT), wrote(2, GIFTS), waits=(arrived(2, GIFTS),)),
            "letter 0 of record 1 was left out",
        ),
        (
            lambda: told(wrote(1, GIFT), wrote(2), heard=(arrived(1, GIFT), arrived(1, GIFT, 1))),
            "letter 1 of record 1 was heard, and is in no record",
        ),
        (
            lambda: told(wrote(1, GIFT), wrote(2), heard=(arrived(1, GIFT), arrived(1, GIFT))),
            "letter 0 of record 1 was heard, and is in no record",
        ),
        (
            lambda: told(wrote(1, GIFT), heard=(arrived(1, GIFTS),)),
            "was heard with another content than it was written with",
        ),
    ],
)
def test_lost_doubled_and_changed_letters_are_noticed(
    book: "Callable[[], LetterBook]", sentence: str
) -> None:
    """Each way in which what is heard is not what was written."""
    [wrong] = book().wrongs()
    assert wrong.startswith("from partition 0 to 1: ") and sentence in wrong
