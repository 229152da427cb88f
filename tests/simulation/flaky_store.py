"""The store over a network: calls are late, fail before or after they took effect, and outlive their callers.

And a Redis that comes back as it was earlier, or empty.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from cercle.domain.decision import Instant
from cercle.runtime.store import Change, Footing, Reading, Standing
from tests.contract.memory_store import Contents, MemoryStore
from tests.simulation.weather import Weather

Answer = TypeVar("Answer")
_KEPT_SNAPSHOTS = 200


class FlakyRedis:
    """The server: one partition of one service's store, and what it was before."""

    def __init__(self, weather: Weather, memory: MemoryStore, partition: int = 0) -> None:
        self.weather = weather
        self.memory = memory
        self._partition = partition
        self._snapshots: list[Contents] = []

    def keep(self) -> None:
        """Remembers the partition as it is now."""
        self._snapshots.append(self.memory.contents(self._partition).copied())
        del self._snapshots[:-_KEPT_SNAPSHOTS]

    def roll_back(self) -> None:
        """Loses a tail of the writes: some, or most."""
        chance = self.weather.chance
        if not self._snapshots:
            return
        kept = min(int(len(self._snapshots) * (1 - chance.random() ** 3)), len(self._snapshots) - 1)
        if chance.random() < 0.5:
            kept = self._under_another_owner(kept)
        self.memory.partitions[self._partition] = self._snapshots[kept].copied()
        if not self.weather.now.branches:
            del self._snapshots[kept + 1 :]

    def _under_another_owner(self, otherwise: int) -> int:
        """Just before the newest owner came: the one before it, if it still lives, owns it again."""
        owner = self.memory.contents(self._partition).owner
        others = (i for i, found in reversed([*enumerate(self._snapshots)]) if found.owner != owner)
        return next(others, otherwise)

    def wipe(self) -> None:
        """Loses everything."""
        self.memory.partitions.clear()
        self._snapshots.clear()


class FlakyStore:
    """One worker's way to the server."""

    def __init__(self, redis: FlakyRedis) -> None:
        self._redis = redis
        self._frozen_until = 0.0

    def freeze(self, seconds: float) -> None:
        """The process stands still for so long, and then goes on as if nothing had happened."""
        self._frozen_until = asyncio.get_running_loop().time() + seconds

    async def _call(self, effect: "Callable[[], Coroutine[Any, Any, Answer]]", writes: bool = True) -> Answer:
        weather, loop = self._redis.weather, asyncio.get_running_loop()
        if self._frozen_until > loop.time():
            await asyncio.sleep(self._frozen_until - loop.time())
        if weather.strikes(weather.now.store_fails):
            await asyncio.sleep(weather.seconds())
            raise ConnectionError("the store was not reached")
        answer: asyncio.Future[Answer] = loop.create_future()
        arrival = loop.call_later(weather.seconds(), self._arrive, effect, answer, writes)
        try:
            result = await answer
        except asyncio.CancelledError:
            if not weather.strikes(weather.now.store_late):
                arrival.cancel()
            raise
        await asyncio.sleep(weather.seconds())
        if weather.strikes(weather.now.store_fails):
            raise ConnectionError("the store's answer was lost")
        return result

    def _arrive(
        self,
        effect: "Callable[[], Coroutine[Any, Any, Answer]]",
        answer: "asyncio.Future[Answer]",
        writes: bool,
    ) -> None:
        try:
            result = at_once(effect())
        except Exception as error:
            if not answer.done():
                answer.set_exception(error)
            return
        if writes:
            self._redis.keep()
        if not answer.done():
            answer.set_result(result)

    @property
    def _memory(self) -> MemoryStore:
        return self._redis.memory

    async def take(self, partition: int, token: bytes, address: str) -> None:
        await self._call(lambda: self._memory.take(partition, token, address))

    async def look(self, partition: int, token: bytes) -> Standing:
        return await self._call(lambda: self._memory.look(partition, token), writes=False)

    async def wipe(self, partition: int, token: bytes) -> None:
        await self._call(lambda: self._memory.wipe(partition, token))

    async def commit(self, partition: int, token: bytes, on: Footing, change: Change) -> "Instant | None":
        return await self._call(lambda: self._memory.commit(partition, token, on, change))

    async def serve(self, partition: int, token: bytes, on: Footing, epochs: bytes) -> None:
        await self._call(lambda: self._memory.serve(partition, token, on, epochs))

    async def load(
        self, partition: int, token: bytes, on: Footing, keys: "list[str]"
    ) -> "list[bytes | None]":
        return await self._call(lambda: self._memory.load(partition, token, on, keys), writes=False)

    async def due(self, partition: int, token: bytes, on: Footing, until: Instant, limit: int) -> "list[str]":
        return await self._call(lambda: self._memory.due(partition, token, on, until, limit), writes=False)

    async def read(self, partition: int, key: str) -> Reading:
        return await self._call(lambda: self._memory.read(partition, key), writes=False)

    async def address(self, partition: int) -> str:
        return await self._call(lambda: self._memory.address(partition), writes=False)

    async def epochs(self, partition: int) -> bytes:
        return await self._call(lambda: self._memory.epochs(partition), writes=False)

    async def top(self, partition: int, board: str, limit: int) -> "list[tuple[str, int]]":
        return await self._call(lambda: self._memory.top(partition, board, limit), writes=False)

    async def scan(self, partition: int) -> "AsyncIterator[tuple[str, bytes]]":
        async for found in self._memory.scan(partition):
            yield found

    async def standing(self, partition: int) -> Standing:
        return await self._call(lambda: self._memory.standing(partition), writes=False)

    async def forget(self, partition: int) -> None:
        await self._call(lambda: self._memory.forget(partition))


def at_once(work: "Coroutine[Any, Any, Answer]") -> Answer:
    """Runs what never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Answer = end.value
        return result
    raise AssertionError("the store in memory does not wait")
