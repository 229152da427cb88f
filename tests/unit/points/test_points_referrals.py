"""A member refers a friend, one situation at a time."""

import pytest

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, HOUR, MINUTE, Decision, Instant
from cercle.rulebook import Rulebook, compile_rulebook
from services.points.commands import Earn
from services.points.events import (
    REFERRAL,
    REFERRED,
    Earned,
    Grant,
    Occasion,
    PromisesSettled,
    Recommended,
    ReferralMade,
    ReferralRefused,
    TriggerNoted,
)
from services.points.member import Member
from tests.unit.points.club import CLUB, NOON
from tests.unit.points.town import Route, Town

FILES = CLUB | {
    "points.yaml": """
wallets: {karma: {expires: never}}
rules:
  - {id: base, on: purchase, earn: {points: 1}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50}, limit: {times: 2, per: day}}
  - {id: talk, on: referral, when: friend != "shy", earn: {points: 7, in: karma, after: survey_answered}}
""",
}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """A club that rewards referrals."""
    return compile_rulebook(FILES)


@pytest.fixture
def town(rulebook: Rulebook) -> Town:
    """Nobody yet."""
    return Town(rulebook)


def does(town: Town, member: str, kind: str, at: Instant = NOON, **fields: Field) -> Decision:  # type: ignore[type-arg]
    """The member's letters wait."""
    action = Action("urn:shop", f"{kind}-{at}-{fields.get('friend', '')}", kind, member, at, at, fields)
    return town.do(member, Earn(action), at)


def refers(town: Town, member: str, friend: str, at: Instant = NOON) -> None:
    """A referral."""
    does(town, member, "referral", at, friend=friend)


def buys(town: Town, member: str, at: Instant = NOON) -> None:
    """A purchase."""
    does(town, member, "purchase", at, order="o", amount=100, channel="shop")


def answers(town: Town, member: str, at: Instant = NOON) -> None:
    """A survey answered."""
    does(town, member, "survey_answered", at, survey="s", score=1)


def given(town: Town, member: str) -> dict[str, int]:
    """What each rule of referrals gave the member in all."""
    sums: dict[str, int] = {}
    for event in town.events.get(member, []):
        for grant in event.grants if isinstance(event, Earned) else ():
            if grant.rule != "base":
                sums[grant.rule] = sums.get(grant.rule, 0) + grant.granted
    return sums


def refusals(town: Town, member: str) -> list[tuple[str, str]]:
    """Which friends' referrals earn nothing, and why."""
    found = town.events.get(member, [])
    return [(event.friend, event.code) for event in found if isinstance(event, ReferralRefused)]


def friend_first(routes: list[Route]) -> Route:
    """What bob says is heard before what is said to him."""
    return next((route for route in routes if route[0] == "bob"), routes[0])


def test_both_are_paid_once_the_friend_buys(town: Town) -> None:
    """Not before, and once; each entry names the other."""
    refers(town, "ana", "bob")
    town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({}, {})
    for later in (HOUR, 2 * HOUR):
        buys(town, "bob", NOON + later)
        town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({"friends": 100}, {"friends": 50})
    done = ("purchase", "urn:shop", f"purchase-{NOON + HOUR}-", NOON + HOUR)
    assert town.events["ana"][-1] == Earned(
        "points",
        (Grant("friends", 100, 100),),
        20_453,
        town.events["ana"][-1].postings,  # type: ignore[union-attr]
        Occasion(REFERRAL, *done, member="bob"),
    )
    [paid] = [each for each in town.events["bob"] if isinstance(each, Earned) and each.occasion]
    assert paid.occasion == Occasion(REFERRED, *done, member="ana")


def test_each_promise_waits_for_its_own_action(town: Town) -> None:
    """The wallet, the points and what is waited for are each rule's."""
    refers(town, "ana", "bob")
    town.deliver_all()
    answers(town, "bob", NOON + HOUR)
    town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({"talk": 7}, {})
    buys(town, "bob", NOON + 40 * DAY)
    town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({"talk": 7, "friends": 100}, {"friends": 50})


def test_a_condition_is_about_the_referral(town: Town) -> None:
    """Of whom it is not true, that rule promises nothing."""
    refers(town, "ana", "shy")
    made = town.events["ana"][-1]
    assert isinstance(made, ReferralMade)
    assert [promise.rule for promise in made.promises] == ["friends"]


@pytest.mark.parametrize("order", [min, friend_first])
@pytest.mark.parametrize(("bought", "paid"), [(0, True), (1, True), (-1, False)])
def test_it_goes_by_when_things_occurred(town: Town, order, bought: int, paid: bool) -> None:  # type: ignore[no-untyped-def]
    """A purchase that is heard of before the referral is paid if it occurred no earlier."""
    refers(town, "ana", "bob")
    buys(town, "bob", NOON + bought)
    town.deliver_all(order)
    assert given(town, "bob") == ({"friends": 50} if paid else {})
    assert given(town, "ana") == ({"friends": 100} if paid else {})


