"""Brands that write in transactions: what they commit counts, what they abort never, nothing is held up."""

from collections.abc import Iterator

import pytest
from kafka import KafkaProducer

from cercle.runtime.topics import Topic, topic_name
from tests.integration.conftest import purchase
from tests.integration.running import RunningClub, eventually, now_ms, raw
from tests.integration.test_points_rpc import balance, hold, of_kind
from tests.servers import Server


@pytest.fixture
def transactional(kafka: Server) -> Iterator[KafkaProducer]:
    """A brand's transactional producer."""
    producer = KafkaProducer(bootstrap_servers=kafka.address, transactional_id="brand", acks="all")
    producer.init_transactions()
    yield producer
    producer.close()


def send(club: RunningClub, producer: KafkaProducer, member_id: str, dollars: int, commit: bool) -> None:
    """One purchase in a transaction of its own."""
    record = raw(purchase(member_id, dollars))
    partition = club.partition_of(record.key)
    producer.begin_transaction()
    topic = topic_name(club.club, Topic.ACTIONS)
    producer.send(topic, record.value, record.key, record.headers, partition, now_ms())
    if commit:
        producer.commit_transaction()
    else:
        producer.flush()
        producer.abort_transaction()


def test_only_committed_actions_count(town: RunningClub, member: str, transactional: KafkaProducer) -> None:
    """Committed, aborted and plain ones after each other: 1 + 4 + 8 of 1 + 2 + 4 + 8."""
    for dollars, commit in ((1, True), (2, False), (4, True)):
        send(town, transactional, member, dollars, commit)
    town.send([raw(purchase(member, 8))])
    town.settle()
    assert balance(town, member)["available"] == 13


@pytest.mark.parametrize("last_is_committed", [True, False])
def test_markers_at_the_end_do_not_stop_time(
    town: RunningClub, member: str, transactional: KafkaProducer, last_is_committed: bool
) -> None:
    """A transaction's marker is the last record of actions: the owner knows that it read to the end."""
    send(town, transactional, member, 20, True)
    eventually(lambda: balance(town, member).get("available") == 20)
    hold(town, member, "h1", 5, keep_for_seconds=1)
    if not last_is_committed:
        send(town, transactional, member, 10, False)
    [released] = eventually(lambda: of_kind(town, member, "released"), 8)
    assert released.timed_out
    eventually(lambda: town.metrics("points")["cercle_lag_records"] == 0, 5)
