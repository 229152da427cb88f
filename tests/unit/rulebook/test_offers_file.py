"""offers.yaml: every key of the language is read; what this version does not act on is given to nobody."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cercle.rulebook import MemberFacts, Rulebook, RulebookError, compile_rulebook

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
  purchase: {fields: {amount: money, items: [{category: text}]}}
  survey_answered: {fields: {score: integer}}
""",
    "points.yaml": "wallets: {karma: {expires: never}}",
    "metrics.yaml": """\
metrics: {buys: {count: purchase, over: life}, spend: {sum: purchase.amount, over: life}}
""",
    "segments.yaml": """\
segments: [{nps: {on: survey_answered, score: score}}, {id: fan, when: metrics.buys > 3}]
""",
    "badges.yaml": """\
achievements: [{id: collector, badge: C, count: purchase, levels: {silver: 5, gold: 25}}]
""",
    "tiers.yaml": """\
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: member, from: 0}, {id: gold, from: 2000}]
""",
}
EVERY_KEY = """\
offers:
  - id: welcome
    title: {en: Your silver record, fr: Votre disque d'argent}
    price: free
    during: {from: 2026-11-27 09:00, until: 2026-11-30}
    issue: {on: badge_unlocked, when: badge == "collector" && level == "silver"}
  - {id: on-purchase, title: A, price: free, issue: {on: purchase, when: metrics.buys > 3}}
  - {id: on-tier, title: A, price: free, issue: {on: tier_changed, when: tier == "gold" && previous != ""}}
  - {id: on-points, title: A, price: free, issue: {on: points_earned, when: wallet == "karma" && points > 5}}
  - {id: on-birthday, title: A, price: free, issue: {on: birthday}}
  - id: ten-off
    title: {en: 10 off, fr: 10 de remise}
    price: 500 points
    voucher: {code: "TEN-{8}", valid: 60 days}
    stock: 1000
    limit: {times: 2, per: month}
    budget: {total: 20000 CHF, each: 10 CHF}
    channel: web
    during: {days: [mon]}
    segments: {all_of: [fan], any_of: [promoter, passive], none_of: [detractor]}
    when: member.tier == "gold" && metrics.spend > money("5 CHF")
  - id: pooled
    title: A
    price: 50 karma
    voucher: {pool: vouchers/ten-off.csv}
    limit: {times: 1, per: 30 days}
  - {id: taken, title: A, price: free}
  - id: council
    title: A
    price: 10 karma
    invite: {segments: {all_of: [detractor, fan]}, seats: 2, reserve: 3, answer_before: 7 days}
contests:
  - id: summer-draw
    title: {en: Draw, fr: Tirage}
    enter: {price: 50 points, limit: {times: 3, per: contest}}
    draw: 2026-09-01 12:00
    winners: 5
    prize: welcome
  - id: free-draw
    enter: {price: free, limit: {times: 1, per: day}}
    draw: 2026-09-01
    winners: 1
    prize: taken
ranking: {by: affinity, of: purchase.items.category, half_life: 90 days}
"""
NOBODY = MemberFacts()


def club(offers: str) -> Rulebook:
    """The club with these offers."""
    return compile_rulebook({**FILES, "offers.yaml": offers})


