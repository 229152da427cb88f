"""points.yaml: rules on `referral`, which pay both sides once the friend does something first."""

import pytest

from cercle.domain.action import Action
from cercle.rulebook import (
    FiredRules,
    Limit,
    MemberFacts,
    ReferralRule,
    RulebookError,
    compile_rulebook,
)
from tests.unit.rulebook.small_club import FILES, small_club

GOLD = MemberFacts("gold")
ANYBODY = MemberFacts()


def referral(friend: str = "ben", at: int = 0) -> Action:
    """Ana names a friend."""
    return Action("shop", "1", "referral", "ana", at, at, {"friend": friend})


def rules(*said: str) -> str:
    """points.yaml with a wallet `karma` and these rules on `referral`."""
    lines = "".join(f"  - {{on: referral, {each}}}\n" for each in said)
    return f"wallets: {{karma: {{expires: never}}}}\nrules:\n{lines}"


def test_a_rule_promises_both_sides_what_it_says() -> None:
    """By rule id; without `friend` the friend gets nothing, without `after` the first purchase counts."""
    points = small_club(
        points=rules(
            "id: z, earn: {points: 100, friend: 50}",
            "id: a, earn: {points: 5, in: karma, after: visit}, limit: {times: 2, per: day}",
        )
    ).points
    assert points.referrals_for(referral(), ANYBODY) == (
        ReferralRule("a", "karma", 5, 0, "visit", Limit(None, 2)),
        ReferralRule("z", "points", 100, 50, "purchase", None),
    )
    assert points.referral_triggers == {"visit", "purchase"}


def test_a_promise_is_no_ordinary_rule() -> None:
    """A referral earns nothing by itself, and nothing else promises anything."""
    rulebook = small_club(points=rules("id: r, earn: {points: 100}"))
    assert rulebook.inactive == ()
    assert rulebook.points.rules_for(referral(), ANYBODY) == FiredRules()
    assert "referral" not in rulebook.points.by_action
    visit = Action("shop", "1", "visit", "ana", 0, 0, {"shop": 1})
    assert rulebook.points.referrals_for(visit, ANYBODY) == ()


def test_conditions_and_dates_are_about_the_referral() -> None:
    """Its `friend`, who refers, when it happened, and what who refers did before."""
    rulebook = small_club(
        metrics="metrics: {visits: {count: visit, over: life}}",
        points=rules(
            'id: gold, when: member.tier == "gold", earn: {points: 1}',
            "id: known, when: 'friend.startsWith(\"b\")', earn: {points: 2}",
            "id: long-ago, during: {until: 1970-01-01}, earn: {points: 3}",
            "id: visitor, when: metrics.visits > 2, earn: {points: 4}",
        ),
    )

    def promised(action: Action, member: MemberFacts) -> list[str]:
        return [rule.id for rule in rulebook.points.referrals_for(action, member)]

    assert promised(referral(), GOLD) == ["gold", "known", "long-ago"]
    assert promised(referral("carl", 86_400_000), MemberFacts(metrics={"visits": 3})) == ["visitor"]
    assert list(rulebook.points.metrics.metrics) == ["visits"]


@pytest.mark.parametrize(
    "said",
    ["multiply: 2", "earn: {points: 5}, cooldown: 1 day", "earn: {points: 5}, limit: {times: 1, per: year}"],
)
def test_a_promise_with_an_inactive_key_is_none(said: str) -> None:
    """Nothing multiplies a referral; what is not acted on leaves no rule, and no friend is waited for."""
    rulebook = small_club(points=rules(f"id: r, {said}"))
    (warning,) = rulebook.inactive
    assert warning.sentence.endswith("yet: the rule gives nothing")
    assert rulebook.points.referrals_for(referral(), ANYBODY) == ()
    assert rulebook.points.referral_triggers == frozenset()


def test_the_action_that_is_waited_for_must_be_declared() -> None:
    """Also where nobody wrote it: the usual `purchase` may have another name in the club."""
    actions = "actions: {bought: {fields: {}}, purchases: {fields: {}}}"
    with pytest.raises(RulebookError) as caught:
        compile_rulebook({**FILES, "actions.yaml": actions, "points.yaml": rules("id: r, earn: {points: 5}")})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.sentence == (
        "a referral is paid after the friend's first `purchase`, which is not an action of actions.yaml; "
        "name another with `after`; did you mean `purchases`?"
    )
    named = rules("id: r, earn: {points: 5, after: bought}")
    assert compile_rulebook(
        {**FILES, "actions.yaml": actions, "points.yaml": named}
    ).points.referral_triggers == {"bought"}


def test_the_usual_action_written_out_is_no_other_version() -> None:
    """`after: purchase` is what holds where it is left out; `after: visit` is another meaning."""
    short, written, other = (
        small_club(points=rules(f"id: r, earn: {{points: 5{said}}}")).version
        for said in ("", ", after: purchase", ", after: visit")
    )
    assert short == written != other
