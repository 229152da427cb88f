"""points.yaml: every key is read; what this version does not act on gives nothing, and says so."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cercle.domain.action import Action
from cercle.rulebook import EarnRule, FiredRules, Limit, MemberFacts, Rulebook, compile_rulebook

CLUB = """\
club: shop
name: {en: Shop, fr: Magasin}
time_zone: Europe/Zurich
languages: [en, fr]
currency: CHF
join: on member_joined
lateness: 30 days
"""
ACTIONS = """\
actions:
  purchase:
    fields: {order: text, amount: money, channel: text, items: [{sku: text, quantity: integer}],
             lat: text, lon: text}
    optional: [channel, items, lat, lon]
    subject: order
  answer: {fields: {question: text, topic: text}}
  question: {fields: {question: text, topic: text}, subject: question}
"""
METRICS = "metrics: {answers: {count: answer, over: 12 months}}"
EVERY_KEY = """\
wallets:
  points: {pending: 14 days, expires: 12 months after earning, on_refund: within_balance}
  karma: {expires: never}
  miles: {expires: end of next year}
rules:
  - id: base
    on: purchase
    when: channel == "web" && metrics.answers > 1
    during: {days: [sat, sun], hours: "18:00 to 02:00", from: 2026-12-01, until: 2026-12-24}
    earn: {points: 1, for_each: 1 CHF, in: karma}
    limit: {points: 200, per: day}
  - {id: double, on: purchase, multiply: 2, limit: {times: 1, per: month}}
  - {id: each-item, on: purchase, earn: {points: 1, for_each: item}, limit: {times: 1, per: 30 days}}
  - id: each-piece
    on: purchase
    earn: {points: 1, for_each: quantity, in: miles}
    limit: {times: 1, per: life}
  - {id: banded, on: purchase, earn: {bands: [{from: 0 CHF, points: 5}, {from: 50 CHF, points: 20}]}}
  - {id: tenth, on: purchase, earn: {points: 100, nth: 10}, group: stamps}
  - {id: first, on: purchase, earn: {points: 100, first: true}, group: stamps}
  - {id: near, on: purchase, earn: {points: 5, near: {lat: 46.2044, lon: -6.1, radius: 2 km}}}
  - {id: helpful, on: answer, earn: {points: 20}, cooldown: 10 minutes}
  - id: quick
    on: answer
    soon_after: {action: question, by: question, at_most: 30 minutes}
    earn: {points: 5}
  - {id: birthday, on: birthday, earn: {points: 200}, limit: {times: 1, per: year}}
  - {id: friend, on: referral, earn: {points: 100, friend: 50}}
