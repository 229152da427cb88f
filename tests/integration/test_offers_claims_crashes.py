"""Claims while services and the store die in the middle: exactly as many as there are, paid exactly once."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from cercle.wire import offers_pb2 as pb
from tests.integration.rules import FILES
from tests.integration.running import RunningClub, eventually
from tests.integration.test_offers_claims import claim, fund, nothing_held
from tests.integration.test_points_rpc import balance
from tests.servers import ROOT, Server

ASKERS, STOCK = 40, 10
OFFERS = "offers:\n" + "".join(
    f"  - {{id: {name}, title: Mug, price: 50 points, stock: {STOCK}, voucher: {{code: 'M-{{8}}'}}}}\n"
    for name in ("cut", "flushed", "killed")
)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def storm(
    kafka: Server, own_store: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club to be treated badly."""
    club = RunningClub(kafka, own_store, "storm", tmp_path_factory.mktemp("storm"), partitions=2)
    club.publish(FILES | {"offers.yaml": OFFERS})
    try:
        club.start("points", "offers")
        yield club
    finally:
        club.close()


def cut(club: RunningClub) -> None:
    """Points is away for a while, and comes back."""
    club.stop("points")
    club.start("points")


def flushed(club: RunningClub) -> None:
    """The store has forgotten everything."""
    club.redis.flushall()


def killed(club: RunningClub) -> None:
    """Offers dies and is started again."""
    club.kill("offers")
    club.start("offers")


@pytest.mark.parametrize("disturb", [cut, flushed, killed])
def test_claims_go_on_and_end_exactly(storm: RunningClub, disturb: Callable[[RunningClub], None]) -> None:
    """Some are decided before it happens, some after, one and the same key each."""
    askers = [f"s{next(_numbers)}" for _ in range(ASKERS)]
    offer = disturb.__name__
    fund(storm, *askers)
    with ThreadPoolExecutor(ASKERS) as pool:
        asked = [pool.submit(claim, storm, who, offer, f"{who}-1") for who in askers]
        eventually(lambda: sum(each.done() for each in asked) > 0)
        before = sum(each.done() for each in asked)
        disturb(storm)
        answers = dict(zip(askers, map(Future.result, asked), strict=True))
    assert before < ASKERS, "it happened too late to matter"
    had = {who for who, answer in answers.items() if answer != "out_of_stock"}
    assert len(had) == STOCK and len({answers[who].code for who in had}) == STOCK
    storm.wait_until_serving("offers")
    for who in askers:
        eventually(lambda who=who: nothing_held(storm, who))  # type: ignore[misc]
        paid = 50 if who in had else 0
        assert balance(storm, who) == {"available": 500 - paid, "held": 0, "redeemed": paid}
        assert listed(storm, who) == ([offer] if who in had else [])
    storm.settle("points", "offers")
    assert verified(storm, "offers")["equal"] and verified(storm, "points")["equal"]


def listed(club: RunningClub, member_id: str) -> list[str]:
    """What the member has."""
    return [each.id for each in club.offers.ListOffers(pb.ListOffersRequest(member_id=member_id)).offers]


def verified(club: RunningClub, service: str) -> Any:
    """What `cercle verify` says."""
    where = ["--club", club.club, "--kafka", club.kafka, "--redis", club.redis_url]
    command = [sys.executable, "-m", "services.console", "verify", service, *where, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
