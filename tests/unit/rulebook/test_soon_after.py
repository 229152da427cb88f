"""points.yaml: rules that earn only soon after an earlier action, perhaps another member's."""

from cercle.domain.action import Action, Field
from cercle.rulebook import EarnRule, FiredRules, Limit, MemberFacts, SoonAfter
from tests.unit.rulebook.small_club import small_club

FACTS = MemberFacts()
MINUTE = 60_000
POINTS = """\
rules:
  - {id: plain, on: answer, earn: {points: 1}}
  - {id: more, on: answer, multiply: 2}
  - {id: quick, on: answer, earn: {points: 5}, limit: {times: 3, per: day},
     soon_after: {action: question, by: question, at_most: 30 minutes}}
  - {id: at-once, on: answer, when: 'topic == "trains"', earn: {points: 9},
     soon_after: {action: question, by: question, at_most: 1 minute}}
  - {id: in-the-shop, on: answer, earn: {points: 2},
     soon_after: {action: visit, by: shop, at_most: 1 hour}}
  - {id: same-shop, on: visit, earn: {points: 2}, soon_after: {action: question, by: shop, at_most: 2 days}}
"""


def answer(topic: str) -> Action:
    """An answer to a question."""
    fields: dict[str, Field] = {"question": "q1", "topic": topic, "shop": 1, "note": ""}
    return Action("shop", "1", "answer", "ana", 0, 0, fields)


def test_rules_that_wait_for_an_earlier_action_are_kept_apart() -> None:
    """Under their own conditions, by id, with what they look for; the others earn at once."""
    points = small_club(points=POINTS).points
    quick = SoonAfter("question", "question", 30 * MINUTE)
    fired = points.rules_for(answer("ships"), FACTS)
    assert [rule.id for rule in fired.earn] == ["plain"]
    assert [rule.id for rule in fired.multiply] == ["more"]
    assert fired.soon_after == (
        EarnRule("in-the-shop", "points", 2, None, None, SoonAfter("visit", "shop", 60 * MINUTE)),
        EarnRule("quick", "points", 5, None, Limit(None, 3), quick),
    )
    assert [rule.id for rule in points.rules_for(answer("trains"), FACTS).soon_after] == [
        "at-once",
        "in-the-shop",
        "quick",
    ]


def test_the_subjects_of_an_earlier_action_are_each_named_once() -> None:
    """Of rules that act, by field, sorted; nothing of an action that no rule looks for."""
    assert dict(small_club(points=POINTS).points.subjects_of) == {
        "question": ("question", "shop"),
        "visit": ("shop",),
    }


def test_without_such_a_rule_nothing_has_a_subject() -> None:
    """A rule that multiplies, or that has an inactive key, looks for nothing."""
    soon = "soon_after: {action: question, by: question, at_most: 1 hour}"
    for said in (f"multiply: 2, {soon}", f"earn: {{points: 5}}, group: g, {soon}", "earn: {points: 5}"):
        points = small_club(points=f"rules: [{{id: r, on: answer, {said}}}]").points
        assert not points.subjects_of
        assert points.rules_for(answer(""), FACTS).soon_after == ()


def test_a_rule_that_multiplies_does_nothing_soon_after() -> None:
    """It is told, and nothing fires."""
    rulebook = small_club(
        points="rules: [{id: r, on: answer, multiply: 2, "
        "soon_after: {action: question, by: question, at_most: 1 hour}}]"
    )
    assert [each.sentence for each in rulebook.inactive] == [
        "this version of Cercle does not act on `soon_after` yet: the rule gives nothing"
    ]
    assert rulebook.points.rules_for(answer(""), FACTS) == FiredRules()


def test_lengths_written_another_way_are_one_version() -> None:
    """`30 minutes` and `PT30M`; 31 are another."""
    short, iso, longer = (
        small_club(points=POINTS.replace("30 minutes", length)).version
        for length in ("30 minutes", "PT30M", "31 minutes")
    )
    assert short == iso != longer
