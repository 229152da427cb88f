"""SHIP and belief: records go to the log in order, and an ack counts only if it proves itself."""

import asyncio
from asyncio import Future
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Ground, Place
from cercle.runtime.calling import Calling, Due
from cercle.runtime.log import Outgoing
from cercle.runtime.posting import Post, Posting
from cercle.runtime.protocol import Cursor, believed, epoch_suffix
from cercle.runtime.service import Clock
from cercle.wire import log_pb2

_OUTBOX_RECORDS = 20_000

Answers = Sequence[tuple["Future[Any]", Any]]
"""Who waits, and for what."""


class Unbelieved(Exception):
    """An ack does not show that nothing foreign lies between the fence and the record."""


class Cargo(NamedTuple):
    """What is to be done once all records of a batch are in the log for good.

    `answers` to who waits; the letters of the `lettered` records; `calls` to other services.
    """

    answers: Answers = ()
    lettered: "Sequence[log_pb2.Record]" = ()
    calls: Sequence[Due] = ()


class Shipment(NamedTuple):
    """Records on their way: their seqs, and the ack of the first (None: no records).

    The last one of a batch has its `cargo`.
    """

    first_seq: int
    last_seq: int
    last_oe: int
    ack: "Future[int] | None"
    cargo: Cargo | None
    shipped_at: float


class Shipping:
    """The records of one incarnation, from their COMMIT until they are in the log for good.

    `believed` is the last seq that is; `shipped` the last that was sent.
    """

    def __init__(
        self, place: Place, ground: Ground, clock: Clock, posting: Posting, calling: Calling
    ) -> None:
        self._posting = posting
        self._calling = calling
        self._place = place
        self._ground = ground
        self._clock = clock
        self._suffix = epoch_suffix(ground.epoch)
        self._shipments: asyncio.Queue[Shipment] = asyncio.Queue()
        self._progress = asyncio.Event()
        self.believed = self.shipped = ground.seq_at_fence

    async def reship(self) -> None:
        """Sends T+1..R again, in order, under the new epoch; and letters that may not be in their topic."""
        ground = self._ground
        for record in ground.unposted:
            self._posting.offer(Post(record.seq, record.oe, [record]))
        self._posting.offer(Post(ground.seq_at_fence, ground.oe_at_fence, []))
        reship = ground.reship
        if reship:
            self._place.metrics.reshipped(len(reship))
            records = [log_pb2.Entry.FromString(entry).record for entry in reship]
            keyed = [(record.key, entry) for record, entry in zip(records, reship, strict=True)]
            lettered = [record for record in records if record.letters]
            await self.ship(keyed, ground.at, Cargo(lettered=lettered))

    async def ship(self, entries: list[tuple[str, bytes]], at: Instant, cargo: Cargo) -> None:
        """Sends committed entries, by key; their cargo waits until they are believed."""
        started = self._clock.monotonic()
        if not entries:
            if cargo.answers or cargo.calls:
                seq = self.shipped
                self._shipments.put_nowait(Shipment(seq + 1, seq, self._oe_of(seq), None, cargo, started))
            return
        records = [Outgoing(key.encode(), entry + self._suffix, at) for key, entry in entries]
        acks = await self._place.log.ship(records)
        for count, ack in acks:
            first, self.shipped = self.shipped + 1, self.shipped + count
            last = cargo if ack is acks[-1][1] else None
            oe = self._oe_of(self.shipped)
            self._shipments.put_nowait(Shipment(first, self.shipped, oe, ack, last, started))

    async def believe(self) -> None:
        """Acks in the order of seqs, for ever. Raises Unbelieved, SendFailed."""
        while True:
            shipment = await self._shipments.get()
            if shipment.ack is not None:
                await self._check(shipment, shipment.ack)
            if shipment.cargo is not None:
                self._unload(shipment, shipment.cargo)
            self._progress.set()

    def _unload(self, shipment: Shipment, cargo: Cargo) -> None:
        for reply, value in cargo.answers:
            answer(reply, value)
        if shipment.ack is not None:
            self._posting.offer(Post(shipment.last_seq, shipment.last_oe, cargo.lettered))
        self._calling.begin(cargo.calls)

    async def _check(self, shipment: Shipment, ack: "Future[int]") -> None:
        base = await ack
        if not believed(base, shipment.first_seq, self._ground.epoch, self._ground.seq_at_fence):
            raise Unbelieved(f"seq {shipment.first_seq} came to lie at {base}")
        self.believed = shipment.last_seq
        seconds = self._clock.monotonic() - shipment.shipped_at
        self._place.metrics.shipped(seconds, self.shipped - self.believed)

    def _oe_of(self, seq: int) -> int:
        """The oe of a seq of this incarnation: its own epoch, but for what it sent again."""
        index = seq - self._ground.seq_at_fence - 1
        if index < 0:
            return self._ground.oe_at_fence
        if index < len(self._ground.reship):
            oe: int = log_pb2.Entry.FromString(self._ground.reship[index]).record.oe
            return oe
        return self._ground.epoch

    async def room(self) -> None:
        """Returns when the outbox is not full."""
        while self.shipped - self.believed >= _OUTBOX_RECORDS:
            self._progress.clear()
            await self._progress.wait()

    @property
    def settled(self) -> int:
        """The last seq that a checkpoint may name: what is in the log for good, and so are its letters.

        -1 while letters of earlier owners are not posted again: their checkpoint holds.
        """
        posted = self._posting.posted
        return posted if posted >= self._ground.seq_at_fence else -1

    def checkpoint(self) -> bytes:
        """From where a recovery may read the log: right after the last settled record."""
        offset = self.settled + self._ground.epoch - self._ground.seq_at_fence
        return msgspec.msgpack.encode(Cursor(offset + 1, self._ground.epoch, self.settled, self._posting.oe))


def answer(reply: "Future[Any]", value: Any) -> None:
    """Gives a value, or an exception, to whoever waits: who gave up gets nothing."""
    if reply.done():
        return
    if isinstance(value, Exception):
        reply.set_exception(value)
    else:
        reply.set_result(value)
