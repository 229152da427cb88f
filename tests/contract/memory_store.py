"""A `Store` in memory, with the semantics of the one in Redis: the same contract tests hold for both.

What it holds of a partition can be copied and put back, as a Redis that lost the tail of its
writes would: the simulation does that.
"""

from collections.abc import AsyncIterator
from copy import copy

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.store import (
    Change,
    Fenced,
    Footing,
    NotReady,
    Reading,
    RolledBack,
    Standing,
    by_key,
)


class Contents(msgspec.Struct):
    """All that the store holds of one partition. `outbox`: the last seq of each batch, and the batch."""

    owner: bytes | None = None
    address: str = ""
    ready: bool = False
    footing: Footing = Footing()
    positions: bytes = b""
    at: Instant = 0
    checkpoint: bytes = b""
    epochs: bytes = b""
    heard: bytes = b""
    outbox: list[tuple[int, bytes]] = msgspec.field(default_factory=list)
    states: dict[str, bytes] = msgspec.field(default_factory=dict)
    due: dict[str, Instant] = msgspec.field(default_factory=dict)
    boards: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)

    def copied(self) -> "Contents":
        """A copy that later writes do not reach."""
        twin = copy(self)
        twin.outbox, twin.states, twin.due = self.outbox[:], self.states.copy(), self.due.copy()
        twin.boards = {board: ranks.copy() for board, ranks in self.boards.items()}
        return twin


class MemoryStore:
    """One service's store."""

    def __init__(self) -> None:
        self.partitions: dict[int, Contents] = {}

    def contents(self, partition: int) -> Contents:
        """What stands there, to look at or to change."""
        return self.partitions.setdefault(partition, Contents())

    def _owned(self, partition: int, token: bytes) -> Contents:
        contents = self.contents(partition)
        if contents.owner != token:
            raise Fenced
        return contents

    def _stands(self, partition: int, token: bytes, on: Footing) -> Contents:
        contents = self._owned(partition, token)
        if contents.footing != on:
            raise RolledBack
        return contents

    def _ready(self, partition: int) -> Contents:
        contents = self.contents(partition)
        if not contents.ready:
            raise NotReady
        return contents

    async def take(self, partition: int, token: bytes, address: str) -> None:
        contents = self.contents(partition)
        contents.owner, contents.address, contents.ready = token, address, False

    async def look(self, partition: int, token: bytes) -> Standing:
        self._owned(partition, token)
        return await self.standing(partition)

    async def standing(self, partition: int) -> Standing:
        found = self.contents(partition)
        outbox = [batch for _, batch in found.outbox]
        return Standing(
            found.footing, found.positions, found.at, found.checkpoint, outbox, found.epochs, found.heard
        )

    async def wipe(self, partition: int, token: bytes) -> None:
        self._owned(partition, token)
        before = self.contents(partition)
        self.partitions[partition] = Contents(owner=before.owner, address=before.address)

    async def forget(self, partition: int) -> None:
        self.partitions[partition] = Contents()

    async def commit(self, partition: int, token: bytes, on: Footing, change: Change) -> Instant | None:
        contents = self._stands(partition, token, on)
        contents.states.update(change.states)
        kept = [] if change.clear_outbox else contents.outbox
        contents.outbox = [(seq, batch) for seq, batch in kept if seq > change.trim_to]
        if change.outbox:
            contents.outbox.append((change.footing.seq, change.outbox))
        for key, at in change.due.items():
            contents.due.pop(key, None)
            if at is not None:
                contents.due[key] = at
        for board, ranks in change.ranks.items():
            contents.boards.setdefault(board, {}).update(ranks)
        contents.footing, contents.positions, contents.at = change.footing, change.positions, change.at
        contents.checkpoint = change.checkpoint or contents.checkpoint
        contents.heard = change.heard or contents.heard
        return min(contents.due.values(), default=None)

    async def serve(self, partition: int, token: bytes, on: Footing, epochs: bytes) -> None:
        contents = self._stands(partition, token, on)
        contents.ready, contents.epochs = True, epochs

    async def load(self, partition: int, token: bytes, on: Footing, keys: list[str]) -> list[bytes | None]:
        contents = self._stands(partition, token, on)
        return [contents.states.get(key) for key in keys]

    async def due(self, partition: int, token: bytes, on: Footing, until: Instant, limit: int) -> list[str]:
        contents = self._stands(partition, token, on)
        found = sorted((at, key) for key, at in contents.due.items() if at <= until)
        return [key for _, key in found[:limit]]

    async def read(self, partition: int, key: str) -> Reading:
        contents = self._ready(partition)
        return Reading(contents.states.get(key), contents.footing.seq, contents.at)

    async def address(self, partition: int) -> str:
        return self._ready(partition).address

    async def epochs(self, partition: int) -> bytes:
        epochs = self.contents(partition).epochs
        if not epochs:
            raise NotReady
        return epochs

    async def top(self, partition: int, board: str, limit: int) -> list[tuple[str, int]]:
        return by_key(self._ready(partition).boards.get(board, {}).items())[:limit]

    async def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes]]:
        for key, state in list(self.contents(partition).states.items()):
            yield key, state
