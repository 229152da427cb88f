"""From records to items: the reader rule is kept, and what cannot be read is set aside, not skipped."""

import pytest

from cercle.domain.decision import Rejection
from cercle.runtime.deciding import Item
from cercle.runtime.hearing import Hearing
from cercle.runtime.protocol import Cursor, fence_entry
from cercle.wire import log_pb2
from tests.simulation.memory_log import Stored
from tests.simulation.slots import Take, Tell
from tests.unit.runtime.places import NOON, Clock, Rules, action, badge, place


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
