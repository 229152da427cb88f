"""A running club: its topics, its rulebook, its services as processes, and the ways to look at it."""

import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import grpc
import msgspec
import redis
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from cercle.actions.codec import encode
from cercle.actions.partition import partition_of
from cercle.domain.action import RawAction
from cercle.rulebook import compile_rulebook
from cercle.runtime.embedded import free_port
from cercle.runtime.guarded import GuardedProcess
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.rejected import Rejected, read_rejected
from cercle.runtime.topics import Topic, create_topics, topic_name
from cercle.wire import (
    badges_pb2_grpc,
    log_pb2,
    offers_pb2_grpc,
    points_pb2_grpc,
    rulebook_pb2,
)
from tests.servers import ROOT, Server

SERVICES = ("points", "badges", "offers")
INPUTS = {"points": ("badges", "offers"), "badges": ("points",), "offers": ("badges",)}
PATIENCE_SECONDS = 30.0
Value = TypeVar("Value")
_positions = msgspec.msgpack.Decoder(dict[str, Cursor])


class Raw(NamedTuple):
    """A Kafka record as somebody may send it, well formed or not. `partition` None: the key's own."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp: int
    partition: int | None = None


class Stand(NamedTuple):
    """Where a service stands in one partition."""

    seq: int
    positions: dict[str, Cursor]
    unshipped: int
    ready: bool


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def eventually(look: Callable[[], Value], seconds: float = PATIENCE_SECONDS) -> Value:
    """What `look` gives, once it is something; a missed assertion or UNAVAILABLE is asked again."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            found = look()
            if found or time.monotonic() > give_up:
                assert found, "it never came to be"
                return found
        except (AssertionError, grpc.RpcError) as error:
            later = isinstance(error, AssertionError) or error.code() is grpc.StatusCode.UNAVAILABLE
            if not later or time.monotonic() > give_up:
                raise
        time.sleep(0.03)


def raw(action: RawAction, timestamp: int | None = None) -> Raw:
    """An action as its well formed record, stamped with its own time if no other is given."""
    key, value, headers = encode(action)
    return Raw(key, value, headers, action.occurred_at if timestamp is None else timestamp)


