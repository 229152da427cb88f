"""An action survives its record; and whatever a record holds, the answer is an action or a rejection."""

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.actions.attributes import ATTRIBUTE_MAX_LENGTH, MEMBER_ID_MAX_LENGTH
from cercle.actions.codec import decode, encode
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction
from cercle.domain.decision import Rejection
from cercle.wire import actions_pb2 as wire

PARTITIONS = 6
PURCHASE = RawAction(
    "shop", "order-1", "purchase", "14048", 852_094_800_000, {"amount": Money(1177, "USD"), "discs": 2}
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=ATTRIBUTE_MAX_LENGTH)
member_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MEMBER_ID_MAX_LENGTH)
int64s = st.integers(-(2**63), 2**63 - 1)
scalars = st.one_of(texts, int64s, st.booleans(), st.builds(Money, int64s, texts))
records = st.dictionaries(texts, scalars, max_size=3)
fields = st.dictionaries(texts, st.one_of(scalars, st.lists(records, max_size=3)), max_size=5)
instants = st.integers(-62_135_596_800_000, 253_402_300_799_999)
actions = st.builds(RawAction, names, names, names, member_ids, instants, fields)


@dataclass(frozen=True)
class Record:
    """What a consumer gives: as aiokafka's ConsumerRecord."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def record_of(action: RawAction) -> Record:
    """The record that Kafka's default partitioner puts the action into."""
    key, value, headers = encode(action)
    return Record(partition_of(key, PARTITIONS), key, value, tuple(headers))


def with_headers(record: Record, **changes: bytes | None) -> Record:
    """The record with headers replaced; None leaves one out. `content_type` is content-type."""
    named = {name.replace("content_type", "content-type"): value for name, value in changes.items()}
    headers = {**dict(record.headers), **named}
    return replace(
        record, headers=tuple((name, value) for name, value in headers.items() if value is not None)
    )


