"""From records to items: the reader rule is kept, and what cannot be read is set aside, not skipped."""

from typing import Any

import pytest

from cercle.domain.decision import Rejection
from cercle.runtime.deciding import Item
from cercle.runtime.hearing import Hearing
from cercle.runtime.protocol import Cursor, fence_entry
from cercle.wire import log_pb2
from tests.simulation.memory_log import Stored
from tests.simulation.slots import SLOTS, Hear, Take, Tell
from tests.unit.runtime.places import NOON, Clock, Rules, Version, action, badge, place


def heard(topic: str, record: Stored, cursor: Cursor) -> Item:
    """The item of one record; the position after it is the next offset."""
    return Hearing(place(), Rules(), Clock(), 1).item(topic, record, cursor, record.offset + 1)


def test_action_becomes_a_command() -> None:
    """Its cause is its place in the topic; it is judged at its record's time; the position is after it."""
    cursor = Cursor(7)
    item = heard("actions", action("ana x", 7), cursor)
    assert (item.key, item.command, item.now, item.depth) == ("ana", Take("x"), NOON - 10, 0)
    assert (item.cause.input.topic, item.cause.input.offset) == ("actions", 7)
    assert item.after == ("actions", Cursor(8)) and cursor == Cursor(8)


def test_time_of_a_record_from_the_future_is_the_clock() -> None:
    """No brand can move the partition's time ahead."""
    item = heard("actions", action("ana x")._replace(timestamp=NOON + 9_999), Cursor())
    assert item.now == NOON


@pytest.mark.parametrize(
    ("text", "what"), [("ana refused", Rejection("refused", "not understood")), ("ana other", None)]
)
def test_rejected_and_ignored_actions_move_the_position(text: str, what: object) -> None:
    """They concern no key, and are passed."""
    item = heard("actions", action(text, 3), Cursor(3))
    assert (item.key, item.command, item.after) == ("", what, ("actions", Cursor(4)))


def test_decision_of_another_service_is_one_deeper() -> None:
    """The reader's memory moves with the position."""
    cursor = Cursor(4, 3, 6, 5)
    item = heard("badges", badge(4, 7, 21, epoch=3), cursor)
    assert (item.key, item.command, item.depth) == ("ana", Tell(21), 3)
    assert item.after == ("badges", Cursor(5, 3, 7, 5)) and cursor == Cursor(5, 3, 7, 5)


@pytest.mark.parametrize(("seq", "epoch"), [(7, 2), (6, 3), (9, 3)])
def test_void_repeated_and_gapped_records_ask_nothing(seq: int, epoch: int) -> None:
    """Only the offset moves."""
    item = heard("badges", badge(4, seq, 21, epoch), Cursor(4, 3, 6, 5))
    assert (item.key, item.command, item.after) == ("", None, ("badges", Cursor(5, 3, 6, 5)))


def test_fence_moves_the_fence() -> None:
    """It asks nothing, and what comes later of an earlier owner is void."""
    fence = badge(4, 0, 0)._replace(value=fence_entry(b"t", "there"))
    assert heard("badges", fence, Cursor(4, 3, 6, 5)).after == ("badges", Cursor(5, 4, 6, 5))


def test_poison_of_another_service_does_not_hide_what_follows() -> None:
    """A valid record that cannot be decoded is a Failed; the reader goes on after it without a gap."""
    cursor = Cursor(4, 3, 6, 5)
    poison = heard("badges", badge(4, 7, 13, epoch=3), cursor)
    assert isinstance(poison.command, log_pb2.Failed)
    assert poison.after == ("badges", Cursor(5, 3, 7, 5))
    assert heard("badges", badge(5, 8, 21, epoch=3), cursor).command == Tell(21)


def test_unreadable_records_are_set_aside() -> None:
    """In either kind of topic; the sentence says what was raised."""
    unread = heard("actions", action("ana unreadable", 3), Cursor(3))
    assert unread.command == log_pb2.Failed(code="exception", sentence="ValueError: unreadable")
    garbage = heard("badges", badge(4, 7, 1)._replace(value=b"\xff\xff"), Cursor(4, 3, 6, 5))
    assert isinstance(garbage.command, log_pb2.Failed)
    assert garbage.after == ("badges", Cursor(5, 3, 6, 5))


