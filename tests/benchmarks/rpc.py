"""`python -m tests.benchmarks.rpc`: how long a client waits, at the member's owner and at another worker.

One run: two workers of points and of offers on a broker and a store of their own, one client that
asks one thing after another, by turns here and there. First on an idle club, then while purchases are
judged as fast as they can be. A claim is of an offer with a price, a stock and a voucher: two calls of
offers to points, and two letters there and back. Milliseconds are this machine's; what may be compared
are the ratios.
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
from cercle.wire import offers_pb2, offers_pb2_grpc, points_pb2_grpc
from cercle.wire import points_pb2 as pb
from services.console.draining import actions_judged
from tests.e2e.club import RULES, Club, Slot
from tests.e2e.test_scaling import covered
from tests.e2e.totals import expected, lines
from tests.servers import real_kafka, real_redis

PARTITIONS = 4
_FUNDING, _WARMUP, _LOAD = 6_000, 30, 31_000
_RICH = 100
_START_SECONDS, _DRAIN_SECONDS = 40.0, 120.0
_TICKET = """
  - {id: ticket, title: A ticket, price: 1 points, stock: 1000000, voucher: {code: "LIVE-{12}"}}
"""
_FILES = RULES | {"offers.yaml": RULES["offers.yaml"] + _TICKET}


class Waits(NamedTuple):
    """Seconds of each call: asked at the owner, and elsewhere."""

    local: list[float]
    forwarded: list[float]


class Scenario(NamedTuple):
    """What is timed as one: `ask` is given a channel to a worker of the service, and a member."""

    service: str
    ask: Callable[[grpc.aio.Channel, str], Awaitable[None]]


async def hold_and_capture(channel: grpc.aio.Channel, member_id: str) -> None:
    """Two commands, one after the other."""
    points: Any = points_pb2_grpc.PointsStub(channel)
    key, issued_at = str(uuid.uuid4()), time.time_ns() // 1_000_000
    hold = pb.HoldRequest(member_id=member_id, key=key, issued_at_ms=issued_at, points=1)
    await points.Hold(hold, timeout=30)
    capture = pb.CaptureRequest(member_id=member_id, key=f"{key}/c", issued_at_ms=issued_at, hold=key)
    await points.Capture(capture, timeout=30)


async def claim(channel: grpc.aio.Channel, member_id: str) -> None:
    """One claim, answered when the member has the code."""
    offers: Any = offers_pb2_grpc.OffersStub(channel)
    key, issued_at = str(uuid.uuid4()), time.time_ns() // 1_000_000
    wanted = offers_pb2.ClaimRequest(member_id=member_id, offer="ticket", key=key, issued_at_ms=issued_at)
    assert (await offers.Claim(wanted, timeout=30)).code


SCENARIOS = {"Hold + Capture": Scenario("points", hold_and_capture), "Claim": Scenario("offers", claim)}


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
            await scenario.ask(channels[address], member_id)
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
        Club(f"bench-{uuid.uuid4().hex[:8]}", kafka, redis, Path(name), PARTITIONS, _FILES) as club,
    ):
        _fill(table, club, rounds)
    Console().print(table)


def _fill(table: Table, club: Club, rounds: int) -> None:
    header, *purchases = lines()
    funding, load = [header, *purchases[:_FUNDING]], purchases[_FUNDING:]
    club.start(*(Slot(service, number) for service in ("points", "offers") for number in range(2)))
    club.start(Slot("badges"))
    club.emit(funding)
    for service in ("points", "offers"):
        covered(club, [Slot(service, number) for number in range(2)], _START_SECONDS)
    club.wait_until_drained(_DRAIN_SECONDS)
    standings = expected(funding)
    members = sorted(standings, key=lambda member: -standings[member].points)[:_RICH]
    for number, (name, scenario) in enumerate(SCENARIOS.items()):
        owners = club.owners(scenario.service)
        table.add_row(*row(name, "idle", asyncio.run(measure(owners, members, scenario, rounds))))
        share = [header, *load[number * _LOAD : (number + 1) * _LOAD]]
        loading = threading.Thread(target=club.emit, args=(share,))
        loading.start()
        before, began = judged(club), time.monotonic()
        loaded = asyncio.run(measure(owners, members, scenario, rounds))
        meanwhile, seconds = judged(club) - before, time.monotonic() - began
        loading.join()
        table.add_row(*row(name, f"loaded, {meanwhile / seconds:,.0f} actions/s", loaded))
        club.wait_until_drained(_DRAIN_SECONDS)


def judged(club: Club) -> int:
    """Actions that points is past."""
    return actions_judged(club.stands(), "points")


if __name__ == "__main__":
    main()
