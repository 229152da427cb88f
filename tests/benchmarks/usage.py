"""CPU time that processes took, by /proc (Linux): user and system, as an operator would pay for it."""

import os
import time
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")


class Watched(msgspec.Struct):
    """Process ids; None for a server in a container, whose time is not measured."""

    worker: int
    redis: int | None
    kafka: int | None


class Reading(msgspec.Struct):
    """How far a worker was at a moment, and the seconds of CPU that each process had taken by then."""

    actions: int
    at: float
    worker: float
    redis: float | None
    kafka: float | None


class Usage(msgspec.Struct):
    """What lay between two readings: CPU in microseconds an action."""

    actions: int
    actions_per_second: float
    worker_us: float
    redis_us: float | None
    kafka_us: float | None


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads. Resolution: 10 ms."""
    # The name, in parentheses, may hold anything; utime and stime are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def reading(actions: int, watched: Watched) -> Reading:
    """Now."""
    redis, kafka = (cpu_seconds(pid) if pid else None for pid in (watched.redis, watched.kafka))
    return Reading(actions, time.monotonic(), cpu_seconds(watched.worker), redis, kafka)


def usage(first: Reading, last: Reading) -> Usage:
    """Between two readings, the later one of more actions."""
    actions = last.actions - first.actions

    def each(before: float | None, after: float | None) -> float | None:
        return None if before is None or after is None else 1e6 * (after - before) / actions

    worker = 1e6 * (last.worker - first.worker) / actions
    rate = actions / (last.at - first.at)
    return Usage(actions, rate, worker, each(first.redis, last.redis), each(first.kafka, last.kafka))
