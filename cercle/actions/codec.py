"""An action as a Kafka record, by the CloudEvents Kafka binding, and back.

Whatever a record holds, `decode` answers: the action, or a Rejection whose sentence names
what is wrong. It judges only what the record itself shows; the club's rules come after.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from google.protobuf.message import DecodeError

from cercle.actions.attributes import MEMBER_ID_MAX_LENGTH, Attributes, Refused, from_headers, from_texts
from cercle.actions.instants import format_instant
from cercle.actions.json_form import Unreadable, fields_from_json
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import Rejection
from cercle.wire import actions_pb2 as wire

Headers = list[tuple[str, bytes]]

_PROTOBUF = b"application/protobuf"
_SENTENCE_MAX_LENGTH = 300


class Record(Protocol):
    """What `decode` reads of a consumed record. aiokafka's ConsumerRecord is one."""

    @property
    def partition(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


# ---- writing ----------------------------------------------------------------------


def encode(raw: RawAction) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of an action's record: binary mode, the value in protobuf.

    Raises ValueError when an integer has more than 64 bits, a text is not Unicode, or the
    time lies outside of the years 1 to 9999; TypeError for a value that is no RawField.
    """
    message = wire.MemberAction(member_id=raw.member_id)
    _write_fields(message.fields, raw.fields)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", raw.id.encode()),
        ("ce_source", raw.source.encode()),
        ("ce_type", raw.type.encode()),
        ("ce_time", format_instant(raw.occurred_at).encode()),
        ("content-type", _PROTOBUF),
    ]
    return raw.member_id.encode(), message.SerializeToString(), headers


def _write_fields(target: Any, fields: Mapping[str, RawField]) -> None:
    for name, value in fields.items():
        entry = target[name]
        match value:
            case str():
                entry.text = value
            case bool():
                entry.boolean = value
            case int():
                entry.integer = value
            case Money():
                entry.money.SetInParent()
                entry.money.minor_units = value.minor_units
                entry.money.currency = value.currency
            case list():
                entry.list.SetInParent()
                for part in value:
                    _write_fields(entry.list.entries.add().fields, part)
            case _:
                raise TypeError(f"the field {name!r} is a {type(value).__name__}, which no action can hold")


# ---- reading ----------------------------------------------------------------------


def decode(record: Record, partition_count: int) -> RawAction | Rejection:
    """The action that a record of cercle.<club>.actions holds, or why it holds none. Never raises.

    Codes: no_value, no_headers, missing_attribute, attribute_too_long, bad_time, unparsable,
    bad_member_id, wrong_key, wrong_partition. The order of an action's fields means nothing:
    protobuf gives them in another one in every process.
    """
    try:
        raw = _read(record.headers, record.value)
        _check_place(record, raw.member_id, partition_count)
    except Refused as refused:
        return refused.rejection
    except Unreadable as wrong:
        return _unparsable(str(wrong), wrong.field)
    except (DecodeError, msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
        return _unparsable(f"the record's value cannot be read: {wrong}", "value")
    return raw


def _unparsable(sentence: str, field: str) -> Rejection:
    """Cut short: both may repeat a name that the brand made as long as it liked."""
    return Rejection("unparsable", sentence[:_SENTENCE_MAX_LENGTH], field[:_SENTENCE_MAX_LENGTH])


def _check_place(record: Record, member_id: str, partition_count: int) -> None:
    if not 0 < len(member_id) <= MEMBER_ID_MAX_LENGTH:
        sentence = f"member_id must have 1 to {MEMBER_ID_MAX_LENGTH} characters"
        raise Refused("bad_member_id", sentence, "member_id")
    key = member_id.encode()
    if record.key != key:
        raise Refused("wrong_key", "the record's key must be the member_id, as UTF-8 text", "key")
    partition = partition_of(key, partition_count)
    if record.partition != partition:
        raise Refused(
            "wrong_partition",
            f"the record is in partition {record.partition}, and its key belongs in {partition}: its "
            "producer must use Kafka's default partitioner (in librdkafka: partitioner=murmur2_random)",
            "partition",
        )


def _read(pairs: Sequence[tuple[str, bytes | None]], value: bytes | None) -> RawAction:
    if value is None:
        raise Refused(
            "no_value", "the record has no value (a tombstone), and an action must have one", "value"
        )
    if not pairs:
        raise Refused(
            "no_headers", "the record has no headers, and an action has ce_id and others", "headers"
        )
    headers = dict(pairs)
    content_type = headers.get("content-type")
    if content_type == _PROTOBUF:
        return _from_protobuf(from_headers(headers), value)
    match (content_type or b"").partition(b";")[0].strip().lower():
        case b"":
            raise Refused("missing_attribute", "the header content-type is missing or empty", "content-type")
        case b"application/protobuf":
            return _from_protobuf(from_headers(headers), value)
        case b"application/json":
            return _from_json(from_headers(headers), _json_data(value))
        case b"application/cloudevents+json":
            return _from_cloud_event(_cloud_event(value))
    known = "application/protobuf, application/json or application/cloudevents+json"
    raise Refused("unparsable", f"the header content-type must be {known}", "content-type")


def _from_protobuf(attributes: Attributes, value: bytes) -> RawAction:
    message = wire.MemberAction.FromString(value)
    action_id, source, action_type, occurred_at = attributes
    fields = _read_fields(message.fields.items())
    return RawAction(source, action_id, action_type, message.member_id, occurred_at, fields)


def _read_fields(entries: Iterable[tuple[str, wire.Value]], inside: str = "") -> dict[str, RawField]:
    fields: dict[str, RawField] = {}
    for name, value in entries:
        kind = value.WhichOneof("kind")
        if kind == "money":
            money = value.money
            fields[name] = Money(money.minor_units, money.currency)
        elif kind == "list":
            fields[name] = [
                _read_fields(entry.fields.items(), f"{inside}{name}.{number}.")
                for number, entry in enumerate(value.list.entries, start=1)
            ]
        elif kind is None:
            raise Unreadable(f"{inside}{name}", "has no value of a known kind")
        else:
            fields[name] = getattr(value, kind)
    return fields


class _JsonData(msgspec.Struct, forbid_unknown_fields=True):
    member_id: str = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


class _CloudEvent(msgspec.Struct):
    data: _JsonData
    specversion: str = ""
    id: str = ""
    source: str = ""
    type: str = ""
    time: str = ""


_json_data = msgspec.json.Decoder(_JsonData).decode
_cloud_event = msgspec.json.Decoder(_CloudEvent).decode


def _from_json(attributes: Attributes, data: _JsonData) -> RawAction:
    action_id, source, action_type, occurred_at = attributes
    return RawAction(
        source, action_id, action_type, data.member_id, occurred_at, fields_from_json(data.fields)
    )


def _from_cloud_event(event: _CloudEvent) -> RawAction:
    return _from_json(
        from_texts([event.specversion, event.id, event.source, event.type, event.time]), event.data
    )
