"""What the owner of a partition asks of its fast store, and what readers ask.

The store may lose a tail of its writes, or everything: it is never the truth (the log is),
and every write of an owner names its token and the (seq, oe) on which it stands.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

import msgspec

from cercle.domain.decision import Instant


class Fenced(Exception):
    """Another incarnation owns the partition."""


class RolledBack(Exception):
    """The store does not stand where the owner left it."""


class NotReady(Exception):
    """The partition has no owner that serves; an absent key would not mean zero."""


class StoreLost(Exception):
    """The store does not answer; what was asked of it may have happened."""


class Footing(msgspec.Struct, frozen=True):
    """The seq of the last record in the state, and that record's oe."""

    seq: int = 0
    oe: int = 0


class Standing(msgspec.Struct):
    """What an owner finds when it acquires. Bytes are as they were committed; empty when absent."""

    footing: Footing
    positions: bytes
    at: Instant
    checkpoint: bytes
    outbox: list[bytes]
    epochs: bytes
    heard: bytes = b""


class Change(msgspec.Struct):
    """One COMMIT. What is None or empty is left as it is.

    `outbox` is the batch of records to append, as bytes; `trim_to`: batches whose last
    seq is at most that leave the outbox; `states` by key; `due` by key (None: no longer
    due); `ranks` by board and key, absolute scores. `heard`: the last letter of each sender.
    """

    footing: Footing
    positions: bytes
    at: Instant
    outbox: bytes = b""
    clear_outbox: bool = False
    trim_to: int = 0
    checkpoint: bytes = b""
    heard: bytes = b""
    states: dict[str, bytes] = msgspec.field(default_factory=dict)
    due: dict[str, Instant | None] = msgspec.field(default_factory=dict)
    ranks: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)


class Reading(msgspec.Struct, frozen=True):
    """A committed state, and where the partition stood."""

    state: bytes | None
    seq: int
    at: Instant


class Store(Protocol):
    """One service's store. Owners' calls raise Fenced or RolledBack; then the incarnation is over."""

    async def take(self, partition: int, token: bytes, address: str) -> None:
        """Makes `token` the owner; the partition is not ready until `serve`."""

    async def look(self, partition: int, token: bytes) -> Standing:
        """What stands there."""

    async def wipe(self, partition: int, token: bytes) -> None:
        """Removes everything but the owner."""

    async def commit(self, partition: int, token: bytes, on: Footing, change: Change) -> Instant | None:
        """Writes all of it or nothing; answers when the next key is due."""

    async def serve(self, partition: int, token: bytes, on: Footing, epochs: bytes) -> None:
        """Readers may read from now on. `epochs` tells where in the log each seq lies."""

    async def load(self, partition: int, token: bytes, on: Footing, keys: list[str]) -> list[bytes | None]:
        """States by key, all of one footing."""

    async def due(self, partition: int, token: bytes, on: Footing, until: Instant, limit: int) -> list[str]:
        """Keys that are due, the earliest first."""

    async def read(self, partition: int, key: str) -> Reading:
        """For anyone. Raises NotReady."""

    async def address(self, partition: int) -> str:
        """Where the owner's RPC server listens. Raises NotReady."""

    async def epochs(self, partition: int) -> bytes:
        """What the owner wrote with `serve`. Raises NotReady."""

    async def top(self, partition: int, board: str, limit: int) -> list[tuple[str, int]]:
        """The best of a board, best first, then by key. Raises NotReady."""

    def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes]]:
        """Every key and state, in no order. For tools, on a partition at rest."""

    async def standing(self, partition: int) -> Standing:
        """For tools: what stands there, without a token."""

    async def forget(self, partition: int) -> None:
        """For operators: wipes the partition; its owner notices and rebuilds it from the log."""


def flat(pairs: Mapping[str, bytes] | Mapping[str, int]) -> list[str | bytes | int]:
    """{a: 1, b: 2} as [a, 1, b, 2]."""
    return [item for pair in pairs.items() for item in pair]


def by_key(ranks: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Best first; equal scores by key."""
    return sorted(ranks, key=lambda rank: (-rank[1], rank[0]))