def with_json(value: object, content_type: bytes = b"application/json") -> Record:
    """A purchase whose value is JSON."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return replace(with_headers(record_of(PURCHASE), content_type=content_type), value=text)


def replace_fields(action: RawAction, fields: dict[str, Any]) -> RawAction:
    """The action with other fields."""
    return msgspec.structs.replace(action, fields=fields)


def rejection(record: Record) -> Rejection:
    """What is wrong with the record."""
    answer = decode(record, PARTITIONS)
    assert isinstance(answer, Rejection), answer
    return answer


@given(actions)
def test_action_survives_its_record(action: RawAction) -> None:
    """What `encode` writes, `decode` reads: every attribute, every kind of field, lists of them."""
    assert decode(record_of(action), PARTITIONS) == action


def test_record_is_as_the_binding_says() -> None:
    """The CloudEvents Kafka binding, binary mode: these headers, the member as key, protobuf as value."""
    key, value, headers = encode(PURCHASE)
    assert key == b"14048"
    assert headers == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"order-1"),
        ("ce_source", b"shop"),
        ("ce_type", b"purchase"),
        ("ce_time", b"1997-01-01T05:00:00.000Z"),
        ("content-type", b"application/protobuf"),
    ]
    message = wire.MemberAction.FromString(value)
    assert message.member_id == "14048"
    assert message.fields["amount"].money.minor_units == 1177


@given(
    st.integers(-1, 8),
    st.none() | st.binary(max_size=40),
    st.none() | st.binary(max_size=60) | st.just(encode(PURCHASE)[1]),
    st.lists(st.tuples(st.text(max_size=12), st.none() | st.binary(max_size=12)), max_size=5),
)
def test_any_record_is_answered(
    partition: int, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    """Arbitrary bytes anywhere: an action or a rejection with a sentence, never an exception."""
    answer = decode(Record(partition, key, value, tuple(headers)), PARTITIONS)
    assert isinstance(answer, RawAction) or (answer.code and answer.sentence)


@given(
    st.sampled_from(
        [b"application/protobuf", b"application/json", b"application/cloudevents+json; charset=utf-8"]
    ),
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["member_id", "fields", "data", "x"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion", "other"]),
    st.none() | st.binary(max_size=20),
)
def test_any_value_and_header_is_answered(
    content_type: bytes, value: bytes, name: str, header: bytes | None
) -> None:
    """As above, close to a good record: any value of each content type, any bytes in each header."""
    good = with_headers(record_of(PURCHASE), content_type=content_type)
    answer = decode(replace(good, value=value, headers=(*good.headers, (name, header))), PARTITIONS)
    assert isinstance(answer, RawAction) or (answer.code and answer.sentence)


@pytest.mark.parametrize(
    ("record", "code", "field"),
    [
        (replace(record_of(PURCHASE), value=None), "no_value", "value"),
        (replace(record_of(PURCHASE), headers=()), "no_headers", "headers"),
        (with_headers(record_of(PURCHASE), ce_id=None), "missing_attribute", "ce_id"),
        (with_headers(record_of(PURCHASE), ce_source=b""), "missing_attribute", "ce_source"),
        (with_headers(record_of(PURCHASE), ce_time=None), "missing_attribute", "ce_time"),
        (with_headers(record_of(PURCHASE), ce_specversion=None), "missing_attribute", "ce_specversion"),
        (with_headers(record_of(PURCHASE), content_type=None), "missing_attribute", "content-type"),
        (with_headers(record_of(PURCHASE), ce_type=b"x" * 513), "attribute_too_long", "ce_type"),
        (with_headers(record_of(PURCHASE), ce_id=b"\xff"), "unparsable", "ce_id"),
        (with_headers(record_of(PURCHASE), ce_specversion=b"0.3"), "unparsable", "ce_specversion"),
        (with_headers(record_of(PURCHASE), content_type=b"text/plain"), "unparsable", "content-type"),
        (with_headers(record_of(PURCHASE), ce_time=b"1997-01-01T00:00:00"), "bad_time", "ce_time"),
        (with_headers(record_of(PURCHASE), ce_time=b"yesterday"), "bad_time", "ce_time"),
        (replace(record_of(PURCHASE), value=b"\xff\xff\xff"), "unparsable", "value"),
        (replace(record_of(PURCHASE), key=b"14049"), "wrong_key", "key"),
        (replace(record_of(PURCHASE), key=None), "wrong_key", "key"),
    ],
)
def test_rejection_names_its_field(record: Record, code: str, field: str) -> None:
    """Each fault has its code, and the sentence names the field that is to blame."""
    found = rejection(record)
    assert (found.code, found.field) == (code, field)
    assert field in found.sentence


@pytest.mark.parametrize("member_id", ["", "m" * 129])
def test_member_id_has_1_to_128_characters(member_id: str) -> None:
    """Shorter and longer ones are rejected; characters count, not bytes."""
    found = rejection(record_of(RawAction("s", "i", "t", member_id, 0, {})))
    assert (found.code, found.field) == ("bad_member_id", "member_id")
    assert "128" in found.sentence
    longest = RawAction("s", "i", "t", "é" * 128, 0, {})
    assert decode(record_of(longest), PARTITIONS) == longest


def test_wrong_partition_names_the_setting() -> None:
    """A producer with another partitioner is told which one its member needs, and how to choose it."""
    good = record_of(PURCHASE)
    for partition in range(PARTITIONS):
        if partition != good.partition:
            found = rejection(replace(good, partition=partition))
            assert (found.code, found.field) == ("wrong_partition", "partition")
            assert f"partition {partition}" in found.sentence
            assert f"belongs in {good.partition}" in found.sentence
            assert "partitioner=murmur2_random" in found.sentence


def test_field_without_a_value_is_named() -> None:
    """A protobuf value of a kind that this version does not know is rejected, also deep in a list."""
    message = wire.MemberAction(member_id="14048")
    message.fields["items"].list.entries.add().fields["sku"].SetInParent()
    found = rejection(replace(record_of(PURCHASE), value=message.SerializeToString()))
    assert (found.code, found.field) == ("unparsable", "items.1.sku")


def test_json_value_is_read() -> None:
    """Text, integer, boolean, a list of records; money stays text: only the club knows which text it is."""
    sent = {
        "order": "order-1",
        "discs": 2,
        "gift": True,
        "amount": "42.90 USD",
        "items": [{"sku": "a", "count": 2}, {}],
    }
    answer = decode(with_json({"member_id": "14048", "fields": sent}), PARTITIONS)
    assert isinstance(answer, RawAction)
    assert answer == replace_fields(PURCHASE, sent)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"member_id": "14048", "fields": {"score": 1.5}}, "score"),
        ({"member_id": "14048", "fields": {"score": None}}, "score"),
        ({"member_id": "14048", "fields": {"score": 2**63}}, "score"),
        ({"member_id": "14048", "fields": {"score": {"text": "a"}}}, "score"),
        ({"member_id": "14048", "fields": {"items": [{"a": 1}, {"b": []}, {"c": [2]}]}}, "items.3.c.1"),
        ({"member_id": "14048", "feilds": {}}, "value"),
        ({"member_id": 14048}, "value"),
        (b'{"member_id": "\\ud800"}', "value"),
        (b"[" * 100_000, "value"),
        (b'{"fields": {"a":' + b'[{"a":' * 50_000, "value"),
    ],
)
def test_json_fault_is_named(value: object, field: str) -> None:
    """What is no action in JSON is rejected by the field's dotted name; nesting without end too."""
    found = rejection(with_json(value))
    assert (found.code, found.field) == ("unparsable", field)


