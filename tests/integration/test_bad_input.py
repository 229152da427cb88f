"""Bad input: each record that cannot be accepted is set aside once, with its reason, and stops nothing."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from kafka import KafkaProducer

from cercle.actions.codec import encode
from cercle.actions.partition import partition_of
from cercle.domain.action import Money
from cercle.domain.decision import DAY, MINUTE
from cercle.runtime.rejected import Rejected
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import points_pb2 as pb
from tests.integration.conftest import action, purchase
from tests.integration.running import Raw, RunningClub, now_ms, raw
from tests.servers import Server


class Bad(NamedTuple):
    """A kind of bad record: what it is, what is said of it, and how to make one of a member."""

    name: str
    code: str
    field: str
    mentions: str
    make: Callable[[str, int], Raw]


def sound(member_id: str) -> Raw:
    """A good purchase of 10 dollars."""
    return raw(purchase(member_id, 10))


def with_headers(member_id: str, **changes: bytes | None) -> Raw:
    """A good purchase with some headers changed, or left out."""
    record = sound(member_id)
    names = {name.replace("content_type", "content-type"): value for name, value in changes.items()}
    kept = [(name, value) for name, value in record.headers if name not in names]
    return record._replace(
        headers=kept + [(name, value) for name, value in names.items() if value is not None]
    )


def as_json(member_id: str, text: bytes) -> Raw:
    """A record that says its value is JSON."""
    return with_headers(member_id, content_type=b"application/json")._replace(value=text)


def of(member_id: str, **fields: Any) -> Raw:
    """A purchase with exactly these fields."""
    return raw(action(member_id, "purchase", **fields))


def elsewhere(member_id: str, partitions: int) -> Raw:
    """A good purchase in another partition than its member's."""
    record = sound(member_id)
    home = partition_of(member_id.encode(), partitions)
    return record._replace(partition=(home + 1) % partitions)


def usd(minor_units: int, currency: str = "USD") -> Money:
    """An amount."""
    return Money(minor_units, currency)


BAD = [
    Bad(
        "no protobuf", "unparsable", "value", "value", lambda m, _: sound(m)._replace(value=b"\xff\x01 what")
    ),
    Bad("no JSON", "unparsable", "value", "value", lambda m, _: as_json(m, b'{"member_id": ')),
    Bad("JSON of another kind", "unparsable", "value", "value", lambda m, _: as_json(m, b"[1, 2]")),
    Bad(
        "a number with decimals",
        "unparsable",
        "amount",
        "amount",
        lambda m, _: as_json(m, b'{"member_id": "%b", "fields": {"amount": 1.5}}' % m.encode()),
    ),
    Bad(
        "another content type",
        "unparsable",
        "content-type",
        "content-type",
        lambda m, _: with_headers(m, content_type=b"text/plain"),
    ),
    Bad(
        "no content type",
        "missing_attribute",
        "content-type",
        "content-type",
        lambda m, _: with_headers(m, content_type=None),
    ),
    Bad("a tombstone", "no_value", "value", "tombstone", lambda m, _: sound(m)._replace(value=None)),
    Bad("no headers", "no_headers", "headers", "headers", lambda m, _: sound(m)._replace(headers=[])),
    Bad("no ce_id", "missing_attribute", "ce_id", "ce_id", lambda m, _: with_headers(m, ce_id=None)),
    Bad(
        "empty ce_source",
        "missing_attribute",
        "ce_source",
        "ce_source",
        lambda m, _: with_headers(m, ce_source=b""),
    ),
    Bad(
        "a long ce_id",
        "attribute_too_long",
        "ce_id",
        "ce_id",
        lambda m, _: with_headers(m, ce_id=b"i" * 513),
    ),
    Bad(
        "a ce_id that is no text", "unparsable", "ce_id", "ce_id", lambda m, _: with_headers(m, ce_id=b"\xff")
    ),
    Bad(
        "a bad ce_time", "bad_time", "ce_time", "ce_time", lambda m, _: with_headers(m, ce_time=b"yesterday")
    ),
    Bad(
        "a ce_time without a zone",
        "bad_time",
        "ce_time",
        "zone",
        lambda m, _: with_headers(m, ce_time=b"2026-03-02T10:00:00"),
    ),
    Bad("no member id", "bad_member_id", "member_id", "member_id", lambda m, _: raw(purchase("", 10))),
    Bad(
        "a long member id", "bad_member_id", "member_id", "128", lambda m, _: raw(purchase(m + "x" * 128, 10))
    ),
    Bad("another's key", "wrong_key", "key", "key", lambda m, _: sound(m)._replace(key=b"somebody")),
    Bad("no key", "wrong_key", "key", "key", lambda m, _: sound(m)._replace(key=None)),
    Bad("another's partition", "wrong_partition", "partition", "murmur2", elsewhere),
    Bad("an unknown action", "unknown_action", "type", "purchase", lambda m, _: raw(action(m, "purchas"))),
    Bad("a missing field", "missing_field", "amount", "amount", lambda m, _: of(m, discs=1)),
    Bad(
        "an unknown field", "unknown_field", "discos", "discs", lambda m, _: of(m, amount=usd(1000), discos=1)
    ),
    Bad(
        "a field of another type",
        "wrong_type",
        "discs",
        "discs",
        lambda m, _: of(m, amount=usd(1), discs="2"),
    ),
    Bad(
        "an unknown field of an item",
        "unknown_field",
        "items.1.price",
        "price",
        lambda m, _: of(m, amount=usd(1), items=[{"sku": "s", "quantity": 1, "price": 3}]),
    ),
    Bad("a negative amount", "bad_amount", "amount", "negative", lambda m, _: of(m, amount=usd(-1))),
    Bad("a huge amount", "bad_amount", "amount", "more than", lambda m, _: of(m, amount=usd(2**62))),
    Bad("another currency", "wrong_currency", "amount", "USD", lambda m, _: of(m, amount=usd(100, "EUR"))),
    Bad(
        "late",
        "late",
        "occurred_at",
        "lateness",
        lambda m, _: raw(purchase(m, 10, now_ms() - 31 * DAY), now_ms()),
    ),
    Bad(
        "in the future",
        "future",
        "occurred_at",
        "5 minutes",
        lambda m, _: raw(purchase(m, 10, now_ms() + 6 * MINUTE), now_ms()),
    ),
    Bad(
        "headers as ours",
        "wrong_key",
        "key",
        "key",
        lambda m, _: with_headers(m, cercle_code=b"fine", cercle_key=b"k", cercle_place=b"x")._replace(
            key=None
        ),
    ),
]


