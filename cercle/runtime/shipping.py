"""SHIP and belief: records go to the log in order, and an ack counts only if it proves itself."""

import asyncio
from asyncio import Future
from typing import Any, NamedTuple

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Ground, Place
from cercle.runtime.log import Outgoing
from cercle.runtime.protocol import Cursor, believed, epoch_suffix
from cercle.runtime.service import Clock
from cercle.wire import log_pb2

_OUTBOX_RECORDS = 20_000

Answers = list[tuple["Future[Any]", Any]]
"""Who waits, and for what."""


class Unbelieved(Exception):
    """An ack does not show that nothing foreign lies between the fence and the record."""


class Shipment(NamedTuple):
    """Records on their way: their seqs, the ack of the first (None: no records), who waits."""

    first_seq: int
    last_seq: int
    last_oe: int
    ack: "Future[int] | None"
    answers: Answers
    shipped_at: float


class Shipping:
    """The records of one incarnation, from their COMMIT until they are in the log for good.

    `believed` is the last seq that is; `shipped` the last that was sent.
    """

    def __init__(self, place: Place, ground: Ground, clock: Clock) -> None:
        self._place = place
        self._ground = ground
        self._clock = clock
        self._suffix = epoch_suffix(ground.epoch)
        self._shipments: asyncio.Queue[Shipment] = asyncio.Queue()
        self._progress = asyncio.Event()
        self.believed = self.shipped = ground.seq_at_fence
        self._believed_oe = ground.oe_at_fence

    async def reship(self) -> None:
        """Sends T+1..R again, in order, under the new epoch."""
        reship = self._ground.reship
        if reship:
            self._place.metrics.reshipped(len(reship))
            records = [log_pb2.Entry.FromString(entry).record for entry in reship]
            keyed = [(record.key, entry) for record, entry in zip(records, reship, strict=True)]
            await self.ship(keyed, self._ground.at, [])

    async def ship(self, entries: list[tuple[str, bytes]], at: Instant, answers: Answers) -> None:
        """Sends committed entries, by key; who waits is answered once they are believed."""
        started = self._clock.monotonic()
        if not entries:
            if answers:
                seq = self.shipped
                self._shipments.put_nowait(Shipment(seq + 1, seq, self._oe_of(seq), None, answers, started))
            return
        records = [Outgoing(key.encode(), entry + self._suffix, at) for key, entry in entries]
        acks = await self._place.log.ship(records)
        for count, ack in acks:
            first, self.shipped = self.shipped + 1, self.shipped + count
            waiting = answers if ack is acks[-1][1] else []
            oe = self._oe_of(self.shipped)
            self._shipments.put_nowait(Shipment(first, self.shipped, oe, ack, waiting, started))

    async def believe(self) -> None:
        """Acks in the order of seqs, for ever. Raises Unbelieved, SendFailed."""
        while True:
            shipment = await self._shipments.get()
            if shipment.ack is not None:
                await self._check(shipment, shipment.ack)
            for reply, value in shipment.answers:
                answer(reply, value)
            self._progress.set()

    async def _check(self, shipment: Shipment, ack: "Future[int]") -> None:
        base = await ack
        if not believed(base, shipment.first_seq, self._ground.epoch, self._ground.seq_at_fence):
            raise Unbelieved(f"seq {shipment.first_seq} came to lie at {base}")
        self.believed, self._believed_oe = shipment.last_seq, shipment.last_oe
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

    def checkpoint(self) -> bytes:
        """From where a recovery may read the log: right after the last believed record."""
        offset = self.believed + self._ground.epoch - self._ground.seq_at_fence
        return msgspec.msgpack.encode(
            Cursor(offset + 1, self._ground.epoch, self.believed, self._believed_oe)
        )


def answer(reply: "Future[Any]", value: Any) -> None:
    """Gives a value, or an exception, to whoever waits: who gave up gets nothing."""
    if reply.done():
        return
    if isinstance(value, Exception):
        reply.set_exception(value)
    else:
        reply.set_result(value)
