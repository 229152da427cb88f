"""One owner for each partition, however many workers share them, and whoever of them is lost."""

import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cercle.wire import points_pb2, points_pb2_grpc
from services.console.draining import Stands, actions_judged
from tests.e2e.club import Club, Slot
from tests.e2e.logs import fences, hashes, tell
from tests.e2e.totals import expected, lines
from tests.servers import Server

SERVING = health_pb2.HealthCheckResponse.SERVING
SESSION_SECONDS = 6
SETTLE_SECONDS = 40.0
TAKE_OVER_SECONDS = 10.0


def settle(club: Club, workers: list[Slot]) -> float:
    """Until all workers are in the group and serve their shares of the partitions; how long it took."""
    began = time.monotonic()
    least, more = divmod(club.partitions, len(workers))
    while True:
        sizes = sorted(len(club.owned_by(slot)) for slot in workers)
        shared = sizes == [least] * (len(workers) - more) + [least + 1] * more
        # Shares alone say nothing of a worker that has no partition: it may still be on its way.
        if shared and club.in_group("points") == len(workers):
            return time.monotonic() - began
        assert time.monotonic() - began < SETTLE_SECONDS, f"not settled: {sizes}"
        time.sleep(0.1)


def drain(club: Club) -> None:
    """Until points has judged, and shipped, all actions."""

    def done(found: Stands) -> bool:
        shipped = not any(stand.unshipped for stand in found["points"])
        return shipped and actions_judged(found, "points") == sum(club.ends.values())

    club.wait_until("points drained", done)


def take_over(club: Club, workers: list[Slot]) -> float:
    """Kills a worker; how long until every partition is served by one of the others."""
    lost = max(workers, key=lambda slot: len(club.owned_by(slot)))
    assert club.owned_by(lost)
    began = time.monotonic()
    club.kill(lost)
    workers.remove(lost)
    while len(set().union(*(club.owned_by(slot) for slot in workers))) < club.partitions:
        assert time.monotonic() - began < SESSION_SECONDS + TAKE_OVER_SECONDS, "partitions without an owner"
        time.sleep(0.1)
    return time.monotonic() - began


def answers(club: Club, workers: list[Slot]) -> None:
    """Every worker, also one that owns nothing, is SERVING, and answers for every member from its owner."""
    for slot in workers:
        with grpc.insecure_channel(club.address(slot)) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            give_up = time.monotonic() + TAKE_OVER_SECONDS
            while health.Check(health_pb2.HealthCheckRequest(), timeout=5).status != SERVING:
                assert time.monotonic() < give_up, f"{slot} does not serve"
                time.sleep(0.1)
            for number in range(2 * club.partitions):
                request = points_pb2.GetBalanceRequest(
                    member_id=f"nobody-{number}", consistency=points_pb2.CONSISTENCY_CONFIRMED
                )
                stub = points_pb2_grpc.PointsStub(channel)
                assert not stub.GetBalance(request, timeout=5, wait_for_ready=True).balances


def test_quick_restart_of_a_slot_moves_no_partition(
    kafka: Server, redis_server: Server, club: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed, and back within the session time-out: it has its own; the other's owners never stopped."""
    monkeypatch.setenv("CERCLE_SESSION_TIMEOUT_SECONDS", "25")  # However slowly a process starts here.
    with Club(club, kafka, redis_server, tmp_path, 4) as records:
        restarted, other = workers = [Slot("points", 0), Slot("points", 1)]
        records.start(*workers)
        settle(records, workers)
        owned, before = records.owned_by(restarted), fences(tell(records, "points"))
        records.kill(restarted)
        records.start(restarted)
        began = time.monotonic()
        while records.owned_by(restarted) != owned:
            assert time.monotonic() - began < SETTLE_SECONDS, "not back"
            time.sleep(0.1)
        after = fences(tell(records, "points"))
        assert {p for name, p in after if after[name, p] > before[name, p]} == owned
        assert len(owned) == len(records.owned_by(other)) == 2


@pytest.mark.parametrize(("partitions", "first", "later"), [(3, 1, 5), (5, 2, 2), (8, 3, 5)])
def test_every_partition_has_exactly_one_owner_also_after_one_is_lost(
    partitions: int, first: int, later: int, kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """Workers join, and one is lost: one owner each, none fences another, totals are exact."""
    header, *purchases = lines(one_member_in=16)
    share = len(purchases) // 4
    slices = [[header, *purchases[begin : begin + share]] for begin in range(0, 4 * share, share)]
    with Club(club, kafka, redis_server, tmp_path, partitions) as records:
        workers = [Slot("points", number) for number in range(later)]
        records.start(*workers[:first])
        records.emit(slices[0])
        started = settle(records, workers[:first])
        if later > first:
            records.start(*workers[first:])
        records.emit(slices[1])
        joined = settle(records, workers)
        answers(records, workers)
        drain(records)
        before = fences(tell(records, "points"))
        records.emit(slices[2])
        drain(records)
        assert fences(tell(records, "points")) == before, (
            "owners fenced each other though nobody came or left"
        )
        taken = take_over(records, workers)
        records.emit(slices[3])
        drain(records)
        print(f"settled in {started:.1f} s, {joined:.1f} s; taken over in {taken:.1f} s")
        hashes(tell(records, "points"))
        assert records.points() == {
            member: standing.points
            for member, standing in expected([header, *purchases[: 4 * share]]).items()
        }
        assert records.exits == []
