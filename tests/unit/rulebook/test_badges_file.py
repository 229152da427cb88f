"""badges.yaml: every key of the language is read; what is not acted on counts nothing, and says so."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cercle.domain.action import Action
from cercle.rulebook import Level, MemberFacts, Rulebook, compile_rulebook

FILES = {
    "club.yaml": """\
club: shop
name: Shop
time_zone: Europe/Zurich
languages: [en, fr]
currency: CHF
lateness: 30 days
""",
    "actions.yaml": """\
actions:
  purchase:
    fields: {order: text, amount: money, channel: text, items: [{category: text, quantity: integer}]}
    optional: [channel, items]
  answer: {fields: {topic: text}}
""",
    "points.yaml": "wallets: {karma: {expires: never}}",
    "metrics.yaml": """\
metrics:
  answers: {count: answer, over: 12 months}
  spent: {sum: purchase.amount, over: life}
""",
}
EVERY_KEY = """\
achievements:
  - id: collector
    badge: {en: Collector, fr: Collectionneuse}
    count: purchase
    when: channel == "web"
    during: {days: [sat, sun], hours: "18:00 to 02:00", from: 2026-12-01, until: 2026-12-24}
    levels: {bronze: 1, silver: 25}
    progress: shown
    from: publication
  - {id: buyer, badge: Buyer, count: purchase, reach: 10}
  - {id: surprise, badge: Surprise, count: purchase, reach: 10, progress: secret}
  - {id: old-hand, badge: Old hand, count: purchase, reach: 10, from: the beginning}
  - {id: lately, badge: Lately, count: purchase, reach: 10, over: 90 days}
  - {id: still, badge: Still, count: purchase, reach: 10, revoke: when no longer true}
  - {id: spender, badge: Spender, sum: purchase.amount, levels: {one: 500 CHF, two: 1000 CHF}}
  - {id: stocked, badge: Stocked, sum: purchase.items.quantity, reach: 100}
  - {id: curious, badge: Curious, distinct: purchase.items.category, reach: 5}
  - {id: faithful, badge: Every week, streak: {of: purchase, every: week, length: 8, freeze: 1 per quarter}}
  - {id: daily, badge: Daily, when: topic == "trains", streak: {of: answer, every: day, length: 3}}
  - {id: risen, badge: Risen, count: tier_changed, reach: 2}
challenges:
  - id: advent
    badge: {en: Star, fr: Étoile}
    during: {from: 2026-12-01, until: 2026-12-24}
    all_of: [{count: purchase, reach: 2}, {count: answer, reach: 1, when: topic == "trains"}]
    award: advent-star
leaderboards:
  - {id: helpers, metric: karma earned, per: month, by: topic, show: 50}
  - {id: buyers, metric: points earned, per: life}
"""
NOBODY = MemberFacts()


def club(badges: str) -> Rulebook:
    """The club with these badges."""
    return compile_rulebook({**FILES, "badges.yaml": badges})


def purchase(local: str = "2026-12-05 19:00", **fields: object) -> Action:
    """A purchase on a Saturday evening, by the club's clocks."""
    at = int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Zurich")).timestamp()) * 1000
    return Action("shop", "1", "purchase", "ana", at, at, {"order": "o", "amount": 500, **fields})  # type: ignore[dict-item]


def counted(rulebook: Rulebook, action: Action, member: MemberFacts = NOBODY) -> list[str]:
    """The achievements that this action counts for."""
    return [achievement.id for achievement in rulebook.badges.counted(action, member)]


def test_every_key_of_the_language_is_read_and_what_is_inactive_counts_nothing() -> None:
    """Of twelve achievements two act; the others are in no answer, however often the action comes."""
    rulebook = club(EVERY_KEY)
    assert list(rulebook.badges.achievements) == ["buyer", "collector"]
    assert counted(rulebook, purchase(channel="web")) == ["buyer", "collector"]


def test_each_inactive_key_is_told_with_what_follows() -> None:
    """By its line; nothing that is not acted on goes unsaid."""
    told = {(each.place.line, re.split("[`:]", each.sentence)[1]) for each in club(EVERY_KEY).inactive}
    lines = EVERY_KEY.splitlines()
    wanted = {"progress": 11, "from": 12, "over": 13, "revoke": 14, "sum": 15, "distinct": 17, "streak": 18}
    wanted |= {"count": 20, "challenges": 21, "leaderboards": 27}
    assert told == {(line, key) for key, line in wanted.items()}
    assert all(key in lines[line - 1] for key, line in wanted.items())
    assert all("nothing" in each.sentence or "no " in each.sentence for each in club(EVERY_KEY).inactive)


