"""Workers come and go under load, in good order and not: nothing is lost, nothing counts twice."""

import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from services.console.draining import Stands
from tests.e2e.club import Club, Slot
from tests.e2e.logs import hashes, tell
from tests.e2e.shoppers import Shoppers, audit
from tests.e2e.test_ownership import SESSION_SECONDS, TAKE_OVER_SECONDS, drain, settle
from tests.e2e.totals import expected, lines
from tests.servers import Server

PARTITIONS = 6


def covered(club: Club, workers: Sequence[Slot], within_seconds: float) -> float:
    """Until these workers serve every partition; how long it took."""
    began = time.monotonic()
    while len(set().union(*(club.owned_by(slot) for slot in workers))) < club.partitions:
        assert time.monotonic() - began < within_seconds, "partitions without an owner"
        time.sleep(0.05)
    return time.monotonic() - began


def metric(club: Club, slot: Slot, name: str) -> float:
    """The sum of a metric's samples at a worker."""
    port = next(line["metrics_port"] for line in club.lines(slot) if line["event"] == "listening")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        families = text_string_to_metric_families(page.read().decode())
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def test_scaling_under_load_loses_and_doubles_nothing(
    kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """One worker, three, two, and one killed; purchases flow, and clients spend at whichever worker."""
    header, *purchases = lines(one_member_in=8)
    share = len(purchases) // 6
    slices = [[header, *purchases[begin : begin + share]] for begin in range(0, 6 * share, share)]
    emitted = [header, *purchases[: 6 * share]]
    workers = [Slot("points", number) for number in range(3)]
    with Club(club, kafka, redis_server, tmp_path, PARTITIONS) as records:
        records.start(workers[0])
        records.emit(slices[0])
        settle(records, workers[:1])
        drain(records)
        members = sorted(expected(slices[0]))[:400]
        started: list[Slot] = [workers[0]]
        with Shoppers(members, lambda: [records.address(slot) for slot in started]) as shoppers:
            records.emit(slices[1])
            records.start(*workers[1:])
            started += workers[1:]
            grown = settle(records, workers)

            records.emit(slices[2])
            forwarded = sum(metric(records, slot, "cercle_forwarded_calls_total") for slot in workers)
            began = time.monotonic()
            records.stop(workers[0])
            stopped = time.monotonic() - began
            # Without leaving the group it would be the session time-out, counted from its last word.
            handed_over = stopped + covered(records, workers[1:], SESSION_SECONDS - 1)

            records.emit(slices[3])
            records.kill(workers[1])
            taken = covered(records, workers[2:], SESSION_SECONDS + TAKE_OVER_SECONDS)

            records.emit(slices[4])
            records.start(workers[1])
            settle(records, workers[1:])
            records.emit(slices[5])
        books = shoppers.books
        print(
            f"three workers after {grown:.1f} s; SIGTERM: gone after {stopped:.1f} s, all served after at "
            f"most {handed_over:.1f} s; SIGKILL: all served after {taken:.1f} s; {books.calls} calls, "
            f"{forwarded:.0f} forwarded by then; the longest took {books.longest_seconds:.1f} s"
        )
        assert books.errors == []
        assert forwarded > 0 and len(books.captured) > 100
        drain(records)

        def shipped(found: Stands) -> bool:
            return not any(stand.unshipped for stand in found["points"])

        records.wait_until("shipped", shipped)
        audit(records, books)
        taken_points = books.not_available()
        wanted = {member: each.points - taken_points[member] for member, each in expected(emitted).items()}
        assert records.points() == wanted
        hashes(tell(records, "points"))
        assert records.exits == []
