"""What this version does not act on does nothing: a club with it and one without it live the same life."""

import random
from collections.abc import Mapping

import pytest

from cercle.domain.action import Money, RawAction, RawField
from cercle.rulebook import compile_rulebook
from services.console.scenarios.club_in_memory import ClubInMemory

CLUB = """
club: shop
name: The Shop
time_zone: Europe/Paris
languages: [en]
currency: EUR
lateness: 30 days
"""
ACTIONS = """
actions:
  purchase: {fields: {order: text, amount: money}, subject: order}
  refund: {fields: {order: text, amount: money}%s}
  review: {fields: {stars: integer}}
"""
POINTS = """
%srules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 EUR}}
  - {id: double, on: purchase, when: amount > money("40 EUR"), multiply: 2}
%s"""
BADGES = """
achievements:
  - {id: collector, badge: Collector, count: purchase, levels: {bronze: 3, silver: 9}}
%s"""
TIERS = """
tiers:
  qualify_by: points earned
  period: %s
  levels: [{id: member, from: 0}, {id: gold, from: 200}]
%s"""
OFFERS = """
offers:
  - {id: welcome, title: Welcome, price: free, issue: {on: badge_unlocked, when: level == "bronze"}}
%s"""
PLAIN = {
    "club.yaml": CLUB,
    "actions.yaml": ACTIONS % "",
    "points.yaml": POINTS % ("", ""),
    "badges.yaml": BADGES % "",
    "tiers.yaml": TIERS % ("all time", ""),
    "offers.yaml": OFFERS % "",
    "metrics.yaml": "metrics: {bought: {count: purchase, over: life}}",
}
DAY = 86_400_000


def rule(said: str) -> str:
    """points.yaml with one rule more."""
    return POINTS % ("", f"  - {{id: more, {said}}}\n")


def offer(said: str) -> str:
    """offers.yaml with one offer more."""
    return OFFERS % f"  - {{id: more, title: More, {said}}}\n"


INACTIVE = {
    "a limit per month": (
        "points.yaml",
        rule("on: review, earn: {points: 5}, limit: {times: 1, per: month}"),
    ),
    "a limit that rolls": (
        "points.yaml",
        rule("on: review, earn: {points: 5}, limit: {times: 1, per: 30 days}"),
    ),
    "a cooldown": ("points.yaml", rule("on: review, earn: {points: 5}, cooldown: 10 minutes")),
    "a multiplier with a cooldown": ("points.yaml", rule("on: purchase, multiply: 3, cooldown: 1 day")),
    "a group": ("points.yaml", rule("on: review, earn: {points: 5}, group: reviews")),
    "a tenth time": ("points.yaml", rule("on: review, earn: {points: 5, nth: 10}")),
    "a birthday": ("points.yaml", rule("on: birthday, earn: {points: 5}")),
    "a wait and an end": (
        "points.yaml",
        POINTS % ("wallets:\n  points: {pending: 14 days, expires: 1 year after earning}\n", ""),
    ),
    "a streak": (
        "badges.yaml",
        BADGES % "  - {id: more, badge: More, streak: {of: review, every: day, length: 2}}\n",
    ),
    "a badge of lately": (
        "badges.yaml",
        BADGES % "  - {id: more, badge: M, count: review, reach: 1, over: 9 days}\n",
    ),
    "a challenge": (
        "badges.yaml",
        BADGES % "challenges:\n  - {id: more, all_of: [{count: review, reach: 1}], award: star}\n",
    ),
    "a ladder of the year": ("tiers.yaml", TIERS % ("calendar year", "  downgrade: to the balance\n")),
    "an offer of one channel": ("offers.yaml", offer("price: 50 points, channel: web")),
    "an offer for some members": ("offers.yaml", offer("price: free, when: metrics.bought > 3")),
    "an offer with a limit that rolls": (
        "offers.yaml",
        offer("price: 50 points, limit: {times: 1, per: 30 days}"),
    ),
    "an offer with codes of a file": (
        "offers.yaml",
        offer("price: 50 points, voucher: {pool: codes.csv}"),
    ),
    "a multiplier soon after another action": (
        "points.yaml",
        rule("on: purchase, multiply: 3, soon_after: {action: refund, by: order, at_most: 1 day}"),
    ),
    "a multiplied referral": ("points.yaml", rule("on: referral, multiply: 3")),
    "a transfer with a limit that rolls": (
        "points.yaml",
        POINTS % ("wallets: {points: {transfer: {limit: {times: 1, per: 7 days}}}}\n", ""),
    ),
    "an offer with a voucher": (
        "offers.yaml",
        offer('price: free, issue: {on: review}, voucher: {code: "A-{8}", valid: 60 days}'),
    ),
    "an offer with a stock": ("offers.yaml", offer("price: free, issue: {on: review}, stock: 5")),
    "a refund": ("actions.yaml", ACTIONS % ", reverses: {action: purchase, by: order, share: amount}"),
}


def life(files: Mapping[str, str]) -> list[tuple[str, object]]:
    """Every event of every service, over a year of three members."""
    chance, events = random.Random(7), list[tuple[str, object]]()
    club = ClubInMemory(compile_rulebook(files), lambda service, event: events.append((service, event)))
    for number in range(150):
        at = number * 2 * DAY + chance.randrange(DAY)
        kind = chance.choice(("purchase", "purchase", "review", "refund"))
        order, amount = f"o{chance.randrange(number + 1)}", Money(chance.randrange(1, 8000), "EUR")
        bought: dict[str, RawField] = {"order": order, "amount": amount}
        fields: dict[str, RawField] = {"stars": 5} if kind == "review" else bought
        club.send(RawAction("t", f"a{number}", kind, chance.choice(("ana", "bob", "eve")), at, fields), at)
    return events


@pytest.fixture(scope="module")
def plain() -> list[tuple[str, object]]:
    """The life of the club without it."""
    return life(PLAIN)


def test_the_life_of_the_club_is_a_full_one(plain: list[tuple[str, object]]) -> None:
    """Points, badges, tiers and offers are in it: else the law below would say nothing."""
    kinds = {type(event).__name__ for _, event in plain}
    assert kinds >= {"Earned", "BadgeUnlocked", "TierChanged", "OfferIssued"}


@pytest.mark.parametrize("what", INACTIVE)
def test_what_is_not_acted_on_changes_no_event(what: str, plain: list[tuple[str, object]]) -> None:
    """It is told, and the real domains of all services decide exactly what they decide without it."""
    file, text = INACTIVE[what]
    files = {**PLAIN, file: text}
    assert compile_rulebook(files).inactive
    assert life(files) == plain
