"""What an action earns, one situation at a time."""

from fractions import Fraction

import pytest
from msgspec import structs

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import DAY, HOUR, MINUTE, Rejection
from cercle.rulebook import EarnRule, FiredRules, MultiplyRule, Rulebook
from services.points import core, earning
from services.points.commands import Earn
from services.points.events import Earned, Grant, Posting
from tests.unit.points.club import NOON, Life, action, answer, purchase, rules, tier

TODAY = 20_453
"""2025-12-31 as days since 1970-01-01."""


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """The club's rules."""
    return rules()


def earn_rule(rule_id: str, points: int) -> EarnRule:
    """A rule that gives `points`, without a limit."""
    return EarnRule(id=rule_id, wallet="points", points=points, for_each=None, limit=None)


def multiply_rule(rule_id: str, factor: str) -> MultiplyRule:
    """A rule that multiplies, without a limit."""
    return MultiplyRule(id=rule_id, wallet="points", factor=Fraction(factor), limit=None)


def shared(earn: dict[str, int], multiply: dict[str, str], stacking: str) -> dict[str, int]:
    """Rule id to share, for these points and factors."""
    fired = FiredRules(
        earn=tuple(earn_rule(rule_id, points) for rule_id, points in earn.items()),
        multiply=tuple(multiply_rule(rule_id, factor) for rule_id, factor in multiply.items()),
    )
    found = earning.shares(fired, "points", purchase("o1", 0), stacking)
    return {rule.id: share for rule, share in found}


def test_whole_dollars_earn_points_and_are_posted_twice(rulebook: Rulebook) -> None:
    """42.90 USD at one point for each dollar: 42, out of issued, into available."""
    life = Life(rulebook)
    assert life.do(Earn(purchase("o1", 4290))) == (
        ActionAccepted("urn:shop", "o1", "purchase", NOON, NOON - 30 * DAY),
        Earned(
            "points",
            (Grant("purchase-base", 42, 42),),
            TODAY,
            (Posting("issued", -42), Posting("available", 42)),
        ),
    )


def test_an_action_without_rules_is_accepted(rulebook: Rulebook) -> None:
    """It earns nothing and is still one event, so that every service judges lateness alike."""
    survey = action("s1", "survey_answered", {"survey": "nps", "score": 9})
    assert Life(rulebook).do(Earn(survey)) == (
        ActionAccepted("urn:shop", "s1", "survey_answered", NOON, NOON - 30 * DAY),
    )


def test_a_rule_that_gives_nothing_is_not_recorded(rulebook: Rulebook) -> None:
    """99 cents are no whole dollar: no grant, no Earned."""
    assert [type(event) for event in Life(rulebook).do(Earn(purchase("o1", 99)))] == [ActionAccepted]


def test_the_same_action_again_has_no_effect(rulebook: Rulebook) -> None:
    """The second copy brings no event, whatever it says."""
    life = Life(rulebook)
    life.do(Earn(purchase("o1", 4290)))
    assert life.do(Earn(purchase("o1", 9999)), NOON + HOUR) == ()


@pytest.mark.parametrize(("occurred_at", "code"), [(NOON - 31 * DAY, "late"), (NOON + 6 * MINUTE, "future")])
def test_late_and_future_actions_are_rejected(rulebook: Rulebook, occurred_at: int, code: str) -> None:
    """Against the record's own timestamp, by the club's lateness and 5 minutes."""
    badly_dated = structs.replace(purchase("o1", 4290), occurred_at=occurred_at)
    decided = core.decide(core.new(), Earn(badly_dated), rulebook, NOON)
    assert isinstance(decided, Rejection)
    assert decided.code == code


def test_each_wallet_has_its_own_event(rulebook: Rulebook) -> None:
    """An answer earns karma and points: two events, by wallet name."""
    events = Life(rulebook).do(Earn(answer("a1")))[1:]
    assert [(event.wallet, event.grants) for event in events if isinstance(event, Earned)] == [
        ("karma", (Grant("helpful", 20, 20),)),
        ("points", (Grant("thanks", 3, 3),)),
    ]


def test_a_limit_in_points_cuts_its_own_rule(rulebook: Rulebook) -> None:
    """15 a day for big-spender: 10, then 5 of 10, then none; the base is never cut."""
    life = Life(rulebook)
    purchases = [Earn(purchase(order, 5000)) for order in ("o1", "o2", "o3")]
    granted = [
        {grant.rule: (grant.desired, grant.granted) for grant in event.grants}
        for command in purchases
        for event in life.do(command)
        if isinstance(event, Earned)
    ]
    assert granted == [
        {"big-spender": (10, 10), "purchase-base": (50, 50)},
        {"big-spender": (10, 5), "purchase-base": (50, 50)},
        {"big-spender": (10, 0), "purchase-base": (50, 50)},
    ]
    assert core.view(life.member, NOON).wallets["points"].available == 165


