"""Which partitions this worker owns, and one incarnation after another for each of them."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

import structlog

from cercle.runtime.inbox import Gap
from cercle.runtime.log import Chunk, PositionLost
from cercle.runtime.observing import Observed
from cercle.runtime.partition import Finished, Incarnation, flatten
from cercle.runtime.service import ACTIONS, Unavailable, Work
from cercle.runtime.store import Fenced, RolledBack

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 2.0
_FENCED_PAUSE_SECONDS = 0.5
_FINISH_SECONDS = 5.0
_log = structlog.get_logger("cercle.ownership")

Begin = Callable[[int, bytes], Incarnation]
"""(partition, fresh token) to an incarnation that has not run yet."""

GoTo = Callable[[int, int], Awaitable[None]]
"""(partition, offset): actions of the partition are read on from there."""


class Elsewhere(Unavailable):
    """This worker does not serve the partition; another one may."""

    def __init__(self, partition: int) -> None:
        super().__init__(f"partition {partition} is not served here")
        self.partition = partition


class Ownership:
    """The partitions that the group gave this worker; each is served until another one has it.

    While the group deals partitions out anew, they are served on: the protocol makes an owner
    that lost one harmless, and most come back. But none is acquired again until it is settled.
    """

    def __init__(self, begin: Begin, go_to: GoTo, observed: Callable[[int], Observed]) -> None:
        self._begin = begin
        self._go_to = go_to
        self._observed = observed
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._current: dict[int, Incarnation] = {}
        self._settled = asyncio.Event()
        self._finishing = False
        self.joined = False
        self.lost: asyncio.Future[BaseException] | None = None

    @property
    def owned(self) -> set[int]:
        """The partitions of this worker, serving or about to."""
        return set(self._tasks)

    def serving(self) -> bool:
        """Whether this worker is in its group, and every partition that it has there answers."""
        return self.joined and all(
            partition in self._current and self._current[partition].serving.is_set()
            for partition in self._tasks
        )

    def unsettle(self) -> None:
        """The group deals partitions out anew: who is fenced meanwhile has probably lost its own."""
        self._settled.clear()

    async def settle(self, partitions: set[int]) -> None:
        """What the group gave: stops what is not among it, starts what is new, leaves the rest alone."""
        await self.revoke(self.owned - partitions)
        self.assign(partitions)

    def assign(self, partitions: set[int]) -> None:
        """Starts to serve what is new."""
        self.joined = True
        self._settled.set()
        if self._finishing:
            return
        for partition in partitions - set(self._tasks):
            self._tasks[partition] = asyncio.create_task(self._own(partition))

    async def revoke(self, partitions: set[int]) -> None:
        """Stops serving, at once: what is in flight is the next owner's to sort out."""
        tasks = [self._tasks.pop(partition) for partition in partitions & set(self._tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self) -> None:
        """Gives all up in good order: what was begun is shipped and answered, nothing new is begun."""
        self._finishing = True
        serving = {p: i for p, i in self._current.items() if i.serving.is_set()}
        for incarnation in serving.values():
            incarnation.finish()
        finishing = [self._tasks[partition] for partition in serving if partition in self._tasks]
        if finishing:
            await asyncio.wait(finishing, timeout=_FINISH_SECONDS)
        await self.revoke(self.owned)

    def submit(self, partition: int, work: Work) -> None:
        """Hands a command or a confirmed read to the partition's owner. Raises Elsewhere."""
        incarnation = self._current.get(partition)
        if incarnation is None or not incarnation.serving.is_set():
            raise Elsewhere(partition)
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

    async def point(self, partition: int) -> None:
        """Actions of a partition that serves are read on from where its owner stands."""
        incarnation = self._current.get(partition)
        if incarnation is not None and incarnation.serving.is_set():
            await self._go_to(partition, incarnation.inbox.expected)

    async def _own(self, partition: int) -> None:
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._settled.wait()
            began = loop.time()
            causes = await self._serve_once(partition)
            if any(isinstance(cause, Finished) for cause in causes):
                return
            # A task group that fails while it is cancelled forgets that it was.
            if self._finishing or self._tasks.get(partition) is not asyncio.current_task():
                return
            if loop.time() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            if any(isinstance(cause, Fenced) for cause in causes):
                # Another worker may have it, and the group is about to say so: do not fence it at once.
                pause = max(pause, _FENCED_PAUSE_SECONDS)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _serve_once(self, partition: int) -> list[BaseException]:
        """One incarnation, from its beginning to its end; why it ended."""
        incarnation = self._begin(partition, os.urandom(16))
        self._current[partition] = incarnation
        point = asyncio.create_task(self._point(partition, incarnation))
        causes: list[BaseException] = []
        try:
            await incarnation.run()
        except Exception as error:
            causes = list(flatten(error))
            self._note(partition, causes)
        finally:
            point.cancel()
            if self._current.get(partition) is incarnation:
                del self._current[partition]
        return causes

    async def _point(self, partition: int, incarnation: Incarnation) -> None:
        await incarnation.serving.wait()
        await self._go_to(partition, incarnation.inbox.expected)

    def _note(self, partition: int, causes: list[BaseException]) -> None:
        for cause in causes:
            if isinstance(cause, Finished):
                continue
            if isinstance(cause, PositionLost) and self.lost is not None and not self.lost.done():
                self.lost.set_result(cause)
            if isinstance(cause, RolledBack):
                self._observed(partition).rolled_back()
            _log.warning("incarnation_over", partition=partition, reason=f"{type(cause).__name__}: {cause}")
