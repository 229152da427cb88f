"""One owner for each partition, however many workers share them, and whoever of them is lost."""

import time
from pathlib import Path

import pytest

from services.console.draining import Stands, actions_judged
from tests.e2e.club import Club, Slot
from tests.e2e.logs import fences, hashes, tell
from tests.e2e.totals import expected, lines
from tests.servers import Server

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
