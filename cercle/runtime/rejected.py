"""What could not be accepted: original bytes and headers, with a code and a sentence."""

from typing import NamedTuple

from cercle.domain.decision import Rejection
from cercle.runtime.log import LogRecord, Outgoing

_PREFIX = "cercle_"


class Rejected(NamedTuple):
    """An entry of the rejected topic, as tools show it. `key` and `value` are the original bytes."""

    topic: str
    partition: int
    offset: int
    code: str
    sentence: str
    field: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def rejected_record(record: LogRecord, why: Rejection) -> Outgoing:
    """The entry for an input. Its key is the input's place: repeats of it are the same entry."""
    topic = record.topic.rsplit(".", 1)[-1]
    place = f"{topic}/{record.partition}/{record.offset}"
    ours = {"code": why.code, "sentence": why.sentence, "field": why.field, "place": place}
    headers = [header for header in record.headers if not header[0].startswith(_PREFIX)]
    headers += [(_PREFIX + name, text.encode()) for name, text in ours.items()]
    if record.key is not None:
        headers.append((_PREFIX + "key", record.key))
    return Outgoing(place.encode(), record.value, record.timestamp, headers)


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
    )
