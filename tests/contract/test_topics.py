"""Topics keep everything; what keeps less is refused; and what the end of a log is.

The same on Apache Kafka and on the embedded broker, except where a test says otherwise.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from cercle.runtime import topics
from cercle.runtime.topics import (
    KEEP_ALL,
    Topic,
    TopicsError,
    check_topics,
    create_topics,
    partition_count,
    topic_name,
)
from tests.servers import Server

JANUARY_1997 = 852_076_800_000
RETENTION_CHECKS_SECONDS = 4.0


@contextmanager
def admin(server: Server) -> Iterator[Any]:
    """Kafka's admin client."""
    client = KafkaAdminClient(bootstrap_servers=server.address)
    try:
        yield client
    finally:
        client.close()


def create(server: Server, club: str, **configs: dict[str, Any]) -> None:
    """All topics of a club, those named with other options than they need."""
    options: dict[str, dict[str, Any]] = {
        topic_name(club, topic): {"num_partitions": 1 if topic is Topic.RULEBOOK else 3, "configs": KEEP_ALL}
        for topic in Topic
    }
    options.update({topic_name(club, Topic(name)): option for name, option in configs.items()})
    with admin(server) as client:
        client.create_topics(options)
        client.wait_for_topics(list(options))


def emit(server: Server, topic: str, count: int, stamped: int, batch: int = 1) -> None:
    """`count` records to partition 0, `batch` at a time."""
    producer = KafkaProducer(bootstrap_servers=server.address, enable_idempotence=False, linger_ms=50)
    for first in range(0, count, batch):
        for number in range(first, first + batch):
            producer.send(topic, str(number).encode(), partition=0, timestamp_ms=stamped)
        producer.flush()
    producer.close()


@contextmanager
def reading(server: Server, topic: str, offset: int | None = None) -> Iterator[tuple[Any, TopicPartition]]:
    """A consumer of partition 0, at its beginning or at `offset`."""
    consumer = KafkaConsumer(bootstrap_servers=server.address, auto_offset_reset="earliest")
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    if offset is None:
        consumer.seek_to_beginning(partition)
    else:
        consumer.seek(partition, offset)
    try:
        yield consumer, partition
    finally:
        consumer.close()


def read_all(server: Server, topic: str) -> list[bytes]:
    """All values of partition 0, up to the high watermark."""
    values: list[bytes] = []
    with reading(server, topic) as (consumer, partition):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            values += [record.value for record in consumer.poll(timeout_ms=500).get(partition, [])]
            if consumer.highwater(partition) is not None and consumer.position(
                partition
            ) >= consumer.highwater(partition):
                break
    return values


def test_topics_are_created_once_and_pass_the_check(broker: Server, club: str) -> None:
    """Creating is idempotent; every keyed topic has the partitions asked for, the rulebook one."""
    create_topics(broker.address, club, 3)
    create_topics(broker.address, club, 3)
    assert check_topics(broker.address, club) == 3
    assert partition_count(broker.address, club) == 3
    with admin(broker) as client:
        found = {topic["name"]: len(topic["partitions"]) for topic in client.describe_topics()}
    assert {name: count for name, count in found.items() if name.startswith(f"cercle.{club}.")} == {
        topic_name(club, topic): 1 if topic is Topic.RULEBOOK else 3 for topic in Topic
    }


def test_missing_topic_is_created_beside_the_others(broker: Server, club: str) -> None:
    """A club that lacks one topic is refused, and whole after creating again."""
    create_topics(broker.address, club, 2)
    with admin(broker) as client:
        client.delete_topics([topic_name(club, Topic.LETTERS)])
        gone_by = time.monotonic() + 10
        while topic_name(club, Topic.LETTERS) in client.list_topics() and time.monotonic() < gone_by:
            time.sleep(0.1)
    with pytest.raises(TopicsError, match=f"^{topic_name(club, Topic.LETTERS)} not found"):
        check_topics(broker.address, club)
    create_topics(broker.address, club, 2)
    assert check_topics(broker.address, club) == 2


def test_another_number_of_partitions_is_refused(broker: Server, club: str) -> None:
    """The number of partitions is fixed when the club is created."""
    create_topics(broker.address, club, 2)
    with pytest.raises(TopicsError, match=r"actions has 2 partitions, 4 were asked for"):
        create_topics(broker.address, club, 4)


def test_topics_that_disagree_are_refused(broker: Server, club: str) -> None:
    """A life must be one partition everywhere."""
    create(broker, club, points={"num_partitions": 5, "configs": KEEP_ALL})
    with pytest.raises(TopicsError, match=rf"cercle\.{club}\.points has 5 partitions, 3 needed"):
        check_topics(broker.address, club)