class Sent(NamedTuple):
    """What a flow of good and bad records left behind."""

    members: list[str]
    good_ids: set[str]
    bad: dict[str, tuple[Bad, Raw]]
    rejected: dict[str, list[Rejected]]
    earlier: int


@pytest.fixture(scope="module")
def flow(town: RunningClub) -> Sent:
    """Every kind of bad record once, each between two good actions of the same member."""
    members = [f"bad{number}" for number in range(len(BAD))]
    earlier = len(town.rejected())
    records: list[Raw] = []
    good: set[str] = set()
    for member_id, bad in zip(members, BAD, strict=True):
        before, after = purchase(member_id, 7), purchase(member_id, 11)
        good |= {before.id, after.id}
        records += [raw(before), bad.make(member_id, town.partitions), raw(after)]
    places = town.send(records)
    town.settle()
    rejected: dict[str, list[Rejected]] = {}
    for entry in town.rejected():
        rejected.setdefault(f"{entry.topic}/{entry.partition}/{entry.offset}", []).append(entry)
    bad_ones = {
        place: (bad, record) for place, bad, record in zip(places[1::3], BAD, records[1::3], strict=True)
    }
    return Sent(members, good, bad_ones, rejected, earlier)


@pytest.mark.parametrize("bad", BAD, ids=[bad.name.replace(" ", "-") for bad in BAD])
def test_bad_record_is_set_aside_with_its_reason(flow: Sent, bad: Bad) -> None:
    """In the rejected topic once, as it came: bytes, key, headers; with a code and a sentence."""
    [(place, record)] = [(place, record) for place, (kind, record) in flow.bad.items() if kind is bad]
    [entry] = flow.rejected[place]
    assert (entry.code, entry.field) == (bad.code, bad.field)
    assert bad.mentions in entry.sentence
    theirs = [(name, value) for name, value in record.headers if not name.startswith("cercle_")]
    assert (entry.value, entry.key, entry.headers, entry.cut_from) == (record.value, record.key, theirs, 0)


