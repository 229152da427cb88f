"""Which partitions this worker owns, and one incarnation after another for each of them."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

import structlog

from cercle.runtime.inbox import Gap
from cercle.runtime.log import Chunk, PositionLost
from cercle.runtime.observing import Observed
from cercle.runtime.partition import Incarnation, flatten
from cercle.runtime.service import ACTIONS, Unavailable, Work
from cercle.runtime.store import RolledBack

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
_log = structlog.get_logger("cercle.ownership")

Begin = Callable[[int, bytes], Incarnation]
"""(partition, fresh token) to an incarnation that has not run yet."""

GoTo = Callable[[int, int], Awaitable[None]]
"""(partition, offset): actions of the partition are read on from there."""


class Ownership:
    """The partitions that the group gave this worker; each is served until it is taken away."""

    def __init__(self, begin: Begin, go_to: GoTo, observed: Callable[[int], Observed]) -> None:
        self._begin = begin
        self._go_to = go_to
        self._observed = observed
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._current: dict[int, Incarnation] = {}
        self.lost: asyncio.Future[BaseException] | None = None

    @property
    def owned(self) -> set[int]:
        """The partitions of this worker, serving or about to."""
        return set(self._tasks)

    def serving(self) -> bool:
        """Whether every partition of this worker answers."""
        return all(
            partition in self._current and self._current[partition].serving.is_set()
            for partition in self._tasks
        )

    def assign(self, partitions: set[int]) -> None:
        """Starts to serve what is new."""
        for partition in partitions - set(self._tasks):
            self._tasks[partition] = asyncio.create_task(self._own(partition))

    async def revoke(self, partitions: set[int]) -> None:
        """Stops serving, at once: what is in flight is the next owner's to sort out."""
        tasks = [self._tasks.pop(partition) for partition in partitions & set(self._tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def submit(self, partition: int, work: Work) -> None:
        """Hands a command or a confirmed read to the partition's owner. Raises Unavailable."""
        incarnation = self._current.get(partition)
        if incarnation is None or not incarnation.serving.is_set():
            raise Unavailable
        incarnation.submit(work)

    async def offer(self, partition: int, chunk: Chunk) -> None:
        """Hands a chunk of actions to the partition's owner."""
        incarnation = self._current.get(partition)
        if incarnation is None or not incarnation.serving.is_set():
            return
        try:
            await incarnation.inbox.offer(chunk)
        except Gap:
            await self._go_to(partition, incarnation.inbox.expected)

    def note_highwater(self, partition: int, offset: int) -> None:
        """Where actions of the partition end."""
        incarnation = self._current.get(partition)
        if incarnation is not None:
            incarnation.inbox.note_highwater(ACTIONS, offset)

    def positions(self) -> dict[int, int]:
        """The next offset of actions, by partition that serves."""
        return {p: i.position for p, i in self._current.items() if i.serving.is_set()}

    async def _own(self, partition: int) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            began = loop.time()
            incarnation = self._begin(partition, os.urandom(16))
            self._current[partition] = incarnation
            point = asyncio.create_task(self._point(partition, incarnation))
            try:
                await incarnation.run()
            except Exception as error:
                causes = list(flatten(error))
                self._note(partition, causes)
            finally:
                point.cancel()
                if self._current.get(partition) is incarnation:
                    del self._current[partition]
            # A task group that fails while it is cancelled forgets that it was.
            if self._tasks.get(partition) is not asyncio.current_task():
                return
            if loop.time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _point(self, partition: int, incarnation: Incarnation) -> None:
        await incarnation.serving.wait()
        await self._go_to(partition, incarnation.inbox.expected)

    def _note(self, partition: int, causes: list[BaseException]) -> None:
        for cause in causes:
            if isinstance(cause, PositionLost) and self.lost is not None and not self.lost.done():
                self.lost.set_result(cause)
            if isinstance(cause, RolledBack):
                self._observed(partition).rolled_back()
            _log.warning("incarnation_over", partition=partition, reason=f"{type(cause).__name__}: {cause}")