def test_rulebook_has_one_partition(broker: Server, club: str) -> None:
    """The versions of a rulebook have one order."""
    create(broker, club, rulebook={"num_partitions": 3, "configs": KEEP_ALL})
    with pytest.raises(TopicsError, match=r"rulebook has 3 partitions, 1 needed"):
        check_topics(broker.address, club)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("retention.ms", "604800000"), ("retention.bytes", "1048576"), ("cleanup.policy", "compact")],
)
def test_topic_that_may_lose_records_is_refused(broker: Server, club: str, setting: str, value: str) -> None:
    """One sentence names the topic, the setting, what was found and what is needed."""
    create(broker, club, badges={"num_partitions": 3, "configs": {**KEEP_ALL, setting: value}})
    with pytest.raises(TopicsError) as refused:
        check_topics(broker.address, club)
    assert f"cercle.{club}.badges has {setting}={value}, needed is {setting}={KEEP_ALL[setting]}" in str(
        refused.value
    )


def test_topic_with_defaults_is_refused(broker: Server, club: str) -> None:
    """A topic that somebody made without settings is refused on both brokers.

    Kafka reports its default of a week; the embedded broker reports only what was set.
    """
    create(broker, club, actions={"num_partitions": 3})
    with pytest.raises(
        TopicsError, match=r"actions has (retention\.ms=604800000|cleanup\.policy=\(not set\))"
    ):
        check_topics(broker.address, club)


def test_rejected_may_be_kept_for_less(broker: Server, club: str) -> None:
    """Only `rejected` is not what the club is made of."""
    create(broker, club, rejected={"num_partitions": 3, "configs": {**KEEP_ALL, "retention.ms": "86400000"}})
    assert check_topics(broker.address, club) == 3


def test_broker_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody there: the error names the address and the setting."""
    monkeypatch.setattr(topics, "_ANSWER_MS", 500)
    with pytest.raises(TopicsError, match=r"Kafka at 127\.0\.0\.1:1 .*CERCLE_KAFKA"):
        check_topics("127.0.0.1:1", "nowhere")


def test_history_of_1997_is_kept(broker: Server, club: str) -> None:
    """Records stamped 1997 are all there after several retention checks (one a second here)."""
    create_topics(broker.address, club, 1)
    topic = topic_name(club, Topic.ACTIONS)
    emit(broker, topic, 200, JANUARY_1997, batch=50)
    time.sleep(RETENTION_CHECKS_SECONDS)
    assert read_all(broker, topic) == [str(number).encode() for number in range(200)]


def test_history_of_1997_vanishes_with_the_defaults(kafka: Server, club: str) -> None:
    """What the settings are for: with Kafka's defaults the same records are deleted in the same time."""
    topic = f"default.{club}"
    with admin(kafka) as client:
        client.create_topics({topic: {"num_partitions": 1}})
        client.wait_for_topics([topic])
    emit(kafka, topic, 200, JANUARY_1997, batch=50)
    gone_by = time.monotonic() + 5 * RETENTION_CHECKS_SECONDS
    while read_all(kafka, topic) and time.monotonic() < gone_by:
        time.sleep(0.5)
    assert read_all(kafka, topic) == []


def test_high_watermark_of_a_fetch_is_the_end(broker: Server, club: str) -> None:
    """The offset that the next record gets: what a fetch says of it, from any position."""
    create_topics(broker.address, club, 1)
    topic = topic_name(club, Topic.POINTS)
    emit(broker, topic, 16, JANUARY_1997, batch=4)
    for offset in (0, 7, 16):
        with reading(broker, topic, offset) as (consumer, partition):
            seen_by = time.monotonic() + 10
            while consumer.highwater(partition) is None and time.monotonic() < seen_by:
                consumer.poll(timeout_ms=200)
            assert consumer.highwater(partition) == 16


def test_end_offsets_are_right_on_kafka_only(
    broker: Server, club: str, request: pytest.FixtureRequest
) -> None:
    """Why nothing asks for end offsets: the embedded broker gives its last batch's first offset + 1.

    When this fails there, the broker has been mended, and this warning can go.
    """
    create_topics(broker.address, club, 1)
    topic = topic_name(club, Topic.POINTS)
    emit(broker, topic, 16, JANUARY_1997, batch=4)
    with reading(broker, topic) as (consumer, partition):
        end = consumer.end_offsets([partition])[partition]
    embedded = request.node.callspec.params["broker"] == "embedded_kafka"
    assert end == (13 if embedded else 16)