@pytest.mark.parametrize(
    "key",
    [
        "progress: secret",
        "from: the beginning",
        "over: 90 days",
        "revoke: when no longer true",
    ],
)
def test_one_inactive_key_makes_its_achievement_count_nothing_and_no_other(key: str) -> None:
    """Better no badge than one without its limits; its neighbour goes on."""
    rulebook = club(
        "achievements:\n"
        f"  - {{id: a, badge: A, count: purchase, reach: 5, {key}}}\n"
        "  - {id: b, badge: B, count: purchase, reach: 5}\n"
    )
    assert counted(rulebook, purchase()) == ["b"]
    assert list(rulebook.badges.achievements) == ["b"]
    assert [each.place.line for each in rulebook.inactive] == [2]


def test_words_that_say_what_happens_anyway_are_acted_on() -> None:
    """`progress: shown` and `from: publication` are the defaults: written out they change no version."""
    short = club("achievements: [{id: a, badge: A, count: purchase, reach: 5}]")
    long = club(
        "achievements: [{id: a, badge: A, count: purchase, reach: 5, progress: shown, from: publication}]"
    )
    assert not long.inactive
    assert long.version == short.version


def test_one_level_is_called_reached() -> None:
    """`reach: 10` unlocks the badge with the level `reached`."""
    (achievement,) = club(
        "achievements: [{id: a, badge: A, count: purchase, reach: 10}]"
    ).badges.achievements.values()
    assert achievement.levels == (Level("reached", 10),)


def test_actions_outside_of_during_do_not_count() -> None:
    """By the club's clocks: weekday, hour, first and last day."""
    rulebook = club(EVERY_KEY)
    at = {
        "2026-12-05 19:00": True,  # Saturday evening
        "2026-12-07 01:59": True,  # Sunday night goes on until two
        "2026-12-05 17:59": False,
        "2026-12-08 19:00": False,  # Tuesday
        "2026-11-28 19:00": False,  # before it begins
        "2026-12-26 19:00": False,  # after it ended
    }
    found = {local: "collector" in counted(rulebook, purchase(local, channel="web")) for local in at}
    assert found == at


def test_conditions_read_metrics_badges_and_segments_of_the_member() -> None:
    """`metrics` holds those that the conditions of badges name, and no others."""
    rulebook = club(
        "achievements:\n"
        "  - {id: a, badge: A, count: purchase, reach: 5, when: metrics.answers > 2}\n"
        "  - {id: b, badge: B, count: purchase, reach: 5, when: '\"a/reached\" in member.badges'}\n"
        '  - {id: c, badge: C, sum: purchase.amount, reach: 5 CHF, when: metrics.spent > money("1 CHF")}\n'
    )
    assert list(rulebook.badges.metrics.metrics) == ["answers"]
    assert counted(rulebook, purchase(), MemberFacts(metrics={"answers": 2})) == []
    assert counted(rulebook, purchase(), MemberFacts(metrics={"answers": 3})) == ["a"]
    assert counted(rulebook, purchase(), MemberFacts(badges=("a", "a/reached"))) == ["b"]


def test_the_order_of_a_challenges_tasks_changes_nothing() -> None:
    """All of them must be done, in any order."""
    tasks = ["{count: purchase, reach: 2}", "{count: answer, reach: 1}"]
    versions = {
        club(f"challenges: [{{id: c, award: s, all_of: [{first}, {second}]}}]").version
        for first, second in (tasks, tasks[::-1])
    }
    assert len(versions) == 1


def test_an_empty_list_promises_nothing() -> None:
    """`challenges: []` is no key that this version fails to act on."""
    assert not club("achievements: []\nchallenges: []\nleaderboards: []\n").inactive


def test_a_badge_of_a_challenge_may_be_named_in_conditions() -> None:
    """`advent-star`, with its one level; two challenges may award the same badge."""
    offers = (
        "offers:\n"
        "  - {id: o, title: O, price: free, issue: {on: badge_unlocked,\n"
        '     when: badge == "star" && level == "reached"}}\n'
    )
    challenges = (
        "challenges:\n"
        "  - {id: y2026, award: star, all_of: [{count: purchase, reach: 1}]}\n"
        "  - {id: y2027, award: star, all_of: [{count: purchase, reach: 1}]}\n"
    )
    rulebook = compile_rulebook({**FILES, "badges.yaml": challenges, "offers.yaml": offers})
    assert list(rulebook.offers.offers) == ["o"]
