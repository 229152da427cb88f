"""What an owner asks of the log: fences, shipping in order, and reading without gaps unnoticed.

A `PartitionLog` belongs to one incarnation and dies with it: its producer's late sends are
harmless by the protocol, and its failures are nobody else's.
"""

from asyncio import Future
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple, Protocol

from cercle.domain.decision import Instant

Header = tuple[str, bytes]


class LogRecord(Protocol):
    """A record of an input topic, as Kafka's clients give it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> Instant: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[Header]: ...


class Chunk(NamedTuple):
    """What lies in one partition of one topic from `start` up to `end`, with nothing left out.

    `highwater` is where the partition ended when it was fetched. A chunk without records
    says how far the reader stands.
    """

    topic: str
    start: int
    end: int
    highwater: int
    records: Sequence[LogRecord]


class Outgoing(NamedTuple):
    """A record to append."""

    key: bytes | None
    value: bytes | None
    timestamp: Instant
    headers: Sequence[Header] = ()


class SendFailed(Exception):
    """The log did not take a record, or may not have."""


class PositionLost(Exception):
    """Retention has passed a position: records are gone that were never read."""


class PartitionLog(Protocol):
    """The log as one incarnation sees it. Topics are the last words of their names."""

    async def start(self) -> None:
        """Connects."""

    async def close(self) -> None:
        """Stops; what is in flight may still land."""

    async def fence(self, value: bytes) -> int:
        """Appends a fence to the service's own topic; answers its acked offset."""

    async def ship(self, records: Sequence[Outgoing]) -> list[tuple[int, "Future[int]"]]:
        """Appends to the service's own topic in the order of calls.

        Answers how many records each batch holds and the offset of its first, once acked
        by all replicas. The future fails with SendFailed.
        """

    async def post(self, letters: Mapping[int, Sequence[Outgoing]]) -> None:
        """Appends to the topic of letters, by partition, and waits for the acks.

        What goes to one partition lands in its order and without a hole: the next batch for it is
        sent when the one before is acked. Raises SendFailed.
        """

    async def reject(self, records: Sequence[Outgoing]) -> None:
        """Appends to the rejected topic and waits for the acks."""

    def read(self, topic: str, start: int) -> AsyncGenerator[Chunk, None]:
        """Reads this partition of `topic` from `start`, for ever. Raises PositionLost."""

    async def earliest(self, topic: str) -> int:
        """The first offset that is still there."""
