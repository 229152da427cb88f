"""Letters: what a decision tells another key goes to the topic of letters once the decision is in the log.

Exactly once in effect. Only letters of believed records are posted, in the order of seqs, and the
next batch when the one before is acked: so in each partition of the topic the letters of one sender
lie in order and without a hole, whoever sent them, and may only be repeated. The receiver drops
what is not beyond the last (seq, index) that it has heard of that sender (hearing.py).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from cercle.domain.decision import Instant
from cercle.runtime.log import Outgoing, PartitionLog
from cercle.wire import log_pb2

_BATCH_LETTERS = 2_000

PartitionOf = Callable[[str], int]


class Post(NamedTuple):
    """The letters of records up to `seq`, which has the origin epoch `oe`."""

    seq: int
    oe: int
    records: "Sequence[log_pb2.Record]"


class Posting:
    """The letters of one incarnation, from belief in their record until they are in their topic.

    `posted`: those of all records up to this seq are; `oe` is that record's.
    """

    def __init__(
        self, log: PartitionLog, service: str, partition: int, partition_of: PartitionOf, seq: int, oe: int
    ) -> None:
        self._log = log
        self._service = service
        self._partition = partition
        self._partition_of = partition_of
        self._waiting: deque[Post] = deque()
        self._offered = asyncio.Event()
        self._busy = False
        self.posted, self.oe = seq, oe

    def offer(self, post: Post) -> None:
        """Takes the letters of believed records, in the order of seqs; at once when there are none."""
        if not post.records and not self._waiting and not self._busy:
            self.posted, self.oe = post.seq, post.oe
            return
        self._waiting.append(post)
        self._offered.set()

    async def run(self) -> None:
        """Posts for ever. Raises SendFailed."""
        while True:
            await self._offered.wait()
            self._offered.clear()
            while self._waiting:
                await self._post(self._batch())

    def _batch(self) -> list[Post]:
        batch, letters = [self._waiting.popleft()], 0
        while self._waiting and letters < _BATCH_LETTERS:
            batch.append(self._waiting.popleft())
            letters += sum(len(record.letters) for record in batch[-1].records)
        return batch

    async def _post(self, batch: list[Post]) -> None:
        self._busy = True
        letters: dict[int, list[Outgoing]] = {}
        for record in (record for post in batch for record in post.records):
            for to, out in self._deliveries(record):
                letters.setdefault(self._partition_of(to), []).append(out)
        if letters:
            await self._log.post(letters)
        self.posted, self.oe = batch[-1].seq, batch[-1].oe
        self._busy = False

    def _deliveries(self, record: log_pb2.Record) -> Iterable[tuple[str, Outgoing]]:
        at: Instant = record.at_ms
        for index, letter in enumerate(record.letters):
            delivery = log_pb2.Delivery(
                service=self._service,
                partition=self._partition,
                seq=record.seq,
                index=index,
                sender=record.key,
                rulebook=record.rulebook,
                depth=record.depth,
                letter=letter,
            )
            yield letter.to, Outgoing(letter.to.encode(), delivery.SerializeToString(), at)