def test_who_bought_before_is_not_new(town: Town) -> None:
    """A promise that waits for something else is kept; without any, it is refused."""
    buys(town, "bob", NOON - 1)
    refers(town, "ana", "bob")
    town.deliver_all()
    assert refusals(town, "ana") == []
    answers(town, "bob", NOON + 1)
    town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({"talk": 7}, {})
    buys(town, "shy", NOON - 1)
    refers(town, "ana", "shy")
    town.deliver_all()
    assert refusals(town, "ana") == [("shy", "not_new")]


def test_a_purchase_that_is_heard_of_late_breaks_the_promise(town: Town) -> None:
    """It occurred before the referral, so the friend was not new after all."""
    refers(town, "ana", "bob")
    town.deliver_all()
    buys(town, "bob", NOON - DAY)
    town.deliver_all()
    assert isinstance(town.events["bob"][-1], PromisesSettled)
    assert refusals(town, "ana") == [("bob", "not_new")]
    buys(town, "bob", NOON + DAY)
    town.deliver_all()
    assert (given(town, "ana"), given(town, "bob")) == ({}, {})


def test_nobody_refers_themselves_or_a_friend_twice(town: Town) -> None:
    """On the record, and nobody is told."""
    refers(town, "ana", "ana")
    assert (refusals(town, "ana"), town.letters) == ([("ana", "self_referral")], {})
    refers(town, "ana", "bob")
    town.deliver_all()
    refers(town, "ana", "bob", NOON + 1)
    assert refusals(town, "ana")[-1] == ("bob", "already_referred")
    buys(town, "bob", NOON + 2)
    town.deliver_all()
    assert given(town, "ana") == {"friends": 100}


def test_the_first_advocate_wins(town: Town) -> None:
    """Whoever's letter is read first; the other one is told."""
    refers(town, "ana", "bob")
    refers(town, "eve", "bob")
    town.deliver_all(max)
    buys(town, "bob", NOON + 1)
    town.deliver_all()
    assert refusals(town, "ana") == [("bob", "has_advocate")]
    assert (given(town, "ana"), given(town, "eve")) == ({}, {"friends": 100})


def test_who_referred_cannot_be_referred(town: Town) -> None:
    """So that no ring can be: neither of two who refer each other, nor the last of three."""
    refers(town, "ana", "bob")
    refers(town, "bob", "ana")
    town.deliver_all()
    assert (refusals(town, "ana"), refusals(town, "bob")) == (
        [("bob", "has_referred")],
        [("ana", "has_referred")],
    )
    for member, friend in (("eve", "joe"), ("joe", "kim"), ("kim", "eve")):
        refers(town, member, friend)
        town.deliver_all()
    assert [refusals(town, name) for name in ("eve", "joe", "kim")] == [[], [], [("eve", "has_referred")]]


def test_the_limit_is_of_the_day_of_the_referral(town: Town) -> None:
    """Two referrals a day, however long the friends take; what friends get has no limit."""
    for number in range(3):
        refers(town, "ana", f"friend-{number}", NOON + number)
    refers(town, "ana", "friend-3", NOON + DAY)
    town.deliver_all()
    for number in range(4):
        later = NOON + (50 + 40 * number) * DAY
        buys(town, "ana", later)
        buys(town, f"friend-{number}", later)
        town.deliver_all(now=later)
    assert given(town, "ana") == {"friends": 300}
    assert [given(town, f"friend-{number}") for number in range(4)] == [{"friends": 50}] * 4


def test_what_a_friend_got_takes_no_room_of_what_they_refer(town: Town) -> None:
    """On one and the same day, by one and the same rule."""
    refers(town, "ana", "bob")
    town.deliver_all()
    buys(town, "bob", NOON + MINUTE)
    town.deliver_all()
    for name in ("joe", "kim"):
        refers(town, "bob", name, NOON + HOUR)
        town.deliver_all()
        buys(town, name, NOON + 2 * HOUR)
        town.deliver_all()
    assert given(town, "bob") == {"friends": 50 + 200}


def test_first_times_are_noted_once(town: Town) -> None:
    """Small, and again only if an earlier one is heard of."""
    for at in (NOON, NOON + 1, NOON - 1):
        buys(town, "bob", at)
    noted = [event for event in town.events["bob"] if isinstance(event, TriggerNoted)]
    assert [event.occurred_at for event in noted] == [NOON, NOON - 1]


def test_without_rules_a_referral_promises_nothing() -> None:
    """It counts, and that is all."""
    plain = FILES | {"points.yaml": "rules: [{id: base, on: purchase, earn: {points: 1}}]"}
    town = Town(compile_rulebook(plain))
    refers(town, "ana", "bob")
    buys(town, "bob")
    assert town.letters == {}
    assert [type(event) for event in town.events["ana"]] == [ActionAccepted]
    assert [type(event) for event in town.events["bob"]] == [ActionAccepted, Earned]


def test_the_friend_knows_who_referred(town: Town) -> None:
    """And it is no sign of life: nothing was done yet."""
    refers(town, "ana", "bob")
    town.deliver_all()
    [event] = town.events["bob"]
    assert isinstance(event, Recommended)
    state = town.states["bob"]
    assert isinstance(state, Member)
    assert (state.advocate, state.wallets) == ("ana", {})
