"""Whether every letter that is written is heard, once, in its order: across the partitions. Pure.

Partitions may be told one after another: what has not met its counterpart yet is kept.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cercle.wire import log_pb2

PartitionOf = Callable[[str], int]


class Told(NamedTuple):
    """One letter of a sender: which it is, and what it says."""

    seq: int
    which: int
    said: bytes


class _Pair:
    """From one partition to another: what was written, heard, and posted but not heard yet."""

    def __init__(self) -> None:
        self.written: deque[Told] = deque()
        self.heard: deque[Told] = deque()
        self.wrong: str = ""

    def match(self) -> None:
        """Both are in the order of writing: the first of one is the first of the other."""
        while self.written and self.heard and not self.wrong:
            written, heard = self.written.popleft(), self.heard.popleft()
            if written != heard:
                self.wrong = _mismatch(written, heard)
        if self.wrong:
            self.written.clear()
            self.heard.clear()


class LetterBook:
    """All letters of one service. `written_count`, `heard_count`: of those in the logs."""

    def __init__(self, service: str, partition_of: PartitionOf) -> None:
        self._service = service
        self._partition_of = partition_of
        self._pairs: dict[tuple[int, int], _Pair] = {}
        self._posted: dict[int, int] = {}
        self._read: dict[int, int] = {}
        self.written_count = self.heard_count = self.under_way = 0

    def _pair(self, sender: int, receiver: int) -> _Pair:
        return self._pairs.setdefault((sender, receiver), _Pair())

    def written(self, partition: int, record: log_pb2.Record) -> None:
        """The next valid record of a sender."""
        self._read[partition] = record.seq
        self.posted(partition, record.posted)
        for index, letter in enumerate(record.letters):
            self.written_count += 1
            pair = self._pair(partition, self._partition_of(letter.to))
            said = _said(self._service, partition, record.key, record.rulebook, record.depth, letter)
            pair.written.append(Told(record.seq, index, said))
            pair.match()

    def posted(self, partition: int, seq: int) -> None:
        """The letters of the sender's records up to `seq` were seen in their topic."""
        self._posted[partition] = max(self._posted.get(partition, 0), seq)

    def heard(self, receiver: int, delivery: log_pb2.Delivery) -> None:
        """The next letter that a receiver heard, or that it still has before it."""
        self.heard_count += 1
        pair = self._pair(delivery.partition, receiver)
        letter = delivery.letter
        said = _said(
            delivery.service, delivery.partition, delivery.sender, delivery.rulebook, delivery.depth, letter
        )
        pair.heard.append(Told(delivery.seq, delivery.index, said))
        pair.match()

    def waits(self, receiver: int, delivery: log_pb2.Delivery) -> None:
        """One that lies in the topic of letters after all that the receiver has passed."""
        self.heard(receiver, delivery)
        self.heard_count -= 1
        self.under_way += 1

    def wrongs(self) -> list[str]:
        """What is not as it must be, after all is told; `under_way` counts what may still come."""
        return [*self._wrongs()]

    def _wrongs(self) -> Iterator[str]:
        for (sender, receiver), pair in sorted(self._pairs.items()):
            way = f"from partition {sender} to {receiver}: "
            if pair.wrong:
                yield way + pair.wrong
            # Written since its sender's log was read, and heard before its receiver's was.
            unknown = [each for each in pair.heard if each.seq <= self._read.get(sender, 0)]
            if unknown:
                yield f"{way}{_name(unknown[0])} was heard, and is in no record"
            posted = self._posted.get(sender, 0)
            lost = [each for each in pair.written if each.seq <= posted]
            self.under_way += len(pair.written) - len(lost)
            if lost:
                yield f"{way}{_name(lost[0])} was written and posted, and is not in the topic of letters"


def _mismatch(written: Told, heard: Told) -> str:
    if written[:2] == heard[:2]:
        return f"{_name(heard)} was heard with another content than it was written with"
    if heard[:2] > written[:2]:
        return f"{_name(written)} was left out: the next one that was heard is {_name(heard)}"
    return f"{_name(heard)} was heard, and is in no record"


def _name(told: Told) -> str:
    return f"letter {told.which} of record {told.seq}"


def _said(
    service: str, partition: int, sender: str, rulebook: str, depth: int, letter: log_pb2.Letter
) -> bytes:
    """16 bytes for all that a Delivery says, but for which letter it is."""
    said = log_pb2.Delivery(
        service=service, partition=partition, sender=sender, rulebook=rulebook, depth=depth, letter=letter
    )
    return hashlib.blake2b(said.SerializeToString(deterministic=True), digest_size=16).digest()
