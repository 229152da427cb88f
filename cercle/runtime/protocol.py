"""How a partition stays exact, the pure part: records, fences, the reader rule, belief in acks.

The words and the rules are those of docs/protocol.md; `shipped` records differ from the
committed ones only by the epoch of whoever sends them.
"""

from enum import Enum
from functools import lru_cache

import msgspec

from cercle.wire import log_pb2

MAX_RECORD_BYTES = 512 * 1024
MAX_DEPTH = 8

_RECORD_TAG = b"\x12"
_EPOCH_TAG = b"\x78"
_POSITION_TAG = b"\x3a"


class Cursor(msgspec.Struct, array_like=True):
    """Where a reader of a topic stands: the next offset, and the reader rule's memory.

    For a topic that holds no records of this protocol (actions) only `offset` moves.
    """

    offset: int = 0
    fence: int = 0
    seq: int = 0
    oe: int = 0


class Verdict(Enum):
    """What the reader rule says of an entry."""

    APPLIES = "applies"
    FENCE = "fence"
    VOID = "void"
    DUPLICATE = "duplicate"
    GAP = "gap"


def read(cursor: Cursor, offset: int, entry: log_pb2.Entry) -> Verdict:
    """The reader rule. Moves `cursor` past the entry; only APPLIES may have an effect."""
    cursor.offset = offset + 1
    if entry.WhichOneof("kind") == "fence":
        cursor.fence = offset
        return Verdict.FENCE
    record = entry.record
    if record.epoch < cursor.fence:
        return Verdict.VOID
    if record.seq <= cursor.seq:
        return Verdict.DUPLICATE
    if record.seq > cursor.seq + 1:
        return Verdict.GAP
    cursor.seq, cursor.oe = record.seq, record.oe
    return Verdict.APPLIES


def believed(base_offset: int, first_seq: int, epoch: int, seq_at_fence: int) -> bool:
    """Whether an ack shows that nothing foreign lies between the fence and the record."""
    return base_offset - epoch == first_seq - seq_at_fence


def fence_entry(token: bytes, owner: str) -> bytes:
    """The value of a fence."""
    return log_pb2.Entry(fence=log_pb2.Fence(token=token, owner=owner)).SerializeToString()


def committed_entry(record: log_pb2.Record, positions: bytes) -> bytes:
    """A record as it waits in the outbox: without an epoch."""
    body = record.SerializeToString() + positions
    return _RECORD_TAG + _varint(len(body)) + body


def epoch_suffix(epoch: int) -> bytes:
    """What makes a committed entry a shipped one, appended (protobuf merges repeated fields)."""
    field = _EPOCH_TAG + _varint(epoch)
    return _RECORD_TAG + _varint(len(field)) + field


def position_bytes(topic: str, cursor: Cursor) -> bytes:
    """One entry of Record.positions, to append to a serialized record."""
    position = log_pb2.Position()
    position.topic, position.offset = topic, cursor.offset
    position.fence, position.seq, position.oe = cursor.fence, cursor.seq, cursor.oe
    body = position.SerializeToString()
    return _POSITION_TAG + _varint(len(body)) + body


def cursors(record: log_pb2.Record) -> dict[str, Cursor]:
    """The positions of a record."""
    return {p.topic: Cursor(p.offset, p.fence, p.seq, p.oe) for p in record.positions}


@lru_cache(1 << 12)
def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