def at(local: str) -> int:
    """The instant at which the club's clocks show this."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Zurich")).timestamp()) * 1000


def test_every_key_of_the_language_is_read_and_only_what_is_given_or_claimed_by_all_acts() -> None:
    """The others are in no answer: nobody can claim them, is invited to them, or enters a contest."""
    assert sorted(club(EVERY_KEY).offers.offers) == ["on-purchase", "on-tier", "taken", "welcome"]


def test_each_inactive_key_is_told_with_what_follows() -> None:
    """Of an offer that is given, claimed or invited to, of a contest, of the ranking."""
    told = {
        re.split("[`:]", each.sentence)[1]: each.sentence.partition(" yet: ")[2]
        for each in club(EVERY_KEY).inactive
        if each.place.file == "offers.yaml"
    }
    claimed, had = ["channel", "segments", "when"], ["pool", "per"]
    assert told.keys() == {*claimed, *had, "issue", "invite", "contests", "ranking"}
    assert all(told[key] == "nobody can claim the offer" for key in claimed)
    assert all(told[key] == "nobody can have the offer" for key in had)
    assert told["issue"].startswith("the offer is issued to nobody")
    assert told["invite"] == "nobody is invited"


@pytest.mark.parametrize(
    "key",
    [
        'voucher: {code: "TEN-{8}"}',
        "stock: 5",
        "limit: {times: 1, per: day}",
        "budget: {total: 20 CHF, each: 10 CHF}",
        "channel: web",
        "segments: {any_of: [fan]}",
        'when: member.tier == "gold"',
    ],
)
def test_an_offer_with_a_condition_that_is_not_acted_on_is_issued_to_nobody(key: str) -> None:
    """Better not given than given to everybody; its neighbour is given."""
    rulebook = club(
        "offers:\n"
        f"  - {{id: a, title: A, price: free, issue: {{on: purchase}}, {key}}}\n"
        "  - {id: b, title: B, price: free, issue: {on: purchase}}\n"
    )
    assert [each.id for each in rulebook.offers.issued_on("purchase", {}, 0, NOBODY)] == ["b"]
    assert list(rulebook.offers.offers) == ["b"]
    assert [each.place.line for each in rulebook.inactive if each.place.file == "offers.yaml"] == [2]


def test_an_offer_is_issued_only_for_occasions_within_its_dates() -> None:
    """By the club's clocks: from nine o'clock on, and the whole of the last day."""
    rules = club(EVERY_KEY).offers
    fields = {"badge": "collector", "level": "silver"}
    moments = {
        "2026-11-27 08:59": [],
        "2026-11-27 09:00": ["welcome"],
        "2026-11-30 23:59": ["welcome"],
        "2026-12-01 00:00": [],
    }
    found = {
        local: [each.id for each in rules.issued_on("badge_unlocked", fields, at(local), NOBODY)]
        for local in moments
    }
    assert found == moments


def test_only_what_acts_concerns_actions() -> None:
    """An offer on an action that nobody is given does not make the service look at every action."""
    assert club(EVERY_KEY).offers.concern_actions
    rulebook = club("offers: [{id: a, title: A, price: free, stock: 5, issue: {on: purchase}}]")
    assert not rulebook.offers.concern_actions


def test_metrics_are_those_that_issuing_reads() -> None:
    """`spend` is named by an offer that does not act, so nobody counts it."""
    rules = club(EVERY_KEY).offers
    assert list(rules.metrics.metrics) == ["buys"]
    few, many = MemberFacts(metrics={"buys": 3}), MemberFacts(metrics={"buys": 4})
    assert rules.issued_on("purchase", {}, 0, few) == ()
    assert [each.id for each in rules.issued_on("purchase", {}, 0, many)] == ["on-purchase"]


def test_prices_and_orders_written_another_way_are_the_same_rulebook() -> None:
    """The order of segments and of offers says nothing, nor does a reserve of none."""
    one = (
        "offers:\n"
        "  - {id: a, title: A, price: free, segments: {any_of: [promoter, fan]}}\n"
        "  - {id: b, title: B, invite: {segments: {all_of: [fan]}, seats: 2}}\n"
    )
    other = (
        "offers:\n"
        "  - {id: b, title: B, price: free, invite: {segments: {all_of: [fan]}, seats: 2, reserve: 0}}\n"
        "  - {id: a, title: A, price: free, segments: {any_of: [fan, promoter]}}\n"
    )
    assert club(one).version == club(other).version


def test_empty_lists_promise_nothing() -> None:
    """Neither offers nor contests."""
    assert not [
        each for each in club("offers: []\ncontests: []\n").inactive if each.place.file == "offers.yaml"
    ]


@pytest.mark.parametrize(
    "when",
    [
        'offer == "welcome" || offer == "other"',
        'offer != "welcome"',
        '!(offer == "welcome")',
        'offer.startsWith("wel")',
        'offer in ["welcome", "other"]',
    ],
)
def test_what_can_come_by_another_way_is_no_circle(when: str) -> None:
    """The badge may be unlocked by another offer first, so neither waits for the other for ever."""
    files = {
        **FILES,
        "badges.yaml": (
            f"achievements:\n  - {{id: fan, badge: F, count: offer_issued, reach: 1, when: {when!r}}}\n"
        ),
        "offers.yaml": (
            "offers:\n"
            '  - {id: welcome, title: W, price: free, issue: {on: badge_unlocked, when: badge == "fan"}}\n'
            "  - {id: other, title: O, price: free, issue: {on: purchase}}\n"
        ),
    }
    assert compile_rulebook(files)


def test_a_badge_that_two_challenges_award_is_no_circle_while_one_of_them_can_be_won() -> None:
    """Only what all of its ways need must come first; with both in the circle it is one."""
    offers = 'offers: [{id: o, title: O, price: free, issue: {on: badge_unlocked, when: badge == "star"}}]'
    waits = '{count: offer_issued, reach: 1, when: offer == "o"}'
    challenges = (
        "challenges:\n"
        "  - {{id: a, award: star, all_of: [{{count: purchase, reach: 1}}, {0}]}}\n"
        "  - {{id: b, award: star, all_of: [{1}]}}\n"
    )
    open_way = challenges.format(waits, "{count: purchase, reach: 9}")
    assert compile_rulebook({**FILES, "badges.yaml": open_way, "offers.yaml": offers})
    with pytest.raises(RulebookError, match="badge `star` is unlocked by offer `o`, which is issued on"):
        compile_rulebook({**FILES, "badges.yaml": challenges.format(waits, waits), "offers.yaml": offers})


def test_each_circle_is_told_once_however_long_and_whatever_leads_into_it() -> None:
    """Two circles, and a badge that waits for one of them: two errors."""
    badges = "".join(
        f'  - {{id: b{each}, badge: B, count: badge_unlocked, when: badge == "b{waits_for}", reach: 1}}\n'
        for each, waits_for in [(1, 2), (2, 3), (3, 1), (4, 1), (5, 5)]
    )
    with pytest.raises(RulebookError) as caught:
        compile_rulebook({**FILES, "badges.yaml": "achievements:\n" + badges})
    assert [each.sentence.partition(":")[0] for each in caught.value.diagnostics] == [
        "badge `b1` is unlocked by badge `b2`, which is unlocked by badge `b3`, "
        "which is unlocked by badge `b1`",
        "badge `b5` is unlocked by badge `b5`",
    ]


def test_a_long_row_of_badges_is_walked_without_end_of_stack() -> None:
    """Five thousand, each waiting for the next, are judged; the last one can come, so all can."""
    count = 5000
    badges = "".join(
        f'  - {{id: b{each}, badge: B, count: badge_unlocked, when: badge == "b{each + 1}", reach: 1}}\n'
        for each in range(count)
    )
    last = f"  - {{id: b{count}, badge: B, count: purchase, reach: 1}}\n"
    files = {**FILES, "badges.yaml": "achievements:\n" + badges + last}
    assert list(compile_rulebook(files).badges.achievements) == [f"b{count}"]
