"""`python -m tests.benchmarks.rpc`: how long a client waits, at the member's owner and at another worker.

One run: two workers of points on a broker and a store of its own, one client that asks one thing
after another, by turns here and there. First on an idle club, then while purchases are judged as
fast as they can be. Milliseconds are this machine's; what may be compared are the ratios.
"""

import argparse
import asyncio
import tempfile
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles
from typing import Any, NamedTuple

import grpc
from rich.console import Console
from rich.table import Table

from cercle.actions.partition import partition_of
from cercle.wire import points_pb2 as pb
from cercle.wire import points_pb2_grpc
from services.console.draining import actions_judged
from tests.e2e.club import Club, Slot
from tests.e2e.test_ownership import drain, settle
from tests.e2e.totals import expected, lines
from tests.servers import real_kafka, real_redis

PARTITIONS = 4
_FUNDING, _WARMUP, _LOAD = 6_000, 30, 63_000
_RICH = 100


class Waits(NamedTuple):
    """Seconds of each call: asked at the owner, and elsewhere."""

    local: list[float]
    forwarded: list[float]


Scenario = Callable[[Any, str], Awaitable[None]]
"""(stub, member id): what is timed as one."""


async def hold_and_capture(points: Any, member_id: str) -> None:
    """Two commands, one after the other."""
    key, issued_at = str(uuid.uuid4()), time.time_ns() // 1_000_000
    hold = pb.HoldRequest(member_id=member_id, key=key, issued_at_ms=issued_at, points=1)
    await points.Hold(hold, timeout=30)
    capture = pb.CaptureRequest(member_id=member_id, key=f"{key}/c", issued_at_ms=issued_at, hold=key)
    await points.Capture(capture, timeout=30)


SCENARIOS: dict[str, Scenario] = {"Hold + Capture": hold_and_capture}


async def measure(owners: dict[int, str], members: list[str], scenario: Scenario, rounds: int) -> Waits:
    """By turns at the owner and at another worker; the first are not counted."""
    waits = Waits([], [])
    channels = {address: grpc.aio.insecure_channel(address) for address in set(owners.values())}
    for number in range(rounds + _WARMUP):
        member_id = members[number % len(members)]
        owner = owners[partition_of(member_id.encode(), PARTITIONS)]
        other = next(address for address in channels if address != owner)
        for address, into in ((owner, waits.local), (other, waits.forwarded)):
            began = time.monotonic()
            await scenario(points_pb2_grpc.PointsStub(channels[address]), member_id)
            if number >= _WARMUP:
                into.append(time.monotonic() - began)
    for channel in channels.values():
        await channel.close()
    return waits


def row(name: str, club: str, waits: Waits) -> list[str]:
    """p50 and p99 in ms, and forwarded over local."""
    local, forwarded = (_percentiles(each) for each in waits)
    ratios = [f"{there / here:.2f}" for here, there in zip(local, forwarded, strict=True)]
    return [name, club, *(f"{each * 1000:.1f}" for each in (*local, *forwarded)), *ratios]


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = quantiles(seconds, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rpc", description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="calls of each kind on each kind of club")
    rounds = parser.parse_args().rounds
    table = Table(
        *("", "club", "local p50", "p99", "forwarded p50", "p99", "ratio p50", "p99"),
        title=f"{rounds} of each, one after another; ms",
    )
    with (
        tempfile.TemporaryDirectory() as name,
        real_kafka(Path(name, "kafka")) as kafka,
        real_redis(Path(name, "redis")) as redis,
        Club(f"bench-{uuid.uuid4().hex[:8]}", kafka, redis, Path(name), PARTITIONS) as club,
    ):
        _fill(table, club, rounds)
    Console().print(table)


def _fill(table: Table, club: Club, rounds: int) -> None:
    header, *purchases = lines()
    funding = [header, *purchases[:_FUNDING]]
    workers = [Slot("points", number) for number in range(2)]
    club.start(*workers)
    club.emit(funding)
    settle(club, workers)
    drain(club)
    owners, standings = club.owners("points"), expected(funding)
    members = sorted(standings, key=lambda member: -standings[member].points)[:_RICH]
    for scenario_name, scenario in SCENARIOS.items():
        table.add_row(*row(scenario_name, "idle", asyncio.run(measure(owners, members, scenario, rounds))))
        loading = threading.Thread(target=club.emit, args=([header, *purchases[_FUNDING:][:_LOAD]],))
        loading.start()
        before = judged(club)
        loaded = asyncio.run(measure(owners, members, scenario, rounds))
        meanwhile = judged(club) - before
        loading.join()
        table.add_row(*row(scenario_name, "loaded", loaded))
        table.caption = f"loaded: {meanwhile:,} actions were judged meanwhile"
        drain(club)


def judged(club: Club) -> int:
    """Actions that points is past."""
    return actions_judged(club.stands(), "points")


if __name__ == "__main__":
    main()
