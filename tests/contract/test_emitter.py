"""The emitter against real brokers: where actions land, how they are stamped, that none is lost silently."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from faust.transport.drivers.aiokafka import DefaultPartitioner as FaustPartitioner
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.partitioner.default import DefaultPartitioner as KafkaPythonPartitioner

from cercle.actions import emitter as emitter_module
from cercle.actions.codec import decode
from cercle.actions.emitter import DeliveryError, Emitter, EmitterError
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction
from cercle.runtime.embedded import EmbeddedKafka
from cercle.runtime.topics import Topic, create_topics, topic_name
from tests.servers import ROOT, Server

PARTITIONS = 5
JANUARY_1997 = 852_094_800_000
MEMBERS = ["14048", "1", "ana", "Zoë", "日本", "m" * 128, *(str(number) for number in range(100))]


def action(member_id: str, action_id: str = "order-1", **fields: Any) -> RawAction:
    """A purchase of January 1997."""
    return RawAction("shop", action_id, "purchase", member_id, JANUARY_1997, fields)


@pytest.fixture
def topic(broker: Server, club: str) -> str:
    """The actions topic of a club that was just created."""
    create_topics(broker.address, club, PARTITIONS)
    return topic_name(club, Topic.ACTIONS)


@pytest.fixture
def idempotent(request: pytest.FixtureRequest) -> bool:
    """As a brand would set it: everywhere but on the embedded broker."""
    return bool(request.node.callspec.params["broker"] == "kafka")


def read(server: Server, topic: str, count: int) -> list[Any]:
    """The first `count` records of a topic, as the services' consumer gives them."""
    return asyncio.run(_read(server, topic, count))


async def _read(server: Server, topic: str, count: int) -> list[Any]:
    found: list[Any] = []
    async with AIOKafkaConsumer(bootstrap_servers=server.address, auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += records
    return found


async def _send_by_aiokafka(server: Server, topic: str, keys: Sequence[str]) -> dict[str, int]:
    async with AIOKafkaProducer(bootstrap_servers=server.address) as producer:
        return {key: (await producer.send_and_wait(topic, b"", key.encode())).partition for key in keys}


def _send_by_kafka_python(server: Server, topic: str, keys: Sequence[str]) -> dict[str, int]:
    with KafkaProducer(bootstrap_servers=server.address, enable_idempotence=False) as producer:
        sent = {key: producer.send(topic, b"", key.encode()) for key in keys}
        return {key: future.get(10).partition for key, future in sent.items()}


@given(st.binary(min_size=1, max_size=140), st.integers(1, 100))
def test_partition_is_the_default_of_every_client(key: bytes, count: int) -> None:
    """Faust's, aiokafka's and kafka-python's default partitioners choose what the emitter chooses."""
    partitions = list(range(count))
    cluster = SimpleNamespace(
        topics=lambda: {"t"},
        partitions_for_topic=lambda topic: set(partitions),
        available_partitions_for_topic=lambda topic: set(partitions),
    )
    ours = partition_of(key, count)
    assert FaustPartitioner()(key, partitions, partitions) == ours
    assert KafkaPythonPartitioner().partition("t", key, key, b"", b"", cluster) == ours


def test_actions_land_where_other_clients_put_them(
    broker: Server, topic: str, club: str, idempotent: bool
) -> None:
    """On a real broker: the same partition for the same member, whoever sends; and each record decodes."""
    actions = [
        action(member, f"order-{index}", amount=Money(index, "USD")) for index, member in enumerate(MEMBERS)
    ]
    with Emitter(broker.address, club, idempotent=idempotent) as emitter:
        for one in actions:
            emitter.emit(one)
    records = read(broker, topic, len(actions))
    decoded = {
        one.id: one
        for one in (decode(record, PARTITIONS) for record in records)
        if isinstance(one, RawAction)
    }
    assert decoded == {one.id: one for one in actions}
    landed = {record.key.decode(): record.partition for record in records}
    assert len(set(landed.values())) == PARTITIONS
    some = MEMBERS[:20]
    expected = {member: landed[member] for member in some}
    assert _send_by_kafka_python(broker, topic, some) == expected
    assert asyncio.run(_send_by_aiokafka(broker, topic, some)) == expected


def test_history_keeps_its_time(broker: Server, topic: str, club: str, idempotent: bool) -> None:
    """As history a record is stamped with `occurred_at`, else with the time of sending."""
    before = int(time.time() * 1000)
    with Emitter(broker.address, club, idempotent=idempotent) as emitter:
        emitter.emit(action("ana", "old"), as_history=True)
        emitter.emit(action("ana", "new"))
    stamps = {dict(record.headers)["ce_id"]: record.timestamp for record in read(broker, topic, 2)}
    assert stamps[b"old"] == JANUARY_1997
    assert before <= stamps[b"new"] <= int(time.time() * 1000)


def test_order_is_kept(
    broker: Server, topic: str, club: str, idempotent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member's actions arrive once and in the order of emission, with many more than may wait for Kafka."""
    monkeypatch.setattr(emitter_module, "_UNACKNOWLEDGED_MAX", 50)
    with Emitter(broker.address, club, idempotent=idempotent) as emitter:
        for number in range(500):
            emitter.emit(action("ana", str(number)))
        place = emitter.emit(action("ana", "500"))
    records = read(broker, topic, 501)
    assert [dict(record.headers)["ce_id"] for record in records] == [str(n).encode() for n in range(501)]
    assert (place.get().partition, place.get().offset) == (records[-1].partition, 500)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (action(""), "member_id must have 1 to 128 characters"),
        (action("m" * 129), "member_id must have 1 to 128 characters"),
        (action("ana", ""), "id must have 1 to 512 characters"),
        (action("ana", score=2**63), "."),
        (action("ana", note="x" * 2_000_000), "larger than a record may be"),
    ],
)
def test_wrong_action_is_refused_before_it_is_sent(
    embedded_kafka: Server, club: str, wrong: RawAction, sentence: str
) -> None:
    """What no club could accept is a ValueError that says why; the others are sent."""
    create_topics(embedded_kafka.address, club, PARTITIONS)
    with Emitter(embedded_kafka.address, club, idempotent=False) as emitter:
        with pytest.raises(ValueError, match=sentence):
            emitter.emit(wrong)
        emitter.emit(action("ana", "right"))
    (record,) = read(embedded_kafka, topic_name(club, Topic.ACTIONS), 1)
    assert dict(record.headers)["ce_id"] == b"right"