# ---- letters ----------------------------------------------------------------------------


def letter(offset: int, seq: int, index: int = 0, word: str = "taken 1", **more: Any) -> Stored:
    """A letter to bob in the topic of letters; from partition 2 unless said otherwise."""
    body = SLOTS.encode_command(Hear(word))
    delivery = log_pb2.Delivery(service="points", partition=2, seq=seq, index=index, sender="ana", depth=3)
    delivery.rulebook = "v1"
    delivery.letter.to, delivery.letter.body = "bob", body
    for name, value in more.items():
        setattr(delivery, name, value)
    return Stored("cercle.club.letters", 0, offset, NOON - 10, b"bob", delivery.SerializeToString(), ())


def test_letter_becomes_a_command_for_its_receiver() -> None:
    """One deeper than what sent it; the cause says which letter it is and where it lies."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    item = hearing.item("letters", letter(5, 7, 1), Cursor(5), 6)
    assert (item.key, item.command, item.rules, item.depth) == ("bob", Hear("taken 1"), Version(), 4)
    assert item.cause == log_pb2.Cause(delivered=log_pb2.Delivered(offset=5, partition=2, seq=7, index=1))
    assert item.after == ("letters", Cursor(6))
    assert hearing.heard == {2: (7, 1)}


@pytest.mark.parametrize(("seq", "index"), [(7, 1), (7, 0), (6, 9)])
def test_letter_that_was_heard_asks_nothing(seq: int, index: int) -> None:
    """Whatever is not beyond the last one of its sender: only the position moves."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    hearing.heard = {2: (7, 1)}
    item = hearing.item("letters", letter(5, seq, index), Cursor(5), 6)
    assert (item.key, item.command, item.after) == ("", None, ("letters", Cursor(6)))
    assert not item.cause.HasField("delivered")
    assert hearing.heard == {2: (7, 1)}


def test_each_sender_is_remembered_alone() -> None:
    """An earlier seq of another partition is new."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    for offset, (partition, seq) in enumerate([(2, 7), (0, 3), (2, 8), (0, 3)]):
        hearing.item("letters", letter(offset, seq, partition=partition), Cursor(offset), offset + 1)
    assert hearing.heard == {2: (8, 0), 0: (3, 0)}


def test_letter_of_another_service_is_none_of_ours() -> None:
    """It is passed, and its sender's letters to us are not taken for heard."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    item = hearing.item("letters", letter(5, 7, service="offers"), Cursor(5), 6)
    assert (item.key, item.command, hearing.heard) == ("", None, {})


def test_letter_that_cannot_be_read_is_set_aside_and_heard() -> None:
    """Its sender is passed: a Failed record of it is its effect, once."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    broken = letter(5, 7)
    delivery = log_pb2.Delivery.FromString(broken.value or b"")
    delivery.letter.body = b"\xff"
    item = hearing.item("letters", broken._replace(value=delivery.SerializeToString()), Cursor(5), 6)
    assert isinstance(item.command, log_pb2.Failed) and item.cause.delivered.seq == 7
    assert hearing.heard == {2: (7, 0)}
    again = hearing.item("letters", letter(6, 7), Cursor(6), 7)
    assert again.command is None


def test_garbage_among_letters_is_nobodys_letter() -> None:
    """It is a Failed of an input, and no sender is passed."""
    hearing = Hearing(place(), Rules(), Clock(), 1)
    item = hearing.item("letters", letter(5, 7)._replace(value=b"\xff\xff"), Cursor(5), 6)
    assert isinstance(item.command, log_pb2.Failed)
    assert (item.cause.input.topic, item.cause.input.offset, hearing.heard) == ("letters", 5, {})


def test_letter_is_judged_by_the_version_that_sent_it() -> None:
    """Of several, the one that its record names; an unknown one is the version of its time."""

    class Two(Rules):
        @property
        def versions(self) -> "list[Version]":
            return [Version("v1"), Version("v2")]

    hearing = Hearing(place(), Two(), Clock(), 1)
    rules = [
        hearing.item("letters", letter(offset, offset + 1, rulebook=named), Cursor(offset), offset + 1).rules
        for offset, named in enumerate(["v2", "v1", "v9"])
    ]
    assert rules == [Version("v2"), Version("v1"), Version("v1")]
