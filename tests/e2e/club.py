"""One club on servers of a test: its topics and rules, its workers under a supervisor, its purchases."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from redis.exceptions import RedisError

from cercle.actions.emitter import Emitter
from cercle.actions.files import read_csv
from cercle.domain.keys import is_member
from cercle.rulebook import compile_rulebook
from cercle.runtime.guarded import GuardedProcess
from cercle.runtime.lives import split
from cercle.runtime.settings import Settings
from cercle.runtime.store import NotReady
from cercle.runtime.topics import Topic, create_topics, topic_name
from cercle.wire import rulebook_pb2
from services.console.draining import Stands, drained, stands
from services.console.services import SERVICES, Stores, open_stores
from tests.e2e.totals import Standing
from tests.servers import ROOT, Server

RULES = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "clubs/records").glob("*.yaml"))
}
RULEBOOK = compile_rulebook(RULES)
_KINDS = {name: action.fields for name, action in RULEBOOK.actions.items()}
_STOP_SECONDS = 5.0
_LOOK_SECONDS = 0.05


class Slot(NamedTuple):
    """A worker's place: its service, and its number among those of that service."""

    service: str
    number: int = 0


class Timeout(AssertionError):
    """What was waited for did not come; says where everything stood."""


class Club:
    """A context manager: leaving it stops the workers in good order, each within its time.

    Whatever waits on the club also does the work of a supervisor: a worker that has exited by
    itself is started again, and noted in `exits`.
    """

    def __init__(
        self,
        name: str,
        kafka: Server,
        redis: Server,
        folder: Path,
        partitions: int = 4,
        rules: Mapping[str, str] = RULES,
    ) -> None:
        self.settings = Settings(club=name, kafka=kafka.address, redis=redis.address)
        self.partitions = partitions
        self.ends: dict[int, int] = {}
        self.exits: list[tuple[Slot, int]] = []
        self._folder = folder
        self._workers: dict[Slot, GuardedProcess] = {}
        self._begun: dict[Slot, int] = {}
        self._emitter: Emitter | None = None
        self._unnoted: list[Any] = []
        create_topics(kafka.address, name, partitions)
        self._publish(rules)

    def _publish(self, rules: Mapping[str, str]) -> None:
        published = rulebook_pb2.RulebookPublished(version=compile_rulebook(rules).version, files=rules)
        producer = KafkaProducer(bootstrap_servers=self.settings.kafka)
        try:
            topic = topic_name(self.settings.club, Topic.RULEBOOK)
            producer.send(topic, published.SerializeToString()).get(10)
        finally:
            producer.close()

    # ---- workers --------------------------------------------------------------------

    def start(self, *slots: Slot) -> None:
        """Starts workers, without waiting; without arguments one of each service."""
        for slot in slots or [Slot(name) for name in SERVICES]:
            log = self.log(slot)
            self._begun[slot] = log.stat().st_size if log.exists() else 0
            self._workers[slot] = self._process(slot)

    def _process(self, slot: Slot) -> GuardedProcess:
        settings = self.settings
        env = {
            **os.environ,
            "CERCLE_CLUB": settings.club,
            "CERCLE_KAFKA": settings.kafka,
            "CERCLE_REDIS": settings.redis,
            "CERCLE_DATA_DIR": str(self._folder),
        }
        command = [sys.executable, "-m", f"services.{slot.service}", "--slot", str(slot.number)]
        return GuardedProcess(command, self.log(slot), env=env, cwd=ROOT, grace_seconds=_STOP_SECONDS)

    def log(self, slot: Slot) -> Path:
        """Where a worker's output goes, one run after another."""
        return self._folder / f"{slot.service}-{slot.number}.log"

    def lines(self, slot: Slot) -> Iterator[dict[str, Any]]:
        """The log lines of a worker's last run; what is not JSON (a traceback) comes as {"event": text}."""
        with self.log(slot).open(errors="replace") as log:
            log.seek(self._begun[slot])
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    yield {"event": line.rstrip(), "level": "text"}

    def address(self, slot: Slot) -> str:
        """Where the gRPC server of a worker's last run listens; empty before it does."""
        return next((line["grpc"] for line in self.lines(slot) if line["event"] == "listening"), "")

    def said_at(self, slot: Slot, event: str) -> float:
        """When a worker's last run first logged the event, in seconds since 1970."""
        moment = next(line["timestamp"] for line in self.lines(slot) if line["event"] == event)
        return datetime.fromisoformat(moment).timestamp()

    def pid(self, slot: Slot) -> int:
        """The process of a worker's last run."""
        return self._workers[slot].pid

    def kill(self, slot: Slot) -> None:
        """SIGKILL; it stays dead until started again."""
        self._workers.pop(slot).kill()

    def stop(self, *slots: Slot) -> None:
        """SIGTERM to the workers, or to all; each must end by itself, with status 0, within 5 s."""
        wanted = slots or tuple(self._workers)
        processes = [self._workers.pop(slot) for slot in wanted]
        began = time.monotonic()
        with ThreadPoolExecutor() as threads:
            statuses = dict(zip(wanted, threads.map(GuardedProcess.stop, processes), strict=True))
        seconds = time.monotonic() - began
        assert not any(statuses.values()), f"not stopped in good order after {seconds:.1f} s: {statuses}"

    def tend(self) -> None:
        """A supervisor's work: starts again what has exited by itself."""
        for slot, process in list(self._workers.items()):
            status = process.poll()
            if status is not None:
                self.exits.append((slot, status))
                self.start(slot)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._emitter is not None:
            with suppress(Exception):
                self._emitter.close()
        if error is None:
            self.stop()
        for process in self._workers.values():
            process.kill()

    # ---- purchases ------------------------------------------------------------------

    def emit(self, lines: Sequence[str], flush: bool = True) -> None:
        """Emits the lines of a file of purchases (a header first) as a history; `ends` follows."""
        if self._emitter is None:
            self._emitter = Emitter(self.settings.kafka, self.settings.club)
        zone = RULEBOOK.club.time_zone
        for action in read_csv(lines, zone, _KINDS, "cdnow"):
            self._unnoted.append(self._emitter.emit(action, as_history=True))
        if flush:
            self.flush()

    def flush(self) -> None:
        """Waits until Kafka has all that was emitted, and notes where actions end."""
        assert self._emitter is not None
        self._emitter.flush()
        for future in self._unnoted:
            place = future.get(10)
            self.ends[place.partition] = max(self.ends.get(place.partition, 0), place.offset + 1)
        self._unnoted = []

    # ---- looking --------------------------------------------------------------------

    def stands(self) -> Stands:
        """Where every service stands in every partition, by the store."""
        return asyncio.run(self._with_stores(lambda stores: stands(stores, self.partitions)))

    async def _with_stores(self, look: Callable[[Stores], Any]) -> Any:
        async with open_stores(self.settings) as stores:
            return await look(stores)

    def wait_until(self, what: str, holds: Callable[[Stands], bool], seconds: float = 60.0) -> float:
        """Supervises until it holds; gives how many seconds that took. A store that is down is waited for."""
        return asyncio.run(self._wait_until(what, holds, seconds))

    async def _wait_until(self, what: str, holds: Callable[[Stands], bool], seconds: float) -> float:
        began = time.monotonic()
        found: Stands = {}
        async with open_stores(self.settings) as stores:
            while time.monotonic() - began < seconds:
                self.tend()
                with suppress(RedisError, OSError):
                    found = await stands(stores, self.partitions)
                    if holds(found):
                        return time.monotonic() - began
                await asyncio.sleep(_LOOK_SECONDS)
        raise Timeout(f"not {what} after {seconds:.0f} s; ends {self.ends}, exits {self.exits}, {found}")

    def wait_until_drained(self, seconds: float = 60.0) -> float:
        """Until all three services have decided, and shipped, everything that was emitted."""
        return self.wait_until("drained", lambda found: drained(found, self.ends), seconds)

    def points(self) -> dict[str, int]:
        """What every member may spend, from the states of points alone."""
        return {key: state.wallet("points").available for key, state in self.states("points").items()}

    def states(self, service: str) -> dict[str, Any]:
        """What a service keeps of every member."""
        return asyncio.run(self._states(service))

    def standings(self) -> dict[str, Standing]:
        """What every member has, put together from the states of the three services."""
        states: dict[str, dict[str, Any]] = {name: asyncio.run(self._states(name)) for name in SERVICES}
        points, badges, offers = states["points"], states["badges"], states["offers"]
        assert points.keys() == badges.keys() == offers.keys()
        tiers = {name: {key: state.tier for key, state in each.items()} for name, each in states.items()}
        assert tiers["points"] == tiers["badges"] == tiers["offers"]
        return {key: _standing(points[key], badges[key], offers[key]) for key in points}

    async def _states(self, name: str) -> dict[str, Any]:
        decode = SERVICES[name].decode_state
        async with open_stores(self.settings) as stores:
            found = [pair for p in range(self.partitions) async for pair in stores[name].scan(p)]
        return {key: decode(key, split(stored)[1]) for key, stored in found if is_member(key)}

    def in_group(self, service: str) -> int:
        """How many workers the broker's group has, once it has given out the partitions; else 0."""
        group = f"cercle-{self.settings.club}-{service}"
        admin = KafkaAdminClient(bootstrap_servers=self.settings.kafka)
        try:
            found = admin.describe_groups([group])[group]
        finally:
            admin.close()
        return len(found["members"]) if found["group_state"] == "Stable" else 0

    def owned_by(self, slot: Slot) -> set[int]:
        """The partitions that a worker's last run serves."""
        address = self.address(slot) or "nowhere"
        return {partition for partition, owner in self.owners(slot.service).items() if owner == address}

    def owners(self, service: str) -> dict[int, str]:
        """The address of who serves each partition; only of those that are served."""
        return asyncio.run(self._owners(service))

    async def _owners(self, service: str) -> dict[int, str]:
        found = {}
        async with open_stores(self.settings) as stores:
            for partition in range(self.partitions):
                with suppress(NotReady):
                    found[partition] = await stores[service].address(partition)
        return found


def _standing(points: Any, badges: Any, offers: Any) -> Standing:
    balances = points.wallet("points")
    assert balances.available == -balances.issued == badges.tier_points
    collector = badges.standing("collector")
    return Standing(
        balances.available,
        collector.count,
        tuple(collector.reached),
        badges.tier,
        tuple(issued.offer for issued in offers.issued),
    )