def test_a_limit_in_times_stops_after_that_many(rulebook: Rulebook) -> None:
    """Helpful twice a day; the third is recorded with nothing granted and nothing posted."""
    life = Life(rulebook)
    life.do(Earn(answer("a1")))
    life.do(Earn(answer("a2")))
    third = life.do(Earn(answer("a3")))[1]
    assert third == Earned("karma", (Grant("helpful", 20, 0),), TODAY, ())
    assert core.view(life.member, NOON).wallets["karma"].available == 40


def test_limits_begin_anew_at_local_midnight(rulebook: Rulebook) -> None:
    """The day is that of occurred_at in the club's time zone, not in UTC."""
    life = Life(rulebook)
    late_evening = NOON + 11 * HOUR + 59 * MINUTE
    for index, at in enumerate((NOON, late_evening, late_evening, late_evening + MINUTE)):
        life.do(Earn(answer(f"a{index}", at)), at)
    days = [event.day for event in life.events if isinstance(event, Earned) and event.wallet == "karma"]
    assert days == [TODAY, TODAY, TODAY, TODAY + 1]
    assert core.view(life.member, NOON).wallets["karma"].available == 60


def test_an_action_that_comes_late_counts_on_its_own_day(rulebook: Rulebook) -> None:
    """Yesterday's limit is yesterday's, even when today was counted first."""
    life = Life(rulebook)
    for index, at in enumerate((NOON, NOON, NOON - DAY, NOON - DAY, NOON - DAY)):
        life.do(Earn(answer(f"a{index}", at)))
    assert core.view(life.member, NOON).wallets["karma"].available == 80


def test_days_that_can_no_longer_count_are_forgotten(rulebook: Rulebook) -> None:
    """A year of daily answers keeps the counters of little more than the lateness."""
    life = Life(rulebook)
    for day in range(365):
        life.do(Earn(answer(f"a{day}", NOON + day * DAY)), NOON + day * DAY)
    oldest_acceptable = rulebook.club.day(life.member.seen.forget_before)
    assert oldest_acceptable in life.member.counted
    assert len(life.member.counted) <= 33


def test_a_limit_on_a_multiplier_cuts_the_extra_alone(rulebook: Rulebook) -> None:
    """120 base + 20 (cut to 15) on the web: the extra of 140 is cut to 100."""
    earned = Life(rulebook).do(Earn(purchase("o1", 12_000, channel="web")))[1]
    assert isinstance(earned, Earned)
    assert earned.grants == (
        Grant("big-spender", 20, 15),
        Grant("purchase-base", 120, 120),
        Grant("web-double", 140, 100),
    )
    assert earned.postings[1] == Posting("available", 235)


def test_conditions_see_the_tier_that_was_noted(rulebook: Rulebook) -> None:
    """Gold's 1.5 counts from the moment the tier was noted; the sum is floored once."""
    life = Life(rulebook)
    life.do(Earn(purchase("o1", 1100)))
    life.do(tier("gold"))
    life.do(Earn(purchase("o2", 1100)))
    assert core.view(life.member, NOON).wallets["points"].available == 11 + 16


def test_grants_are_listed_by_rule_id(rulebook: Rulebook) -> None:
    """A multiply rule among the earn rules, where its id belongs."""
    life = Life(rulebook)
    life.do(tier("gold"))
    earned = life.do(Earn(purchase("o1", 1100)))[1]
    assert isinstance(earned, Earned)
    assert earned.grants == (Grant("gold-bonus", 5, 5), Grant("purchase-base", 11, 11))


def test_a_grant_of_nothing_is_not_a_time() -> None:
    """What a limit cut to nothing leaves no trace in the counters."""
    member = core.evolve(core.new(), Earned("points", (Grant("r", 5, 0),), TODAY, ()))
    assert member.counted == {}


def test_best_gives_the_extra_to_the_largest_factor() -> None:
    """Of 2 and 1.5 only 2 counts."""
    assert shared({"base": 7}, {"x": "3/2", "y": "2"}, "best") == {"base": 7, "y": 7}


def test_best_gives_equal_factors_to_the_first_id() -> None:
    """Ties by rule id, whatever the order."""
    assert shared({"base": 7}, {"b": "2", "a": "2"}, "best") == {"base": 7, "a": 7}


def test_add_adds_what_exceeds_one() -> None:
    """2 and 1.5 give 2.5: 7 is 17 (17.5 floored); the odd half goes to the one remainder."""
    assert shared({"base": 7}, {"x": "2", "y": "3/2"}, "add") == {"base": 7, "x": 7, "y": 3}


def test_product_multiplies() -> None:
    """2 and 1.5 give 3: 7 is 21; the extra of 14 is divided 2 : 1 by largest remainder."""
    assert shared({"base": 7}, {"x": "2", "y": "3/2"}, "product") == {"base": 7, "x": 9, "y": 5}


def test_the_floor_comes_once() -> None:
    """Two extras of a half make a whole point: the first id has it."""
    assert shared({"a": 1, "b": 2}, {"x": "7/6", "y": "7/6"}, "add") == {"a": 1, "b": 2, "x": 1, "y": 0}
