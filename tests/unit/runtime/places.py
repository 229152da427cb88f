"""A place to decide in, without servers: the tiny domain, a store and a log in memory."""

from typing import NamedTuple

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Place
from cercle.runtime.observing import Observed
from cercle.runtime.service import Service
from cercle.runtime.telemetry import Metrics
from cercle.wire import log_pb2
from tests.contract.memory_store import MemoryStore
from tests.simulation.memory_log import Broker, MemoryLog, Stored
from tests.simulation.slots import SLOTS

NOON = 1_767_200_400_000


class Version(NamedTuple):
    """A rulebook of which only the version matters."""

    version: str = "v1"


class Rules:
    """One version, always fresh."""

    def at(self, instant: Instant) -> Version:
        return Version()

    @property
    def versions(self) -> "list[Version]":
        return [Version()]

    def fresh(self) -> bool:
        return True


class Clock:
    """Noon."""

    def now(self) -> Instant:
        return NOON

    def monotonic(self) -> float:
        return 0.0


def place(service: Service = SLOTS) -> Place:
    """Partition 0 of the service."""
    observed = Observed(Metrics(service.name), 0)
    return Place(service, 0, b"token", "here:1", MemoryStore(), MemoryLog(Broker(), service.name), observed)


def action(text: str, offset: int = 0) -> Stored:
    """A record of actions, as slots.py reads it."""
    return Stored("cercle.club.actions", 0, offset, NOON - 10, None, text.encode(), ())


def badge(offset: int, seq: int, number: int, epoch: int = 0) -> Stored:
    """A record of badges: a valid one when seq is the next."""
    record = log_pb2.Record(
        seq=seq, oe=5, epoch=epoch, key="ana", decision=b"%d" % number, at_ms=NOON, depth=2
    )
    value = log_pb2.Entry(record=record).SerializeToString()
    return Stored("cercle.club.badges", 0, offset, NOON - 10, b"ana", value, ())