stacking: {multiply: product}
goodwill: {budget: 5000 points per agent per month, at_most: 500 points, reason: optional}
"""
FACTS = MemberFacts()


def compiled(points: str) -> Rulebook:
    """The rulebook with that points.yaml."""
    files = {"club.yaml": CLUB, "actions.yaml": ACTIONS, "metrics.yaml": METRICS, "points.yaml": points}
    return compile_rulebook(files)


def with_rule(rule: str) -> Rulebook:
    """The rulebook of one rule on `purchase` without condition, and a wallet `karma`."""
    return compiled(f"wallets: {{karma: {{expires: never}}}}\nrules: [{{id: r, on: purchase, {rule}}}]")


def purchase(at: str = "2026-12-05 19:00", **fields: object) -> Action:
    """A purchase at that time in Zurich."""
    instant = int(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Zurich")).timestamp() * 1000)
    return Action("shop", "1", "purchase", "ana", instant, instant, {"amount": 100, **fields})  # type: ignore[dict-item]


def test_every_key_of_the_language_compiles() -> None:
    """What is not acted on is listed: each key at its first place, once for each consequence."""
    rulebook = compiled(EVERY_KEY)
    inactive = {(each.place.file, each.sentence) for each in rulebook.inactive}
    said = {
        re.sub(
            ": [^`]*`", "`", sentence.removeprefix("this version of Cercle does not act on "), count=1
        ).split(" (also")[0]
        for file, sentence in inactive
        if file == "points.yaml"
    }
    nothing = ("per", "for_each", "bands", "nth", "first", "near", "group", "cooldown", "on")
    assert said == {
        "`pending` yet: points can be spent at once",
        "`expires` yet: points never expire",
        "`on_refund` yet: nothing is taken back",
        "`goodwill` yet: agents make no gestures",
        *(f"`{key}` yet: the rule gives nothing" for key in nothing),
    }
    assert rulebook.points.wallets == {"points", "karma", "miles"}
    assert rulebook.points.stacking == "product"


def test_only_the_rules_without_an_inactive_key_fire() -> None:
    """Points are money: better nothing than without the limit that was meant."""
    points = compiled(EVERY_KEY).points
    facts = MemberFacts(metrics={"answers": 2})
    action = purchase(channel="web", items=({"sku": "s", "quantity": 3},), lat="46.2", lon="-6.1")
    fired = points.rules_for(action, facts)
    assert [rule.id for rule in fired.earn] == ["base"]
    assert fired.multiply == ()
    assert fired.earn[0].limit == Limit(200, None)
    for kind in ("birthday", "referral"):
        other = Action("s", "1", kind, "ana", 0, 0, {})
        assert points.rules_for(other, facts) == FiredRules()
    answer = Action("s", "1", "answer", "ana", 0, 0, {})
    assert [rule.id for rule in points.rules_for(answer, facts).soon_after] == ["quick"]


@pytest.mark.parametrize(
    "inactive",
    [
        "earn: {points: 5}, cooldown: 10 minutes",
        "earn: {points: 5}, group: g",
        "multiply: 2, soon_after: {action: question, by: order, at_most: 1 hour}",
        "earn: {points: 5}, limit: {times: 1, per: week}",
        "earn: {points: 5}, limit: {points: 5, per: 1 day}",
        "multiply: 2, limit: {points: 5, per: year}",
        "earn: {points: 5, nth: 2}",
        "earn: {points: 5, first: true}",
        "earn: {points: 5, for_each: item}",
        "earn: {points: 5, for_each: quantity}",
        "earn: {bands: [{from: 0 CHF, points: 5}]}",
        "earn: {points: 5, near: {lat: 46, lon: 6, radius: 500 m}}",
    ],
)
def test_a_rule_with_an_inactive_key_gives_nothing_and_is_listed(inactive: str) -> None:
    """One warning for it, and no rule."""
    with_question = ACTIONS.replace("question: {fields: {question: text,", "question: {fields: {order: text,")
    with_question = with_question.replace("subject: question", "subject: order")
    rule = f"rules: [{{id: r, on: purchase, {inactive}}}]"
    club = CLUB.replace("join: on member_joined\n", "")
    files = {"club.yaml": club, "actions.yaml": with_question, "points.yaml": rule}
    rulebook = compile_rulebook(files)
    (warning,) = rulebook.inactive
    assert warning.sentence.endswith("the rule gives nothing")
    assert rulebook.points.rules_for(purchase(), FACTS) == FiredRules()


@pytest.mark.parametrize(
    "active",
    [
        "earn: {points: 5}",
        "earn: {points: 5, first: false}",
        "earn: {points: 5, in: karma}",
        "earn: {points: 5, for_each: 0.05 CHF}",
        "earn: {points: 5}, limit: {times: 1, per: day}",
        "earn: {points: 5}, limit: {points: 7, per: day}",
        "earn: {points: 5}, during: {days: [sat]}",
    ],
)
def test_what_this_version_acts_on_is_not_listed(active: str) -> None:
    """The rule fires, and only the club's `join` is warned of."""
    rulebook = with_rule(active)
    assert [warning.place.file for warning in rulebook.inactive] == ["club.yaml"]
    assert [rule.points for rule in rulebook.points.rules_for(purchase(), FACTS).earn] == [5]


def test_a_rule_fires_in_its_own_time_only() -> None:
    """Zurich's Saturdays and Sundays in the evening, and the hours after midnight that follow them."""
    points = with_rule(
        'earn: {points: 5}, during: {days: [sat, sun], hours: "18:00 to 02:00", until: 2026-12-06}'
    ).points
    fired = {
        at: bool(points.rules_for(purchase(at), FACTS).earn)
        for at in (
            "2026-12-04 19:00",
            "2026-12-05 01:59",
            "2026-12-05 17:59",
            "2026-12-05 18:00",
            "2026-12-06 01:59",
            "2026-12-06 02:00",
            "2026-12-06 23:59",
            "2026-12-07 00:00",
        )
    }
    assert list(fired.values()) == [False, False, False, True, True, False, True, False]


def test_settings_that_are_inactive_are_as_if_they_were_not_written() -> None:
    """Wallets and gestures: what is earned stays the same."""
    rules = "rules: [{id: r, on: purchase, earn: {points: 5}}]\n"
    settings = "wallets: {points: {pending: 14 days, expires: end of year}}\n"
    settings += "goodwill: {budget: 10 points per agent per day}\n"
    for text in (rules, rules + settings):
        fired = compiled(text).points.rules_for(purchase(), FACTS)
        assert fired.earn == (EarnRule("r", "points", 5, None, None),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expires: 12 months after earning", "expires: P12M after earning"),
        ("pending: 14 days", "pending: 2 weeks"),
    ],
)
def test_one_meaning_has_one_version(one: str, other: str) -> None:
    """However a wallet is spelt."""
    versions = {compiled(f"wallets: {{points: {{{each}}}}}").version for each in (one, other)}
    assert len(versions) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("multiply: 2, limit: {times: 1, per: week}", "multiply: 2, limit: {times: 1, per: 7 days}"),
        ("earn: {points: 5, nth: 2}", "earn: {points: 5, nth: 3}"),
        ("earn: {points: 5}, group: a", "earn: {points: 5}"),
        ("earn: {points: 5}, during: {days: [sat]}", "earn: {points: 5}, during: {days: [sun]}"),
        (
            "earn: {points: 5, near: {lat: 1, lon: 1, radius: 1 km}}",
            "earn: {points: 5, near: {lat: 1, lon: 2, radius: 1 km}}",
        ),
    ],
)
def test_another_meaning_has_another_version(one: str, other: str) -> None:
    """What is not acted on yet is part of the version as well: a later Cercle acts on it."""
    assert with_rule(one).version != with_rule(other).version