class RunningClub:
    """One club on the given servers. Starts no service by itself."""

    def __init__(
        self,
        kafka: Server,
        store: Server,
        club: str,
        folder: Path,
        partitions: int = 3,
        idempotent: bool = True,
    ) -> None:
        self.kafka, self.redis_url, self.club, self.folder = kafka.address, store.address, club, folder
        self.partitions = partitions
        self.redis: Any = redis.Redis.from_url(store.address)
        self._idempotent = idempotent
        self._ends = dict.fromkeys(range(partitions), 0)
        self._ports = {service: (free_port(), free_port()) for service in SERVICES}
        self._processes: dict[str, GuardedProcess] = {}
        self._channels: dict[str, grpc.Channel] = {}
        create_topics(kafka.address, club, partitions)
        self._producer = KafkaProducer(
            bootstrap_servers=kafka.address,
            enable_idempotence=idempotent,
            max_in_flight_requests_per_connection=5 if idempotent else 1,
            acks="all",
        )

    # ---- its life ---------------------------------------------------------------------

    def publish(
        self,
        files: Mapping[str, str],
        previous: str = "",
        effective_from_ms: int = 0,
    ) -> str:
        """Publishes a version; its hash."""
        version = compile_rulebook(dict(files)).version
        published = rulebook_pb2.RulebookPublished(
            version=version, previous=previous, effective_from_ms=effective_from_ms, files=dict(files)
        )
        topic = topic_name(self.club, Topic.RULEBOOK)
        self._producer.send(topic, published.SerializeToString(), partition=0).get(timeout=10)
        return version

    def start(self, *services: str) -> None:
        """Starts processes and waits until all their partitions serve."""
        for service in services:
            self.spawn(service)
        for service in services:
            self.wait_until_serving(service)

    def spawn(self, service: str) -> None:
        """Starts a process; does not wait."""
        grpc_port, metrics_port = self._ports[service]
        env = {
            **os.environ,
            "CERCLE_CLUB": self.club,
            "CERCLE_KAFKA": self.kafka,
            "CERCLE_REDIS": self.redis_url,
            "CERCLE_DATA_DIR": str(self.folder),
            "CERCLE_GRPC_PORT": str(grpc_port),
            "CERCLE_METRICS_PORT": str(metrics_port),
            "CERCLE_IDEMPOTENT": str(self._idempotent),
        }
        command = [sys.executable, "-m", f"services.{service}"]
        self._processes[service] = GuardedProcess(command, self.log_file(service), env=env, cwd=ROOT)

    def wait_until_serving(self, service: str) -> None:
        """By its gRPC health check."""
        eventually(lambda: self.health(service) == health_pb2.HealthCheckResponse.SERVING)

    def kill(self, service: str) -> None:
        """SIGKILL."""
        self._processes.pop(service).kill()

    def stop(self, *services: str) -> None:
        """SIGTERM; each must end in good order."""
        for service in services:
            assert self._processes.pop(service).stop() == 0, self.log_file(service).read_text()[-2000:]

    def close(self) -> None:
        """Ends whatever runs."""
        for channel in self._channels.values():
            channel.close()
        for process in self._processes.values():
            process.kill()
        self._producer.close()
        self.redis.close()

    def log_file(self, service: str) -> Path:
        """What the process wrote."""
        return self.folder / f"{service}.log"

    # ---- what goes in -----------------------------------------------------------------

    def send(self, records: Sequence[Raw]) -> list[str]:
        """Appends records to actions, in order; the place of each, as the rejected topic names it."""
        topic = topic_name(self.club, Topic.ACTIONS)
        sent = [
            self._producer.send(
                topic,
                record.value,
                record.key,
                record.headers,
                self.partition_of(record.key) if record.partition is None else record.partition,
                record.timestamp,
            )
            for record in records
        ]
        places = []
        for future in sent:
            found = future.get(timeout=20)
            self._ends[found.partition] = max(self._ends[found.partition], found.offset + 1)
            places.append(f"actions/{found.partition}/{found.offset}")
        return places

    def partition_of(self, key: bytes | None) -> int:
        """Where the key's member lives."""
        return partition_of(key or b"", self.partitions)

    # ---- where it stands --------------------------------------------------------------

    def settle(self, *services: str) -> None:
        """Waits until the services (all) have decided and shipped everything."""
        eventually(lambda: self._settled(services or SERVICES))

    def _settled(self, services: Sequence[str]) -> bool:
        found = {name: [self.stand(name, p) for p in range(self.partitions)] for name in services}
        return all(
            stand.ready
            and not stand.unshipped
            and stand.positions.get("actions", Cursor()).offset >= self._ends[p]
            and all(
                stand.positions.get(topic, Cursor()).seq >= found[topic][p].seq
                for topic in INPUTS[name]
                if topic in found
            )
            for name in services
            for p, stand in enumerate(found[name])
        )

    def stand(self, service: str, partition: int) -> Stand:
        """What the store says."""
        keys = [self._key(service, partition, part) for part in ("meta", "outbox")]
        seq, positions, ready = self.redis.hmget(keys[0], ["seq", "positions", "ready"])
        return Stand(
            int(seq or 0),
            _positions.decode(positions) if positions else {},
            int(self.redis.llen(keys[1])),
            bool(ready),
        )

    def states(self, service: str) -> dict[bytes, bytes]:
        """Every state, as the store keeps it."""
        found: dict[bytes, bytes] = {}
        for partition in range(self.partitions):
            found |= self.redis.hgetall(self._key(service, partition, "state"))
        return found

    def seqs(self, service: str) -> list[int]:
        """The last seq of each partition."""
        return [self.stand(service, partition).seq for partition in range(self.partitions)]

    def _key(self, service: str, partition: int, part: str) -> str:
        return f"cercle:{self.club}:{service}:{{{self.club}:{partition}}}:{part}"

    # ---- what comes out ---------------------------------------------------------------

    def channel(self, service: str) -> grpc.Channel:
        """A connection to the service; one that comes back soon after a restart."""
        if service not in self._channels:
            quick = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100)]
            self._channels[service] = grpc.insecure_channel(self.address(service), quick)
        return self._channels[service]

    def address(self, service: str) -> str:
        """host:port of its gRPC."""
        return f"127.0.0.1:{self._ports[service][0]}"

    @property
    def points(self) -> Any:
        """The stub of Points."""
        return points_pb2_grpc.PointsStub(self.channel("points"))

    @property
    def badges(self) -> Any:
        """The stub of Badges."""
        return badges_pb2_grpc.BadgesStub(self.channel("badges"))

    @property
    def offers(self) -> Any:
        """The stub of Offers."""
        return offers_pb2_grpc.OffersStub(self.channel("offers"))

    def health(self, service: str, name: str = "") -> Any:
        """The status that its health check gives; raises RpcError."""
        stub = health_pb2_grpc.HealthStub(self.channel(service))
        return stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status

    def metrics(self, service: str) -> dict[str, float]:
        """The Prometheus page: the sum over all labels, by sample name."""
        url = f"http://127.0.0.1:{self._ports[service][1]}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            page = answer.read().decode()
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
        return sums

    def records(self, service: str) -> list[log_pb2.Record]:
        """The service's decisions that count by the reader rule, partition by partition."""
        found: list[log_pb2.Record] = []
        cursors = [Cursor() for _ in range(self.partitions)]
        for record in self._read(Topic(service)):
            entry = log_pb2.Entry.FromString(record.value)
            if read(cursors[record.partition], record.offset, entry) is Verdict.APPLIES:
                found.append(entry.record)
        return found

    def rejected(self) -> list[Rejected]:
        """The rejected topic as it is, with repeats."""
        return [read_rejected(record.value, record.headers) for record in self._read(Topic.REJECTED)]

    def _read(self, topic: Topic) -> Iterator[Any]:
        """All records of a topic, each partition up to its high watermark."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka, auto_offset_reset="earliest", enable_auto_commit=False
        )
        places = [TopicPartition(topic_name(self.club, topic), p) for p in range(self.partitions)]
        try:
            consumer.assign(places)
            give_up = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < give_up:
                for records in consumer.poll(timeout_ms=100).values():
                    yield from records
                ends = [consumer.highwater(place) for place in places]
                at = [consumer.position(place) for place in places]
                if None not in ends and all(a >= e for a, e in zip(at, ends, strict=True)):
                    return
            raise AssertionError(f"{topic} could not be read to its end")
        finally:
            consumer.close()


def serving(club: RunningClub, files: Mapping[str, str]) -> Iterator[RunningClub]:
    """For a fixture: the club with these rules and all its services, until its tests are done."""
    club.publish(files)
    try:
        club.start(*SERVICES)
        yield club
        club.stop(*SERVICES)
    finally:
        club.close()
