"""One run of each contender: its usage, and what was wrong with its results."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from kafka import KafkaProducer
from redis import Redis

from cercle.rulebook import compile_rulebook
from cercle.runtime.protocol import Cursor
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import rulebook_pb2
from tests.benchmarks.job import PARTITIONS, Expected
from tests.benchmarks.outcomes import cercle_faults, peer_faults
from tests.benchmarks.peer import TASK_VARIABLE, Task
from tests.benchmarks.process import ContenderProcess
from tests.benchmarks.usage import Reading, Usage, Watched, reading, usage
from tests.servers import ROOT, Server

_CLUB = ROOT / "tests" / "benchmarks" / "club"
_positions = msgspec.msgpack.Decoder(dict[str, Cursor])


class Place(NamedTuple):
    """Where contenders run: the servers, and a folder for their logs and files."""

    kafka: Server
    redis: Server
    folder: Path

    def pids(self) -> tuple[int | None, int | None]:
        """Redis's and Kafka's; None in containers."""
        return getattr(self.redis, "pid", None), getattr(self.kafka, "pid", None)


class Load(NamedTuple):
    """How many actions; the usage is that of those after the first `warmup`."""

    actions: int
    warmup: int
    expected: Expected


class Run(NamedTuple):
    """How it went; no `faults`: every member has what the job says."""

    usage: Usage
    faults: list[str]


def publish_rules(kafka: str, club: str) -> None:
    """The rules of the job, to a club of any name."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(_CLUB.glob("*.yaml"))}
    record = rulebook_pb2.RulebookPublished(version=compile_rulebook(files).version, files=files)
    producer = KafkaProducer(bootstrap_servers=kafka)
    try:
        producer.send(topic_name(club, Topic.RULEBOOK), record.SerializeToString()).get(10)
    finally:
        producer.close()


def run_cercle(place: Place, club: str, load: Load) -> Run:
    """The points service, on a club whose topic of actions holds the job. Raises RunFailed."""
    settings = Settings(club=club, kafka=place.kafka.address, redis=place.redis.address)
    env = {
        "CERCLE_CLUB": club,
        "CERCLE_KAFKA": settings.kafka,
        "CERCLE_REDIS": settings.redis,
        "CERCLE_DATA_DIR": str(place.folder),
    }
    started = ContenderProcess.started(club, "services.points", place.folder, env)
    with started as process, Redis.from_url(settings.redis) as redis:
        spent = _watched(process, Watched(process.pid, *place.pids()), load, lambda: _progress(redis, club))
    return Run(spent, asyncio.run(cercle_faults(settings, load.expected, load.actions)))


def _watched(
    process: ContenderProcess, watched: Watched, load: Load, progress: Callable[[], tuple[int, int]]
) -> Usage:
    """Between the first looks after the warm-up and at the end; then waits until all is in the log."""
    first: Reading | None = None
    last: Reading | None = None
    for _ in process.looks():
        judged, unshipped = progress()
        if first is None and judged >= load.warmup:
            first = reading(judged, watched)
        if last is None and judged >= load.actions:
            last = reading(judged, watched)
        if first is not None and last is not None and not unshipped:
            return usage(first, last)
    raise AssertionError("looks end only by an exception")


def _progress(redis: Redis, club: str) -> tuple[int, int]:
    """Actions judged, and batches of decisions not yet known to be in the log."""
    with redis.pipeline(transaction=False) as looks:
        for partition in range(PARTITIONS):
            key = f"cercle:{club}:points:{{{club}:{partition}}}"
            looks.hget(f"{key}:meta", "positions")
            looks.llen(f"{key}:outbox")
        found = looks.execute()
    positions = [_positions.decode(stored) if stored else {} for stored in found[::2]]
    return sum(each.get("actions", Cursor()).offset for each in positions), sum(found[1::2])


def run_peer(place: Place, module: str, run: str, topic: str, output: str, load: Load) -> Run:
    """`tests.benchmarks.<module>` on a topic that holds the job. Raises RunFailed.

    It earns into `output`; empty: it earns nothing.
    """
    result = place.folder / f"{run}.json"
    redis_pid, kafka_pid = place.pids()
    task = Task(
        run=run,
        kafka=place.kafka.address,
        redis=place.redis.address,
        redis_pid=redis_pid,
        kafka_pid=kafka_pid,
        topic=topic,
        output=output,
        actions=load.actions,
        warmup=load.warmup,
        folder=str(place.folder / run),
        result=str(result),
    )
    env = {TASK_VARIABLE: msgspec.json.encode(task).decode()}
    with ContenderProcess.started(run, f"tests.benchmarks.{module}", place.folder, env) as process:
        process.finish()
    spent = msgspec.json.decode(result.read_bytes(), type=Usage)
    return Run(spent, asyncio.run(peer_faults(task.kafka, output, load.expected)) if output else [])
