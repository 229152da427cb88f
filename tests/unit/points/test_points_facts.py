"""What conditions on points see of a member: metrics, badges, when they joined."""

import msgspec
import pytest
from msgspec import structs

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import DAY, HOUR
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import Rulebook, compile_rulebook
from services.points.commands import Earn
from services.points.events import BadgeNoted, Earned
from services.points.member import Member, decode, encode
from tests.unit.points.club import CLUB, NOON, Life, answer, badge, purchase

METRICS = """
metrics:
  purchases: {count: purchase, over: 7 days}
  web_spend: {sum: purchase.amount, when: channel == "web" && member.tier != "gold", over: life}
  answers: {count: answer_accepted, over: life}
"""
POINTS = """
rules:
  - {id: base, on: purchase, earn: {points: 1}}
  - {id: third, on: purchase, when: metrics.purchases == 3, earn: {points: 30}}
  - {id: spender, on: purchase, when: 'metrics.web_spend >= money("100 USD")', earn: {points: 100}}
  - {id: collector, on: purchase, when: '"collector/silver" in member.badges', earn: {points: 7}}
  - id: second-day
    on: purchase
    when: occurred_at - member.joined_at > duration("24 hours")
    earn: {points: 2}
"""
RULES = compile_rulebook(CLUB | {"metrics.yaml": METRICS, "points.yaml": POINTS})


@pytest.fixture
def life() -> Life:
    """A new member of that club."""
    return Life(RULES)


def fired(life: Life, order: str, cents: int = 100, at: int = NOON, channel: str = "shop") -> list[str]:
    """The rules that gave something for a purchase."""
    events = life.do(Earn(purchase(order, cents, at, channel)), at)
    return [grant.rule for event in events if isinstance(event, Earned) for grant in event.grants]


def test_a_metric_sees_the_purchase_that_is_judged(life: Life) -> None:
    """The third within seven days is the third; the one after it is the fourth."""
    assert [fired(life, f"o{n}") for n in range(4)] == [["base"], ["base"], ["base", "third"], ["base"]]


def test_a_sum_counts_what_its_condition_lets_through(life: Life) -> None:
    """Purchases of the web alone; 60 and 40 dollars are 100."""
    assert fired(life, "o1", 6_000, channel="web") == ["base"]
    assert fired(life, "o2", 90_000, channel="shop") == ["base"]
    assert "spender" in fired(life, "o3", 4_000, channel="web")


def test_only_metrics_that_conditions_on_points_read_are_kept(life: Life) -> None:
    """The answers that nobody reads leave no event; an action that feeds none is accepted and no more."""
    assert [type(event) for event in life.do(Earn(answer("a1")))] == [ActionAccepted]
    kinds = [type(event) for event in life.do(Earn(purchase("o1", 100, channel="web")))]
    assert kinds == [ActionAccepted, MetricCounted, MetricCounted, Earned]


def test_a_badge_counts_once_it_was_noted(life: Life) -> None:
    """By its id and level; another level of it is another."""
    life.do(badge("collector", "bronze"))
    assert fired(life, "o1") == ["base"]
    assert life.do(badge("collector", "silver")) == (BadgeNoted("collector", "silver"),)
    assert fired(life, "o2") == ["base", "collector"]


def test_members_joined_with_the_earliest_of_their_actions(life: Life) -> None:
    """Whatever came first; the first action of all is the joining itself."""
    assert fired(life, "o1") == ["base"]
    assert fired(life, "o2", at=NOON + 25 * HOUR) == ["base", "second-day"]
    assert fired(life, "o3", at=NOON - 2 * DAY) == ["base"]
    assert fired(life, "o4") == ["base", "second-day", "third"]


def test_a_version_that_adds_a_metric_begins_at_zero(life: Life) -> None:
    """What was bought before counts nothing; a version without it leaves what was counted alone."""
    life.rules = compile_rulebook(CLUB)
    life.do(Earn(purchase("o1", 100)))
    life.rules = RULES
    assert [fired(life, f"n{n}") for n in range(3)] == [["base"], ["base"], ["base", "third"]]


def test_older_bytes_can_be_read() -> None:
    """A state that was written before there were badges and metrics has none; nor what came later."""
    member = Member(tier="gold")
    older = msgspec.msgpack.encode(structs.astuple(member)[:8])
    assert decode(older) == member
    assert decode(encode(member)) == member


def test_rules_without_metrics_count_nothing(rulebook: Rulebook) -> None:
    """In a club without metrics an action is what it was."""
    life = Life(rulebook)
    assert [type(event) for event in life.do(Earn(purchase("o1", 100)))] == [ActionAccepted, Earned]
    assert life.member.metrics == {}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """The club as it is, without metrics."""
    return compile_rulebook(CLUB)
