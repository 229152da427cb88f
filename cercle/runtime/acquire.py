"""ACQUIRE: how an incarnation begins (docs/protocol.md). The log decides everything."""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any, NamedTuple

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.epochs import Epochs
from cercle.runtime.lives import Lives
from cercle.runtime.log import Chunk, PartitionLog, SendFailed
from cercle.runtime.observing import Observed
from cercle.runtime.protocol import Cursor, Verdict, cursors, fence_entry, read
from cercle.runtime.service import Caller, Service
from cercle.runtime.store import Change, Footing, Standing, Store
from cercle.wire import log_pb2

_APPLY_RECORDS = 2_000
_positions = msgspec.msgpack.Decoder(dict[str, Cursor])
_checkpoint = msgspec.msgpack.Decoder(Cursor)

Heard = dict[int, tuple[int, int]]
"""The (seq, index) of the last letter heard, by the sender's partition."""
_heard = msgspec.msgpack.Decoder(Heard)


class Place(NamedTuple):
    """Which partition of which service, who asks, and with what. `caller` asks other services."""

    service: Service
    partition: int
    token: bytes
    address: str
    store: Store
    log: PartitionLog
    metrics: Observed
    caller: Caller | None = None


class Ground(NamedTuple):
    """Where an incarnation stands when it begins to serve.

    `epoch` is its fence's offset, `seq_at_fence` the last valid seq before it (T); `reship`
    are the committed entries T+1..R that the log has not got. `heard`: the last letter of each
    sending partition. `posted`: the letters of records up to this (seq, oe) are in their topic;
    those of `unposted` may be.
    """

    epoch: int
    seq_at_fence: int
    oe_at_fence: int
    footing: Footing
    positions: dict[str, Cursor]
    at: Instant
    reship: list[bytes]
    next_due: Instant | None
    heard: Heard
    posted: Footing
    unposted: list[log_pb2.Record]


class Diverged(Exception):
    """The store tells another story than the log."""


async def load(place: Place, lives: Lives, footing: Footing, keys: Iterable[str]) -> None:
    """Brings states that are not in memory from the store, all of one footing."""
    missing = lives.missing(keys)
    if missing:
        lives.add(missing, await place.store.load(place.partition, place.token, footing, missing))


async def acquire(place: Place, lives: Lives) -> Ground:
    """Takes the partition, brings the store to where the log is, and opens it to readers.

    Raises Fenced or RolledBack when another is at work on it.
    """
    store, partition, token = place.store, place.partition, place.token
    await store.take(partition, token, place.address)
    epoch = await place.log.fence(fence_entry(token, place.address))
    if epoch < 0:
        raise SendFailed("the fence was taken, but nobody knows where it lies")
    place.metrics.fenced(epoch)
    while True:
        standing = await store.look(partition, token)
        try:
            return await _Recovery(place, lives, epoch, standing).run()
        except Diverged:
            place.metrics.wiped()
            lives.clear()
            await store.wipe(partition, token)