def test_nothing_else_was_rejected(flow: Sent, town: RunningClub) -> None:
    """No good action is in the rejected topic, and no bad one is there twice: only points reports."""
    entries = [entry for entries in flow.rejected.values() for entry in entries]
    assert len(entries) - flow.earlier == len(BAD)
    for service in ("badges", "offers"):
        assert town.metrics(service).get("cercle_rejections_total", 0) == 0


@pytest.mark.parametrize("service", ["points", "badges"])
def test_good_actions_between_are_all_counted(flow: Sent, town: RunningClub, service: str) -> None:
    """Each good action is one decision of each service that counts actions; each bad one is none."""
    accepted = [
        event.action_accepted.id
        for record in town.records(service)
        if record.key.startswith("bad")
        for event in pb.Decision.FromString(record.decision).events
        if event.WhichOneof("kind") == "action_accepted"
    ]
    assert sorted(accepted) == sorted(flow.good_ids)


def test_members_have_what_good_actions_earned(flow: Sent, town: RunningClub) -> None:
    """7 and 11 points each, whatever lay between."""
    for member_id in flow.members:
        answer = town.points.GetBalance(pb.GetBalanceRequest(member_id=member_id))
        assert [each.available for each in answer.balances] == [18], member_id


def test_bad_records_again_change_no_state(flow: Sent, town: RunningClub) -> None:
    """The same bad records once more: set aside once more, at their new places, and nothing else."""
    before = {name: (town.seqs(name), town.states(name)) for name in ("points", "badges", "offers")}
    places = town.send([record for _, record in flow.bad.values()])
    town.settle()
    assert {name: (town.seqs(name), town.states(name)) for name in before} == before
    found = [f"{entry.topic}/{entry.partition}/{entry.offset}" for entry in town.rejected()]
    assert all(found.count(place) == 1 for place in places)


def test_good_actions_again_change_no_state(town: RunningClub, member: str) -> None:
    """The same actions sent again, from another record: dropped by (source, id), and not rejected."""
    records = [raw(purchase(member, dollars)) for dollars in (10, 20)]
    town.send(records)
    town.settle()
    before = {name: (town.seqs(name), town.states(name)) for name in ("points", "badges", "offers")}
    rejected = len(town.rejected())
    town.send(records)
    town.settle()
    assert {name: (town.seqs(name), town.states(name)) for name in before} == before
    assert len(town.rejected()) == rejected


def test_too_early_for_the_member_is_late(town: RunningClub, member: str) -> None:
    """An action older than the member's newest by more than the lateness is late, though sent in time."""
    now = now_ms()
    [_, place] = town.send(
        [raw(purchase(member, 10, now), now), raw(purchase(member, 10, now - 31 * DAY), now - 31 * DAY)]
    )
    town.settle("points")
    [entry] = [e for e in town.rejected() if f"actions/{e.partition}/{e.offset}" == place]
    assert (entry.code, entry.field) == ("late", "occurred_at")
    assert "newest" in entry.sentence


@pytest.fixture
def compressing(kafka: Server) -> Iterator[KafkaProducer]:
    """A brand's producer that compresses, so that small batches hold large records."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.address, compression_type="gzip", max_request_size=30_000_000, acks="all"
    )
    yield producer
    producer.close()


@pytest.mark.parametrize("size", [1_040_000, 10_000_000])
def test_record_too_large_to_copy_is_set_aside_too(
    town: RunningClub, member: str, compressing: KafkaProducer, size: int
) -> None:
    """A bad record that no topic takes whole is set aside cut short, saying so; the next is judged."""
    key, _, headers = encode(purchase(member, 10))
    partition = town.partition_of(key)
    topic = topic_name(town.club, Topic.ACTIONS)
    sent = compressing.send(topic, b"\xff" * size, key, headers, partition, now_ms()).get(timeout=20)
    town.send([raw(purchase(member, 5))])
    town.settle()
    [entry] = [e for e in town.rejected() if (e.partition, e.offset) == (partition, sent.offset)]
    assert entry.code == "unparsable"
    assert entry.key == key and entry.headers == headers
    assert entry.value is not None and 400_000 < len(entry.value) < size
    assert entry.cut_from > size
    answer = town.points.GetBalance(pb.GetBalanceRequest(member_id=member))
    assert [each.available for each in answer.balances] == [5]
