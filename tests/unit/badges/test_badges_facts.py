"""What conditions on achievements see of a member: metrics, and badges as they were before."""

from collections.abc import Sequence

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, Decision, Instant
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import compile_rulebook
from services.badges import core
from services.badges.commands import CountAction
from services.badges.events import BadgeUnlocked, Progressed
from services.badges.member import Member, Standing, decode, encode

NOW = 1_767_225_600_000

RULES = compile_rulebook(
    {
        "club.yaml": "{club: c, name: C, time_zone: Europe/Paris, languages: [en], currency: EUR, "
        "lateness: 30 days}",
        "actions.yaml": "actions: {purchase: {fields: {items: [{category: text}]}, optional: [items]}}",
        "metrics.yaml": """
metrics:
  categories: {distinct: purchase.items.category, over: 30 days}
  unread: {count: purchase, over: life}
""",
        "badges.yaml": """
achievements:
  - {id: explorer, badge: Explorer, count: purchase, when: metrics.categories >= 3, reach: 1}
  - {id: first, badge: First, count: purchase, levels: {one: 1, three: 3}}
  - {id: after-first, badge: After, count: purchase, when: '"first" in member.badges', reach: 1}
""",
    }
)


def bought(number: int, *categories: str, at: Instant = NOW) -> Action:
    """A purchase of something of each category."""
    items = tuple({"category": category} for category in categories)
    fields: dict[str, Field] = {"items": items}
    return Action("shop", str(number), "purchase", "ana", at, at, fields)


def take(member: Member, action: Action) -> Sequence[object]:
    """The events after the action was accepted; the member has them behind it."""
    decision = core.decide(member, CountAction(action), RULES, action.recorded_at)
    assert isinstance(decision, Decision)
    for event in decision.events:
        core.evolve(member, event)
    accepted, *events = decision.events
    assert isinstance(accepted, ActionAccepted)
    return events


def unlocked(events: Sequence[object]) -> list[str]:
    """The badges among the events."""
    return [event.badge for event in events if isinstance(event, BadgeUnlocked)]


def test_a_distinct_metric_unlocks_with_the_action_that_reaches_it() -> None:
    """Three categories in 30 days; what was bought 31 days before does not count."""
    member = core.new()
    assert "explorer" not in unlocked(take(member, bought(1, "vinyl", "tape")))
    assert "explorer" not in unlocked(take(member, bought(2, "cd", at=NOW + 30 * DAY)))
    assert "explorer" in unlocked(take(member, bought(3, "vinyl", "tape", at=NOW + 31 * DAY)))


def test_conditions_see_the_badges_from_before_the_action() -> None:
    """What the action itself unlocks counts for the next one."""
    member = core.new()
    assert unlocked(take(member, bought(1))) == ["first"]
    assert member.badges() == ("first", "first/one")
    assert unlocked(take(member, bought(2))) == ["after-first"]


def test_metrics_are_events_before_what_they_bring() -> None:
    """Only of metrics that are read; none for an action that changes none."""
    member = core.new()
    counted, *rest = take(member, bought(1, "vinyl"))
    assert isinstance(counted, MetricCounted) and len(counted.values) == 1
    assert not any(isinstance(event, MetricCounted) for event in rest)
    assert isinstance(take(member, bought(2, "vinyl"))[0], Progressed)


def test_badges_are_named_by_id_and_level() -> None:
    """Sorted, each once; an achievement that has no level yet is no badge."""
    standings = {"b": Standing(9, {"silver": 1, "bronze": 2}), "a": Standing(1), "c": Standing(1, {"x": 3})}
    assert Member(standings=standings).badges() == ("b", "b/bronze", "b/silver", "c", "c/x")


def test_older_bytes_can_be_read() -> None:
    """A state that was written before there were metrics has none."""
    member = Member(tier="gold", tier_points=7)
    fields = encode(member)
    assert decode(bytes([fields[0] - 1]) + fields[1:-1]) == member