class _Recovery:
    """Steps 3 to 6, in one pass over the log: what the reader rule accepts, it accepts for ever."""

    def __init__(self, place: Place, lives: Lives, epoch: int, standing: Standing) -> None:
        self._place = place
        self._lives = lives
        self._epoch = epoch
        self._standing = standing
        self._footing = standing.footing
        self._at = standing.at
        self._positions = _positions.decode(standing.positions) if standing.positions else {}
        self._cursor = _checkpoint.decode(standing.checkpoint) if standing.checkpoint else Cursor()
        self._heard = _heard.decode(standing.heard) if standing.heard else {}
        self._posted = Footing(self._cursor.seq, self._cursor.oe)  # What a checkpoint says: see Shipping.
        self._unposted: deque[log_pb2.Record] = deque()
        self._epochs = Epochs(standing.epochs if standing.checkpoint else b"")
        self._pending: list[log_pb2.Record] = []
        self._next_due: Instant | None = None

    async def run(self) -> Ground:
        self._require(self._cursor.seq <= self._standing.footing.seq)
        self._check_lineage(self._cursor.seq, self._cursor.oe)
        await self._read_log()
        await self._apply()
        reship = self._bridge()
        self._next_due = await self._commit(
            Change(self._footing, self._positions_bytes(), self._at, clear_outbox=not reship)
        )
        await self._place.store.serve(
            self._place.partition, self._place.token, self._footing, self._epochs.encode()
        )
        return Ground(
            self._epoch,
            self._cursor.seq,
            self._cursor.oe,
            self._footing,
            self._positions,
            self._at,
            reship,
            self._next_due,
            self._heard,
            self._posted,
            list(self._unposted),
        )

    async def _read_log(self) -> None:
        log = self._place.log.read(self._place.service.name, self._cursor.offset)
        async with aclosing(log) as chunks:
            await self._read_chunks(chunks)

    async def _read_chunks(self, chunks: AsyncIterator[Chunk]) -> None:
        async for chunk in chunks:
            for record in chunk.records:
                entry = log_pb2.Entry.FromString(record.value or b"")
                verdict = read(self._cursor, record.offset, entry)
                if verdict is Verdict.FENCE:
                    self._epochs.begin(record.offset, self._cursor.seq)
                    if record.offset == self._epoch:
                        return
                elif verdict is Verdict.APPLIES:
                    self._take(entry.record)
                else:
                    self._place.metrics.void(self._place.service.name, verdict)
            if len(self._pending) >= _APPLY_RECORDS:
                await self._apply()

    def _take(self, record: log_pb2.Record) -> None:
        self._check_lineage(record.seq, record.oe)
        if record.seq == self._standing.footing.seq + 1 and self._standing.footing.seq:
            self._require(record.poe == self._standing.footing.oe)
        if record.seq > self._standing.footing.seq:
            self._pending.append(record)
        self._note_letters(record)

    def _note_letters(self, record: log_pb2.Record) -> None:
        """What of its own letters, and of those before, may not be in their topic."""
        while self._unposted and self._unposted[0].seq <= record.posted:
            done = self._unposted.popleft()
            self._posted = Footing(done.seq, done.oe)
        if record.letters:
            self._unposted.append(record)

    def _check_lineage(self, seq: int, oe: int) -> None:
        """Equal seq, equal oe: else the store stands on another branch."""
        found = self._standing.footing
        if seq and seq == found.seq:
            self._require(oe == found.oe)

    @staticmethod
    def _require(holds: bool) -> None:
        if not holds:
            raise Diverged

    async def _apply(self) -> None:
        """R < T: evolves what the store lacks, in chunks that each stand on their own."""
        records, self._pending = self._pending, []
        for start in range(0, len(records), _APPLY_RECORDS):
            await self._apply_chunk(records[start : start + _APPLY_RECORDS])

    async def _apply_chunk(self, records: list[log_pb2.Record]) -> None:
        service, lives = self._place.service, self._lives
        await load(self._place, lives, self._footing, (record.key for record in records))
        touched: dict[str, None] = {}
        for record in records:
            note_heard(self._heard, record.cause)
            if record.WhichOneof("body") == "failed":
                continue
            life = lives[record.key]
            for event in service.decode_events(record.decision):
                life.state = service.evolve(life.state, event)
            life.last_seq = record.seq
            touched[record.key] = None
        last = records[-1]
        self._positions = cursors(last)
        self._at = last.at_ms
        change = Change(Footing(last.seq, last.oe), self._positions_bytes(), self._at, clear_outbox=True)
        change.heard = msgspec.msgpack.encode(self._heard)
        lives.put_into(change, touched)
        await self._commit(change)
        lives.shrink()

    async def _commit(self, change: Change) -> Instant | None:
        place = self._place
        due = await place.store.commit(place.partition, place.token, self._footing, change)
        self._footing = change.footing
        return due

    def _positions_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self._positions)

    def _bridge(self) -> list[bytes]:
        """R > T: the outbox must lead from T to R without a gap, on the log's own branch."""
        reached, oe = self._cursor.seq, self._cursor.oe
        if self._footing.seq <= reached:
            self._require(self._footing.seq == reached)
            return []
        entries = [entry for batch in self._standing.outbox for entry in unpacked(batch)]
        found = [(log_pb2.Entry.FromString(entry).record, entry) for entry in entries]
        tail = [(record, entry) for record, entry in found if record.seq > reached]
        self._require([record.seq for record, _ in tail] == list(range(reached + 1, self._footing.seq + 1)))
        self._require(not reached or tail[0][0].poe == oe)
        return [entry for _, entry in tail]


def note_heard(heard: Heard, cause: log_pb2.Cause) -> None:
    """Moves on past the letter, if a letter was the cause."""
    if cause.HasField("delivered"):
        letter = cause.delivered
        heard[letter.partition] = letter.seq, letter.index


def packed(entries: list[bytes]) -> bytes:
    """A batch of committed entries, as the outbox keeps it."""
    return msgspec.msgpack.encode(entries)


def unpacked(batch: bytes) -> Any:
    """The entries of a batch."""
    return msgspec.msgpack.decode(batch)
