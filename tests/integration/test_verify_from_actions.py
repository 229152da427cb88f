"""`cercle verify --from-actions`: every decision judged again from what the topics hold, and nothing else."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import log_pb2
from services.console.judging_partitions import PublishedRules
from tests.integration.conftest import action, purchase
from tests.integration.rules import FILES, POINTS
from tests.integration.running import SERVICES, RunningClub, eventually, now_ms, raw, serving
from tests.integration.test_points_rpc import capture, hold, of_kind, release
from tests.integration.test_transactions import send
from tests.servers import ROOT, Server

DOUBLED = FILES | {"points.yaml": POINTS.replace("points: 1,", "points: 2,")}
MEMBERS = [f"v{number}" for number in range(12)]


@pytest.fixture(scope="module")
def lived(
    kafka: Server, redis_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club of three services that read each other, after a short and varied life; now at rest, stopped.

    These tests are in their order: the later ones spoil its topics.
    """
    club = RunningClub(kafka, redis_server, "again", tmp_path_factory.mktemp("again"))
    for each in serving(club, FILES):
        live(each)
    yield club


def live(club: RunningClub) -> None:
    """Purchases, refused and repeated ones; holds of every end; a new version of the rules; a new owner."""
    first = [raw(purchase(member, 60 + 10 * number)) for number, member in enumerate(MEMBERS)]
    club.send(
        [*first, *first[:3], raw(action("v0", "unknown")), raw(action("v1", "answer_given", topic="x"))]
    )
    club.settle()
    for number, member in enumerate(MEMBERS[:8]):
        hold(club, member, f"h{number}", 5, keep_for_seconds=1 if number == 7 else 60)
    for number in range(3):
        capture(club, MEMBERS[number], f"c{number}", f"h{number}")
        release(club, MEMBERS[number + 3], f"r{number}", f"h{number + 3}")
    transactions(club)
    eventually(lambda: of_kind(club, "v7", "released"))
    club.publish(DOUBLED, club.records("points")[0].rulebook, now_ms() + 300)
    club.kill("points")
    club.start("points")
    club.stop("badges")
    for dollars in (1, 450):
        club.send([raw(purchase(member, dollars)) for member in MEMBERS])
    club.start("badges")
    club.settle()
    assert len({record.rulebook for record in club.records("points")}) == 2


def transactions(club: RunningClub) -> None:
    """One that is committed, and one that is not: both leave holes in actions."""
    producer = KafkaProducer(bootstrap_servers=club.kafka, transactional_id=club.club, acks="all")
    producer.init_transactions()
    send(club, producer, "v0", 3, commit=True)
    send(club, producer, "v0", 7, commit=False)
    producer.close()


def forge(club: RunningClub) -> None:
    """Appends what the last owner of v0's partition would have appended, had v0 been given points."""
    partition = club.partition_of(b"v0")
    before = [each for each in club.records("points") if club.partition_of(each.key.encode()) == partition]
    last, given = before[-1], [each for each in before if each.key == "v0"]
    record = log_pb2.Record()
    record.CopyFrom(last)
    record.key, record.previous_seq = "v0", given[-1].seq
    record.seq, record.oe, record.poe = last.seq + 1, last.epoch, last.oe
    record.depth = 0
    record.cause.Clear()
    record.cause.due_ms = record.at_ms
    record.decision = given[0].decision
    entry = log_pb2.Entry(record=record).SerializeToString()
    producer = KafkaProducer(bootstrap_servers=club.kafka, acks="all")
    producer.send(topic_name(club.club, Topic.POINTS), entry, b"v0", partition=partition).get(10)
    producer.close()


def verified(club: RunningClub, service: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """What `cercle verify --from-actions` does."""
    where = ["--club", club.club, "--kafka", club.kafka, "--redis", club.redis_url]
    command = [
        sys.executable,
        "-m",
        "services.console",
        "verify",
        service,
        "--from-actions",
        *where,
        *options,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_decision_of_a_club_is_what_its_inputs_bring_about(lived: RunningClub) -> None:
    """In all three services: all records are judged again, and every input is read."""
    for service in SERVICES:
        done = verified(lived, service, "--json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["equal"]) == (0, True), found
        assert [each["log"]["seq"] for each in found["partitions"]] == lived.seqs(service)
        assert sum(each["judged"] for each in found["partitions"]) == len(lived.records(service))
        assert found["actions"] == len(MEMBERS) * 3 + 3 + 2 + 1
        assert all(each["not_judged_again"] == 0 for each in found["partitions"])
    causes = {record.cause.WhichOneof("kind") for record in lived.records("points")}
    assert causes == {"input", "command", "due_ms"}
    assert "every decision is what its inputs and rules bring about" in verified(lived, "points").stdout


def test_rules_that_begin_meanwhile_are_read(kafka: Server, redis_server: Server, tmp_path: Path) -> None:
    """A long log names a version that was not published when judging began."""

    async def law() -> None:
        published = PublishedRules(Settings(club="later", kafka=kafka.address, redis=redis_server.address))
        await published.read()
        assert published.rules.versions == []
        version = later.publish(FILES)
        await published.know("")
        assert published.rules.versions == []
        await published.know(version)
        assert [each.version for each in published.rules.versions] == [version]
        second = later.publish(DOUBLED, version, 7)
        for named in (version, second, second):
            await published.know(named)
        assert [each.version for each in published.rules.versions] == [version, second]

    later = RunningClub(kafka, redis_server, "later", tmp_path)
    asyncio.run(law())
    later.close()


def test_what_nobody_could_have_decided_is_shown(lived: RunningClub) -> None:
    """A gift of points that no input asks for, written into the log as its owner would have written it."""
    forge(lived)
    done = verified(lived, "points", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["equal"]) == (1, False)
    [forged] = [each for partition in found["partitions"] for each in partition["differences"]]
    assert (forged["key"], forged["reason"]) == ("v0", "it is decided otherwise")
    assert "Earned" in forged["recorded"] and forged["judged"] == "nothing"


def test_actions_that_retention_removed_are_named(lived: RunningClub) -> None:
    """Without the inputs nothing can be judged again, and the command says so."""
    admin = KafkaAdminClient(bootstrap_servers=lived.kafka)
    admin.delete_records({TopicPartition(topic_name(lived.club, Topic.ACTIONS), 1): 2})
    admin.close()
    done = verified(lived, "points")
    assert done.returncode == 1
    assert "Partition 1 of actions begins at 2: retention removed the 2 offsets before it" in done.stderr
