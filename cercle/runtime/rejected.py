"""What could not be accepted: original bytes and headers, with a code and a sentence."""

from itertools import accumulate
from typing import NamedTuple

from cercle.domain.decision import Rejection
from cercle.runtime.log import Header, LogRecord, Outgoing

_PREFIX = "cercle_"
_MOST_BYTES = 900_000
"""Kafka takes 1 MiB at a time. What came to actions in a compressed batch may be far larger."""
_MOST_KEY_BYTES = 10_000
_HEADER_BYTES = 20


class Rejected(NamedTuple):
    """An entry of the rejected topic, as tools show it. `key` and `value` are the original bytes.

    `cut_from`: how many bytes were sent where that was too much to be kept whole; else 0.
    The whole record stays in its own topic.
    """

    topic: str
    partition: int
    offset: int
    code: str
    sentence: str
    field: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    cut_from: int = 0


def rejected_record(record: LogRecord, why: Rejection) -> Outgoing:
    """The entry for an input. Its key is the input's place: repeats of it are the same entry."""
    topic = record.topic.rsplit(".", 1)[-1]
    place = f"{topic}/{record.partition}/{record.offset}"
    ours = {"code": why.code, "sentence": why.sentence, "field": why.field, "place": place}
    key, value = record.key, record.value
    headers = [header for header in record.headers if not header[0].startswith(_PREFIX)]
    size = len(key or b"") + len(value or b"") + sum(map(_size, headers))
    if size > _MOST_BYTES:
        ours["cut_from"] = str(size)
        key, value = key and key[:_MOST_KEY_BYTES], value and value[: _MOST_BYTES // 2]
        headers = _first(headers, _MOST_BYTES // 2 - _MOST_KEY_BYTES)
    headers += [(_PREFIX + name, text.encode()) for name, text in ours.items()]
    if key is not None:
        headers.append((_PREFIX + "key", key))
    return Outgoing(place.encode(), value, record.timestamp, headers)


def _size(header: Header) -> int:
    return len(header[0].encode()) + len(header[1] or b"") + _HEADER_BYTES


def _first(headers: list[Header], room: int) -> list[Header]:
    """As many of the headers as take no more than `room` bytes."""
    ends = accumulate(map(_size, headers))
    return [header for header, end in zip(headers, ends, strict=True) if end <= room]


def read_rejected(value: bytes | None, headers: list[tuple[str, bytes]]) -> Rejected:
    """The inverse. Headers with our prefix are ours alone: a brand cannot forge a reason, or a key."""
    ours = {name.removeprefix(_PREFIX): data for name, data in headers if name.startswith(_PREFIX)}
    topic, partition, offset = ours["place"].decode().rsplit("/", 2)
    original = [(name, data) for name, data in headers if not name.startswith(_PREFIX)]
    return Rejected(
        topic,
        int(partition),
        int(offset),
        ours["code"].decode(),
        ours["sentence"].decode(),
        ours["field"].decode(),
        ours.get("key"),
        value,
        original,
        int(ours.get("cut_from", b"0")),
    )