def test_rejection_is_short() -> None:
    """A name as long as a record does not come back in the rejection: it must fit beside the original."""
    long = "x" * 100_000
    for body in ({"member_id": "14048", "fields": {long: None}}, {long: 1}):
        found = rejection(with_json(body))
        assert found.code == "unparsable"
        assert len(found.sentence) <= 300
        assert len(found.field) <= 300


def event(**changes: Any) -> dict[str, Any]:
    """A purchase as a structured CloudEvent."""
    return {
        "specversion": "1.0",
        "id": "order-1",
        "source": "shop",
        "type": "purchase",
        "time": "1997-01-01T00:00:00-05:00",
        "data": {"member_id": "14048", "fields": {"amount": "11.77 USD", "discs": 2}},
        **changes,
    }


def test_structured_mode_is_read() -> None:
    """One JSON document holds attributes and data; extensions are let pass."""
    record = with_json(event(traceparent="00-1"), b"application/cloudevents+json; charset=UTF-8")
    answer = decode(replace(record, headers=(record.headers[-1],)), PARTITIONS)
    assert answer == replace_fields(PURCHASE, {"amount": "11.77 USD", "discs": 2})


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"id": ""}, "missing_attribute", "id"),
        ({"time": "1997"}, "bad_time", "time"),
        ({"specversion": "2.0"}, "unparsable", "specversion"),
        ({"data": {"fields": {}}}, "bad_member_id", "member_id"),
        ({"data": None}, "unparsable", "value"),
    ],
)
def test_structured_fault_is_named(changes: dict[str, Any], code: str, field: str) -> None:
    """The same faults, by the names that the document uses."""
    found = rejection(with_json(event(**changes), b"application/cloudevents+json"))
    assert (found.code, found.field) == (code, field)


@pytest.mark.parametrize(
    "fields",
    [{"score": 2**63}, {"note": "\ud800"}, {"amount": Money(2**63, "USD")}, {"items": [{"n": -(2**70)}]}],
)
def test_what_no_record_can_hold_is_a_value_error(fields: dict[str, Any]) -> None:
    """Numbers beyond 64 bits and text that is not Unicode are refused before they are sent."""
    with pytest.raises(ValueError):
        encode(RawAction("s", "i", "t", "m", 0, fields))


def test_what_is_no_field_is_a_type_error() -> None:
    """A float has no exact form, so there is none for it: the error names the field."""
    with pytest.raises(TypeError, match="'score' is a float"):
        encode(RawAction("s", "i", "t", "m", 0, {"score": math.pi}))  # type: ignore[dict-item]
