"""What cercle/runtime/chunks.py leans on in Faust and aiokafka, and that a seek is exact."""

import asyncio
import inspect
import random
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance, GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from kafka import KafkaProducer
from mode import CrashingSupervisor

from cercle.runtime.chunks import ChunkConsumer, ChunkMessage, ChunkSchema, ChunkTransport
from cercle.runtime.log import Chunk
from cercle.runtime.topics import Topic, create_topics, topic_name
from tests.servers import Server

SEEKS = 30
FIRST_RECORDS = 500
PATIENCE_SECONDS = 10.0


def test_versions_are_those_that_were_read() -> None:
    """Private names were read in these versions: another one wants chunks.py to be read again."""
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka").startswith("0.14.")


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
        (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
        (SubscriptionState, "is_assigned", ["self", "tp"]),
        (Assignment, "state_value", ["self", "tp"]),
        (driver.Consumer, "_new_consumer_thread", ["self"]),
        (driver.Consumer, "seek_to_committed", ["self"]),
        (driver.Consumer, "seek_wait", ["self", "partitions"]),
        (driver.Consumer, "_getmany", ["self", "active_partitions", "timeout"]),
        (driver.Consumer, "highwater", ["self", "tp"]),
        (driver.Consumer, "perform_seek", ["self"]),
        (GroupCoordinator, "close", ["self"]),
        (driver.Consumer, "commit", ["self", "topics", "start_new_transaction"]),
        (driver.Consumer, "_commit", ["self", "offsets"]),
    ],
)
def test_what_is_overridden_or_called_is_there(owner: Any, name: str, parameters: list[str]) -> None:
    """The name exists with these parameters: an override is an override, and a call is understood."""
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_a_static_member_is_not_taken_out_of_its_group_by_aiokafka() -> None:
    """Why worker.py does it; and aiokafka joins once for each strategy, which must stay one."""
    assert "_group_instance_id is None" in inspect.getsource(GroupCoordinator._maybe_leave_group)
    source = inspect.getsource(AIOKafkaConsumer.__init__)
    assert "self._partition_assignment_strategy = partition_assignment_strategy" in source
    joining = inspect.getsource(CoordinatorGroupRebalance.perform_group_join)
    loop, request = joining.index("for assignor in self._assignors"), joining.index("JoinGroupRequest(")
    assert loop < request < joining.index("if error_type is Errors.NoError")


def test_message_has_all_that_faust_reads_of_a_record() -> None:
    """Every attribute that Faust's conversion takes from a Kafka record."""
    source = inspect.getsource(driver.Consumer._to_message)
    wanted = {word.split(".")[1].rstrip(",)") for word in source.split() if word.startswith("record.")}
    assert wanted and wanted <= set(ChunkMessage.__slots__)


@pytest.fixture
def stream_of_records(kafka: Server, club: str) -> Iterator[tuple[Server, str]]:
    """Records that are appended to the actions of a club all the while; each holds its own number."""
    create_topics(kafka.address, club, 1)
    topic = topic_name(club, Topic.ACTIONS)
    enough = threading.Event()

    def append() -> None:
        producer = KafkaProducer(bootstrap_servers=kafka.address, linger_ms=2)
        number = 0
        while not enough.wait(0.002):
            for _ in range(20):
                producer.send(topic, str(number).encode(), partition=0)
                number += 1
        producer.close()

    thread = threading.Thread(target=append)
    thread.start()
    yield kafka, topic
    enough.set()
    thread.join()


class Reader:
    """Accepts chunks as a partition's inbox does: by where they start."""

    def __init__(self) -> None:
        self.expected = 2**62
        self.accepted: list[int] = []
        self.moved, self.enough = asyncio.Event(), asyncio.Event()
        self.end = 0

    def offer(self, chunk: Chunk) -> None:
        """Takes what comes next; drops what came before, or after a gap."""
        self.end = max(self.end, chunk.highwater)
        if self.end > FIRST_RECORDS:
            self.enough.set()
        if chunk.start > self.expected or chunk.end <= self.expected:
            return
        fresh = [record for record in chunk.records if record.offset >= self.expected]
        assert [int(record.value or b"-1") for record in fresh] == [record.offset for record in fresh]
        self.accepted += [record.offset for record in fresh]
        self.expected = chunk.end
        self.moved.set()


def application(kafka: Server, topic: str, reader: Reader, folder: Path) -> faust.App:
    """A Faust app as a worker has one."""
    app = faust.App(
        f"chunks-{topic}",
        broker=f"kafka://{kafka.address}",
        broker_session_timeout=6,
        broker_heartbeat_interval=1,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_buffer_maxsize=8,
        agent_supervisor=CrashingSupervisor,
        datadir=str(folder),
        worker_redirect_stdouts=False,
    )
    app.transport = ChunkTransport(app.conf.broker_consumer, app)

    async def take(stream: Any) -> None:
        async for event in stream.events():
            reader.offer(event.value)

    app.agent(app.topic(topic, schema=ChunkSchema(), acks=False), name="actions")(take)
    return app


async def seek_and_see(consumer: ChunkConsumer, reader: Reader, at: TP, offset: int) -> None:
    """After `go_to` the first record accepted is the one at `offset`, and none is left out after it."""
    reader.expected, reader.accepted = offset, []
    reader.moved.clear()
    await consumer.go_to(at, offset)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(reader.accepted) < 50:
            await reader.moved.wait()
            reader.moved.clear()
    taken = reader.accepted
    assert taken == list(range(offset, offset + len(taken)))


def test_go_to_is_exact_while_records_flow(stream_of_records: tuple[Server, str], tmp_path: Path) -> None:
    """Thirty seeks, back and forth: what is accepted next starts exactly there, without a hole."""
    kafka, topic = stream_of_records

    async def run() -> None:
        reader = Reader()
        app = application(kafka, topic, reader, tmp_path)
        app.finalize()
        async with app:
            await asyncio.wait_for(reader.enough.wait(), 2 * PATIENCE_SECONDS)
            chance = random.Random(7)
            at = TP(topic, 0)
            for _ in range(SEEKS):
                await seek_and_see(app.consumer, reader, at, chance.randrange(reader.end))

    asyncio.run(run())


def test_chunks_before_the_first_go_to_are_worth_nothing(
    stream_of_records: tuple[Server, str], tmp_path: Path
) -> None:
    """Faust reads on from its own position after a rebalance; nothing of that is accepted."""
    kafka, topic = stream_of_records

    async def run() -> None:
        reader = Reader()
        reader.expected = 0
        app = application(kafka, topic, reader, tmp_path)
        app.finalize()
        async with app:
            await asyncio.wait_for(reader.enough.wait(), 2 * PATIENCE_SECONDS)
            assert reader.accepted == []
            await seek_and_see(app.consumer, reader, TP(topic, 0), 0)

    asyncio.run(run())
