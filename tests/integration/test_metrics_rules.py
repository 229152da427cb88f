"""Rules that read metrics, badges and the club's clock: by the real services, rebuilt and verified."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cercle.actions.instants import parse_instant
from cercle.wire import offers_pb2
from cercle.wire import points_pb2 as pb
from tests.integration.conftest import purchase
from tests.integration.rules import CLUB
from tests.integration.running import SERVICES, RunningClub, raw, serving
from tests.servers import ROOT, Server

FILES = {
    "club.yaml": CLUB,
    "actions.yaml": "actions: {purchase: {fields: {amount: money, category: text}, optional: [category]}}",
    "metrics.yaml": """
metrics:
  purchases: {count: purchase, over: 7 days}
  spend: {sum: purchase.amount, over: 2 months}
  kinds: {distinct: purchase.category, over: life}
""",
    "points.yaml": """
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: busy, on: purchase, when: metrics.purchases >= 3, earn: {points: 100}}
  - {id: explorer, on: purchase, when: '"explorer" in member.badges', earn: {points: 1000}}
  - {id: night-owl, on: purchase, when: local(occurred_at).hour < 6, earn: {points: 7}}
  - {id: newcomer, on: purchase, when: occurred_at == member.joined_at, earn: {points: 3}}
""",
    "badges.yaml": """
achievements:
  - id: explorer
    badge: {en: Explorer, fr: Exploratrice}
    count: purchase
    when: metrics.kinds >= 2
    reach: 1
""",
    "offers.yaml": """
offers:
  - id: big-spender
    title: {en: For you, fr: Pour vous}
    price: free
    issue: {on: purchase, when: 'metrics.spend >= money("200 USD")'}
""",
}
NIGHT = "2026-03-29T00:30:00Z"
"""Half an hour before Paris's clocks change: 01:30 there."""
MORNING = "2026-03-29T04:30:00Z"
"""06:30 there, since the clocks have changed; five hours and a half after midnight."""


@pytest.fixture(scope="module")
def numbers(
    kafka: Server, own_store: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club whose rules read metrics in all three services, on a store of its own."""
    club = RunningClub(kafka, own_store, "numbers", tmp_path_factory.mktemp("numbers"))
    yield from serving(club, FILES)


def at(time: str) -> int:
    """RFC 3339 to ms."""
    found = parse_instant(time)
    assert found is not None
    return found


def buy(club: RunningClub, member_id: str, *bought: tuple[str, int, str]) -> None:
    """Purchases of (time, dollars, category), in that order, until all services have seen them."""
    actions = [purchase(member_id, dollars, at(time), category=what) for time, dollars, what in bought]
    club.send([raw(each) for each in actions])
    club.settle()


def grants(club: RunningClub, member_id: str) -> list[dict[str, int]]:
    """What each rule gave, for each of the member's purchases."""
    decisions = [
        pb.Decision.FromString(each.decision) for each in club.records("points") if each.key == member_id
    ]
    return [
        {grant.rule: grant.granted for event in decision.events for grant in event.earned.grants}
        for decision in decisions
        if decision.events[0].HasField("action_accepted")
    ]


def issued(club: RunningClub, member_id: str) -> list[tuple[str, int]]:
    """The member's offers with their dates, oldest first."""
    found = club.offers.ListOffers(offers_pb2.ListOffersRequest(member_id=member_id)).offers
    return [(each.id, each.issued_at_ms) for each in reversed(found)]


def test_rules_see_counts_sums_and_different_values(numbers: RunningClub, member: str) -> None:
    """The third purchase within 7 days; the one that reaches 200 dollars; two kinds unlock a badge."""
    buy(numbers, member, *((f"2026-05-0{day}T12:00:00Z", 60, "vinyl") for day in (1, 2, 7)))
    assert [set(each) for each in grants(numbers, member)] == [
        {"base", "newcomer"},
        {"base"},
        {"base", "busy"},
    ]
    buy(numbers, member, ("2026-05-09T12:00:00Z", 60, "tape"))
    assert issued(numbers, member) == [("big-spender", at("2026-05-09T12:00:00Z"))]
    buy(numbers, member, ("2026-05-20T12:00:00Z", 1, "vinyl"))
    assert grants(numbers, member)[-1] == {"base": 1, "explorer": 1000}


def test_a_late_purchase_sees_its_own_days(numbers: RunningClub, member: str) -> None:
    """What came after it does not count for it, and it counts for what comes next."""
    times = [f"2026-05-{day}T12:00:00Z" for day in (10, 18, 19)]
    buy(numbers, member, *((time, 1, "cd") for time in times))
    numbers.send([raw(purchase(member, 1, at("2026-05-17T12:00:00Z"), category="cd"), at(times[-1]))])
    numbers.settle()
    buy(numbers, member, ("2026-05-19T13:00:00Z", 1, "cd"))
    assert ["busy" in each for each in grants(numbers, member)] == [False, False, False, False, True]


def test_rules_see_the_clock_of_the_club(numbers: RunningClub, member: str) -> None:
    """An hour before 6 by the clocks of Paris, on the night when they change."""
    buy(numbers, member, (NIGHT, 1, "cd"), (MORNING, 1, "cd"))
    assert ["night-owl" in each for each in grants(numbers, member)] == [True, False]


def test_a_flushed_store_is_rebuilt_with_the_same_metrics(numbers: RunningClub, member: str) -> None:
    """After FLUSHALL every state is as it was, to the byte; `verify` agrees; and the count goes on."""
    buy(numbers, member, *((f"2026-06-0{day}T12:00:00Z", 50, "vinyl") for day in (1, 2)))
    before = {service: numbers.states(service) for service in SERVICES}
    assert all(states for states in before.values())
    numbers.stop(*SERVICES)
    numbers.redis.flushall()
    numbers.start(*SERVICES)
    numbers.settle()
    assert {service: numbers.states(service) for service in SERVICES} == before
    for service in SERVICES:
        assert verified(numbers, service)["equal"]
    buy(numbers, member, ("2026-06-03T12:00:00Z", 100, "vinyl"))
    assert grants(numbers, member)[-1] == {"base": 100, "busy": 100}
    assert issued(numbers, member) == [("big-spender", at("2026-06-03T12:00:00Z"))]


def verified(club: RunningClub, service: str) -> dict[str, Any]:
    """What `cercle verify` says."""
    where = ["--club", club.club, "--kafka", club.kafka, "--redis", club.redis_url]
    command = [sys.executable, "-m", "services.console", "verify", service, *where, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
