"""A member's history: the chain of its records through the log, newest first.

The state remembers the seq of the member's last record, each record the one before. Where a
seq lies is known but for rare foreign records (epochs.py), so what is found is checked, and
looked for further on when it is not there.
"""

from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from cercle.domain.decision import Instant
from cercle.runtime.epochs import Epochs
from cercle.runtime.lives import split
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.rpc import Rpc
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import log_pb2

_POLL_MS = 1_000
_FETCH_MS = 5
_FETCH_BYTES = 64 * 1024
_POLLS = 10


class Line(NamedTuple):
    """One record of a member's history; `decision` as the service wrote it."""

    seq: int
    at: Instant
    rulebook: str
    decision: bytes


class LostEntry(Exception):
    """There is no such record of that member where the log must have it."""


async def history(
    rpc: Rpc, service: str, member_id: str, limit: int, seq: int | None
) -> tuple[list[Line], int]:
    """Up to `limit` lines from the record `seq` on backwards (None: the newest), and the seq that follows.

    Raises NotReady, LostEntry.
    """
    partition = rpc.partition_of(member_id)
    if seq is None:
        reading = await rpc.read(member_id)
        seq = split(reading.state)[0] if reading.state else 0
    if not seq:
        return [], 0
    epochs = Epochs(await rpc.store.epochs(partition))
    lines: list[Line] = []
    async with _Finder(rpc.settings.kafka, rpc.settings.club, service, partition) as finder:
        while seq and len(lines) < limit:
            at = Cursor(epochs.offset_of(seq), epochs.fence_of(seq), seq - 1)
            record = await finder.find(at, member_id)
            lines.append(Line(seq, record.at_ms, record.rulebook, record.decision))
            seq = record.previous_seq
    return lines, seq


class _Finder:
    """Reads single records of one partition, keeping what a fetch brought along."""

    def __init__(self, bootstrap: str, club: str, service: str, partition: int) -> None:
        self._at = TopicPartition(topic_name(club, Topic(service)), partition)
        # A fetch at the topic's end must not wait for more: the next step back would wait behind it.
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_MS,
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        self._fetched: dict[int, ConsumerRecord] = {}

    async def __aenter__(self) -> "_Finder":
        await self._consumer.start()
        self._consumer.assign([self._at])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def find(self, at: Cursor, member_id: str) -> log_pb2.Record:
        """The first record from `at` on that counts by the reader rule; it must be the member's."""
        wanted = at.seq + 1
        for _ in range(_POLLS):
            while (found := self._fetched.get(at.offset)) is not None:
                entry = log_pb2.Entry.FromString(found.value)
                verdict = read(at, found.offset, entry)
                if verdict is Verdict.APPLIES and entry.record.key == member_id:
                    return entry.record
                if verdict in (Verdict.APPLIES, Verdict.GAP):
                    raise LostEntry(f"record {wanted} of {member_id} is not at {found.offset}")
            await self._fetch(at.offset)
            if at.offset not in self._fetched and at.offset >= (self._consumer.highwater(self._at) or 0):
                break
        raise LostEntry(f"record {wanted} of {member_id} was not found up to offset {at.offset}")

    async def _fetch(self, offset: int) -> None:
        self._consumer.seek(self._at, offset)
        fetched = (await self._consumer.getmany(self._at, timeout_ms=_POLL_MS)).get(self._at, [])
        self._fetched.update((record.offset, record) for record in fetched)
