"""What waits to be decided: no record twice, none left out, and nobody waits for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from cercle.runtime import inbox as inbox_module
from cercle.runtime.inbox import Gap, Inbox
from cercle.runtime.log import Chunk
from cercle.runtime.protocol import Cursor
from tests.simulation.memory_log import Stored

Law = Callable[[], Coroutine[Any, Any, None]]


def law(test: Law) -> Callable[[], None]:
    """Runs a test in an event loop."""

    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 5))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def chunk(start: int, end: int, highwater: int = 0, offsets: "list[int] | None" = None) -> Chunk:
    """Records of actions at these offsets: all of them from start to end, when not told."""
    records = [
        Stored("actions", 0, offset, 1_000 + offset, b"ana", b"%d" % offset, ())
        for offset in (range(start, end) if offsets is None else offsets)
    ]
    return Chunk("actions", start, end, highwater or end, records)


def begun(at: int = 0, *topics: str) -> Inbox:
    """An inbox whose position in every topic is `at`."""
    inbox = Inbox(("actions", *topics))
    inbox.begin({topic: Cursor(at) for topic in ("actions", *topics)})
    return inbox


def taken(inbox: Inbox, position: int, limit: int = 99) -> "list[tuple[int, int]]":
    """(offset, position after it) of what would be decided."""
    return [(record.offset, after) for record, after in inbox.records("actions", position, limit)]


@law
async def test_records_come_once_and_in_order() -> None:
    """Overlapping chunks, as after a seek, give each record once, from the position on."""
    inbox = begun(5)
    await inbox.offer(chunk(3, 8))
    await inbox.offer(chunk(5, 8))
    await inbox.offer(chunk(6, 11))
    assert inbox.expected == 11
    assert taken(inbox, 5) == [(offset, offset + 1) for offset in range(5, 11)]
    assert [offset for offset, _ in taken(inbox, 8)] == [8, 9, 10]


@law
async def test_missing_records_are_a_gap() -> None:
    """A chunk fetched before the reader was sent back is refused, and so is any before the beginning."""
    inbox = begun(5)
    with pytest.raises(Gap):
        await inbox.offer(chunk(6, 8))
    await inbox.offer(chunk(5, 6))
    await inbox.offer(chunk(6, 8))
    with pytest.raises(Gap):
        await Inbox(("actions",)).offer(chunk(0, 1))


@law
async def test_holes_of_transactions_are_passed() -> None:
    """Offsets that a chunk has no record for lie behind the position once its last record is decided."""
    inbox = begun(0)
    await inbox.offer(chunk(0, 9, offsets=[1, 4]))
    assert taken(inbox, 0) == [(1, 2), (4, 9)]
    inbox.moved({"actions": Cursor(9)})
    assert not inbox.waiting()
    assert inbox.read_to_the_end({"actions": Cursor(9)})


@law
async def test_no_more_than_the_limit() -> None:
    """The limit counts over chunks."""
    inbox = begun(0)
    await inbox.offer(chunk(0, 2))
    await inbox.offer(chunk(2, 5))
    assert [offset for offset, _ in taken(inbox, 0, 3)] == [0, 1, 2]
    assert taken(inbox, 0, 0) == []


@law
async def test_chunks_stay_until_a_commit_moved_past_them() -> None:
    """What was taken but not committed is taken again."""
    inbox = begun(0)
    await inbox.offer(chunk(0, 2))
    await inbox.offer(chunk(2, 5))
    inbox.moved({"actions": Cursor(1)})
    assert [offset for offset, _ in taken(inbox, 1)] == [1, 2, 3, 4]
    inbox.moved({"actions": Cursor(5)})
    assert not inbox.waiting()


@law
async def test_end_is_where_it_was_seen_last() -> None:
    """Read to the end: every topic's end is known and reached; an older fetch does not bring it back."""
    inbox = begun(0, "badges")
    at = {"actions": Cursor(3), "badges": Cursor(0)}
    await inbox.offer(chunk(0, 3))
    assert not inbox.read_to_the_end(at)
    inbox.note_highwater("badges", 0)
    assert inbox.read_to_the_end(at)
    inbox.note_highwater("actions", 5)
    await inbox.offer(chunk(3, 4, highwater=4))
    at["actions"] = Cursor(4)
    assert not inbox.read_to_the_end(at)
    assert inbox.lag(at) == {"actions": 1, "badges": 0}
    assert inbox.read_to_the_end({"actions": Cursor(5), "badges": Cursor(0)})


@law
async def test_who_offers_waits_for_room() -> None:
    """A topic that has enough makes its reader wait until a commit; another topic has its own room."""
    inbox = begun(0, "badges")
    enough = inbox_module._ENOUGH_RECORDS
    await inbox.offer(chunk(0, enough))
    waiting = asyncio.ensure_future(inbox.offer(chunk(enough, enough + 1)))
    await inbox.offer(Chunk("badges", 0, 0, 0, []))
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.moved({"actions": Cursor(enough), "badges": Cursor(0)})
    await waiting
    assert inbox.expected == enough + 1


@law
async def test_closed_inbox_lets_everyone_go() -> None:
    """Whoever waited for room when the incarnation ended goes on, and its chunk is dropped."""
    inbox = begun(0)
    enough = inbox_module._ENOUGH_RECORDS
    await inbox.offer(chunk(0, enough))
    waiting = asyncio.ensure_future(inbox.offer(chunk(enough, enough + 1)))
    await asyncio.sleep(0)
    inbox.close()
    await waiting
    assert inbox.expected == enough


@law
async def test_news_wake_the_owner_once() -> None:
    """A chunk, a command or a new end wakes it; then it sleeps until the next, or until the time is up."""
    inbox = begun(0)
    loop = asyncio.get_running_loop()
    for news in (lambda: inbox.note_highwater("actions", 7), lambda: inbox.put(None)):  # type: ignore[arg-type]
        loop.call_later(0.01, news)
        started = loop.time()
        await inbox.changed(3.0)
        assert loop.time() - started < 2.0
    started = loop.time()
    await inbox.changed(0.02)
    assert loop.time() - started >= 0.015