def test_missing_club_is_an_error_and_stays_missing(broker: Server, club: str, idempotent: bool) -> None:
    """No topic is created on the side: it would have another number of partitions and lose history."""
    with pytest.raises(EmitterError, match=rf"has no topic cercle\.{club}\.actions"):
        Emitter(broker.address, club, idempotent=idempotent)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    assert topic_name(club, Topic.ACTIONS) not in admin.list_topics()
    admin.close()


def test_broker_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the address."""
    monkeypatch.setattr(emitter_module, "_ANSWER_MS", 500)
    with pytest.raises(EmitterError, match=r"127\.0\.0\.1:1 does not answer"):
        Emitter("127.0.0.1:1", "records")


def test_undelivered_actions_are_named(own_kafka: Server, club: str) -> None:
    """The broker dies: closing names what it did not acknowledge, and nothing that it did."""
    create_topics(own_kafka.address, club, PARTITIONS)
    emitter = Emitter(own_kafka.address, club, delivery_timeout_seconds=6)
    emitter.emit(action("ana", "delivered"))
    emitter.flush()
    own_kafka.kill()
    emitter.emit(action("ana", "lost-1"))
    emitter.emit(action("bob", "lost-2"))
    with pytest.raises(
        DeliveryError, match=r"^2 actions were not acknowledged by Kafka: lost-1 \("
    ) as caught:
        emitter.close()
    assert set(caught.value.failures) == {("shop", "lost-1"), ("shop", "lost-2")}


def test_full_window_raises_what_failed(
    own_kafka: Server, club: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long emission to a dead broker ends early: when too many wait, those that failed are raised."""
    monkeypatch.setattr(emitter_module, "_UNACKNOWLEDGED_MAX", 10)
    create_topics(own_kafka.address, club, PARTITIONS)
    emitter = Emitter(own_kafka.address, club, delivery_timeout_seconds=6)
    own_kafka.kill()
    with pytest.raises(DeliveryError, match=r"^10 actions .*, and 5 more$") as caught:
        for number in range(1000):
            emitter.emit(action("ana", str(number)))
    assert len(caught.value.failures) == 10
    emitter.close()


LEAVING = """
import sys
from cercle.actions.emitter import Emitter
from cercle.domain.action import RawAction

with Emitter(sys.argv[1], sys.argv[2], idempotent=False) as emitter:
    print("ready", flush=True)
    input()
    emitter.emit(RawAction("shop", "order-1", "purchase", "ana", 0, {}))
    raise ZeroDivisionError("its own")
"""


def test_failing_block_keeps_its_own_error(tmp_path: Path, club: str) -> None:
    """An exception in the `with` block ends a program soon, and alone on stderr, even without a broker."""
    with EmbeddedKafka(tmp_path) as broker:
        create_topics(broker.address, club, PARTITIONS)
        command = [sys.executable, "-W", "ignore", "-c", LEAVING, broker.address, club]
        with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            broker.kill()
            _, said = program.communicate("go\n", timeout=10)
    assert program.returncode == 1
    assert said.splitlines()[-1] == "ZeroDivisionError: its own"
    assert "kafka" not in said.lower()
