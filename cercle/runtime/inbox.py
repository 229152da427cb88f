"""What waits to be decided in one partition: chunks of input records, commands, reads.

Bounded: whoever offers a chunk waits while the partition has enough of its topic.
"""

import asyncio
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from operator import attrgetter

from cercle.runtime.log import Chunk, LogRecord
from cercle.runtime.protocol import Cursor
from cercle.runtime.service import ACTIONS, Work

_ENOUGH_RECORDS = 4_000
_offset = attrgetter("offset")


class Gap(Exception):
    """A chunk begins after the position: it was fetched before the reader was sent back."""


class Inbox:
    """Chunks are kept until the COMMIT that moves past them; commands until they are taken."""

    def __init__(self, topics: tuple[str, ...]) -> None:
        self.commands: deque[Work] = deque()
        self._chunks: dict[str, deque[Chunk]] = {topic: deque() for topic in topics}
        self._expected: dict[str, int] = {}
        self._highwater: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False

    def begin(self, positions: dict[str, Cursor]) -> None:
        """From these positions on, chunks are taken."""
        for topic in self._chunks:
            self._expected[topic] = positions[topic].offset

    @property
    def expected(self) -> int:
        """The offset of actions that must come next."""
        return self._expected[ACTIONS]

    async def offer(self, chunk: Chunk) -> None:
        """Takes a chunk, after waiting for room. Raises Gap when something is missing before it."""
        while self._full(chunk.topic):
            self._room.clear()
            await self._room.wait()
        if self._closed:
            return
        expected = self._expected.get(chunk.topic)
        if expected is None or chunk.start > expected:
            raise Gap
        self.note_highwater(chunk.topic, chunk.highwater)
        if chunk.end > expected:
            self._expected[chunk.topic] = chunk.end
            # Fetched again after a seek: what came before is not taken twice.
            fresh = [record for record in chunk.records if record.offset >= expected]
            self._chunks[chunk.topic].append(chunk._replace(start=expected, records=fresh))
        self._changed.set()

    def _full(self, topic: str) -> bool:
        enough = sum(len(chunk.records) for chunk in self._chunks[topic]) >= _ENOUGH_RECORDS
        return enough and not self._closed

    def close(self) -> None:
        """Nothing is decided any more: whoever waits for room goes on, and chunks are dropped."""
        self._closed = True
        self._room.set()

    def note_highwater(self, topic: str, offset: int) -> None:
        """A topic's end, learnt without a chunk."""
        if offset > self._highwater.get(topic, -1):
            self._highwater[topic] = offset
            self._changed.set()

    def put(self, command: Work) -> None:
        """Takes a command or a read."""
        self.commands.append(command)
        self._changed.set()

    def wake(self) -> None:
        """Whoever waits for a change looks again."""
        self._changed.set()

    def waiting(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.commands) or any(self._chunks.values())

    async def changed(self, within_seconds: float) -> None:
        """Returns when something came, or the time is up."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

    def records(self, topic: str, position: int, limit: int) -> Iterator[tuple[LogRecord, int]]:
        """Up to `limit` records from `position` on, each with the position after it.

        The last record of a chunk brings the position to the chunk's end.
        """
        for chunk in self._chunks[topic]:
            last = len(chunk.records) - 1
            for index in range(bisect_left(chunk.records, position, key=_offset), last + 1):
                record = chunk.records[index]
                if limit <= 0:
                    return
                limit -= 1
                yield record, chunk.end if index == last else record.offset + 1

    def moved(self, positions: dict[str, Cursor]) -> None:
        """Drops the chunks that a COMMIT has moved past."""
        for topic, chunks in self._chunks.items():
            while chunks and chunks[0].end <= positions[topic].offset:
                chunks.popleft()
        self._room.set()

    def read_to_the_end(self, positions: dict[str, Cursor]) -> bool:
        """Whether every input was read to where it ended when last fetched."""
        return all(
            topic in self._highwater and positions[topic].offset >= self._highwater[topic]
            for topic in self._chunks
        )

    def lag(self, positions: dict[str, Cursor]) -> dict[str, int]:
        """Records not yet decided, by topic."""
        return {
            topic: max(0, self._highwater.get(topic, 0) - positions[topic].offset) for topic in self._chunks
        }
