"""metrics.yaml: which actions feed a metric, and which metrics the rules of each service read."""

import pytest

from cercle.domain.action import Action
from cercle.rulebook import MemberFacts, Rulebook, compile_rulebook
from cercle.rulebook.metrics import Metric
from cercle.rulebook.times import Span

CLUB = """\
club: trains
name: Trains
time_zone: Europe/Zurich
languages: [en]
currency: CHF
lateness: 30 days
"""
ACTIONS = """\
actions:
  purchase:
    fields: {order: text, amount: money, discs: integer,
             items: [{category: text, quantity: integer, amount: money}]}
    optional: [discs, items]
  answer: {fields: {topic: text}}
"""
METRICS = """\
metrics:
  answers: {count: answer, over: 12 months}
  train_answers: {count: answer, when: topic == "trains", over: 90 days}
  spent: {sum: purchase.amount, when: amount >= money("10 CHF"), over: 24 months}
  discs: {sum: purchase.discs, over: life}
  pieces: {sum: purchase.items.quantity, over: 1 week}
  spent_on_items: {sum: purchase.items.amount, over: life}
  categories: {distinct: purchase.items.category, over: P1Y}
  orders: {distinct: purchase.order, when: member.tier == "gold", over: 1 quarter}
"""
POINTS = """\
rules:
  - {id: fan, on: answer, when: metrics.train_answers >= 3, earn: {points: 5}}
  - {id: rich, on: purchase, when: metrics.spent > money("200 CHF") && metrics.discs > 2, earn: {points: 5}}
  - {id: later, on: purchase, when: metrics.pieces > 2, earn: {points: 5}, cooldown: 1 day}
"""
FILES = {"club.yaml": CLUB, "actions.yaml": ACTIONS, "metrics.yaml": METRICS, "points.yaml": POINTS}


def reading_all() -> Rulebook:
    """A rulebook whose points rules read every metric."""
    names = ("answers", "train_answers", "discs", "pieces", "categories", "orders")
    every = " && ".join(f"metrics.{name} > 0" for name in names)
    every += "".join(f' && metrics.{name} > money("0 CHF")' for name in ("spent", "spent_on_items"))
    rule = f"rules:\n  - id: r\n    on: answer\n    when: {every}\n    earn: {{points: 1}}\n"
    return compile_rulebook({**FILES, "points.yaml": rule})


def action(kind: str, **fields: object) -> Action:
    """An action of that type."""
    return Action("shop", "1", kind, "ana", 0, 0, fields)  # type: ignore[arg-type]


def test_a_metric_is_what_the_file_says() -> None:
    """Kind, action, field, window; a sum of money is money, and of numbers a number."""
    metrics = reading_all().points.metrics.metrics
    assert dict(metrics) == {
        "answers": Metric("answers", "count", "answer", (), Span(12, "month"), False),
        "train_answers": Metric("train_answers", "count", "answer", (), Span(90, "day"), False),
        "spent": Metric("spent", "sum", "purchase", ("amount",), Span(24, "month"), True),
        "discs": Metric("discs", "sum", "purchase", ("discs",), None, False),
        "pieces": Metric("pieces", "sum", "purchase", ("items", "quantity"), Span(1, "week"), False),
        "spent_on_items": Metric("spent_on_items", "sum", "purchase", ("items", "amount"), None, True),
        "categories": Metric(
            "categories", "distinct", "purchase", ("items", "category"), Span(1, "year"), False
        ),
        "orders": Metric("orders", "distinct", "purchase", ("order",), Span(1, "quarter"), False),
    }


@pytest.mark.parametrize(
    ("fed", "by", "tier"),
    [
        (["answers", "train_answers"], action("answer", topic="trains"), ""),
        (["answers"], action("answer", topic="boats"), ""),
        (["categories", "discs", "pieces", "spent", "spent_on_items"], action("purchase", amount=1000), ""),
        (["categories", "discs", "pieces", "spent_on_items"], action("purchase", amount=999), ""),
        (["categories", "discs", "orders", "pieces", "spent_on_items"], action("purchase", amount=9), "gold"),
        ([], action("visit"), ""),
    ],
)
def test_an_action_feeds_the_metrics_of_its_type_whose_condition_is_true(
    fed: list[str], by: Action, tier: str
) -> None:
    """By name, whatever the metric then makes of it."""
    metrics = reading_all().points.metrics
    assert [metric.id for metric in metrics.fed_by(by, MemberFacts(tier=tier))] == fed


def test_points_keep_the_metrics_that_their_own_conditions_read() -> None:
    """A rule that is left out because this version does not act on it needs none."""
    rulebook = compile_rulebook(FILES)
    assert sorted(rulebook.points.metrics.metrics) == ["discs", "spent", "train_answers"]
    assert sorted(rulebook.badges.metrics.metrics) == []
    assert sorted(rulebook.offers.metrics.metrics) == []


def test_only_some_metrics_are_fed_by_the_same_actions() -> None:
    """Names that are none are no metrics; without a name, nothing is fed."""
    every = reading_all().points.metrics
    some = every.only({"train_answers", "spent", "nonsense"})
    assert sorted(some.metrics) == ["spent", "train_answers"]
    facts = MemberFacts()
    assert [each.id for each in some.fed_by(action("answer", topic="trains"), facts)] == ["train_answers"]
    assert [each.id for each in some.fed_by(action("purchase", amount=1000), facts)] == ["spent"]
    assert every.only(every.metrics) == every
    assert every.only(()).fed_by(action("purchase", amount=1000), facts) == ()


def test_conditions_see_metrics_with_their_kind() -> None:
    """A sum of money is compared with money; the others with numbers; one that was never fed is 0."""
    points = compile_rulebook(FILES).points
    purchase = action("purchase", amount=100)

    def fired(metrics: dict[str, int]) -> list[str]:
        return [rule.id for rule in points.rules_for(purchase, MemberFacts(metrics=metrics)).earn]

    assert fired({"spent": 20_001, "discs": 3}) == ["rich"]
    assert fired({"spent": 20_000, "discs": 3}) == fired({"spent": 20_001}) == fired({}) == []


def test_a_metric_of_what_this_version_does_not_feed_stays_0() -> None:
    """Said in one warning; the rulebook compiles, and no action feeds it."""
    metrics = "metrics: {friends: {count: referral, over: life}}"
    points = "rules: [{id: r, on: answer, when: metrics.friends > 0, earn: {points: 1}}]"
    rulebook = compile_rulebook({**FILES, "metrics.yaml": metrics, "points.yaml": points})
    (warning,) = rulebook.inactive
    assert warning.place.file == "metrics.yaml"
    assert warning.sentence.endswith("the metric stays 0")
    assert rulebook.points.rules_for(action("answer", topic=""), MemberFacts()).earn == ()


def test_a_metric_changes_the_version() -> None:
    """Its order in the file does not, nor how its window is spelt."""
    versions = {
        text: compile_rulebook({**FILES, "metrics.yaml": text}).version
        for text in (
            METRICS,
            METRICS.replace("over: P1Y", "over: 1 year"),
            "metrics:\n" + "".join(reversed(METRICS.splitlines(keepends=True)[1:])),
            METRICS.replace("90 days", "91 days"),
        )
    }
    first, same, reordered, other = versions.values()
    assert first == same == reordered != other
