"""The real services in the storm: points, badges and offers, reading each other, in the record shop's club.

Purchases as the shop's history has them, retried, late, malformed; holds that are captured,
released, or time out; and a second version of the rules in the middle, with metrics in every service.
"""

import csv
import gzip
from collections.abc import Sequence
from functools import partial
from itertools import count
from random import Random

from cercle.actions.codec import encode
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import DAY, Instant
from cercle.rulebook import Rulebook, compile_rulebook
from cercle.runtime.log import Outgoing
from cercle.runtime.service import ACTIONS
from services.badges.stream import SERVICE as BADGES
from services.offers.stream import SERVICE as OFFERS
from services.points.commands import Capture, PlaceHold, Release
from services.points.stream import SERVICE as POINTS
from tests.servers import ROOT
from tests.simulation import laws
from tests.simulation.weather import Weather
from tests.simulation.world import NOON, Clock, Site, World, every, moments

STORM_SECONDS = 20.0
MEMBERS = ("ana", "élodie")
_FOLDER = ROOT / "clubs" / "records"
_FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.yaml"))}
_METRICS = """
metrics:
  visits: {count: purchase, over: life}
  spend: {sum: purchase.amount, over: 1 day}
  prices: {distinct: purchase.amount, over: 1 month}
"""
_POINTS = (
    _FILES["points.yaml"].replace("points: 1,", "points: 2,")
    + """
  - id: bronze-regular
    on: purchase
    when: metrics.visits >= 3 && "collector/bronze" in member.badges
    earn: {points: 5}
"""
)
_BADGES = """
  - id: big-day
    badge: A big day
    count: purchase
    when: metrics.spend >= money("60 USD")
    levels: {one: 1, two: 2}
"""
_OFFERS = """
  - id: many-prices
    title: Of all prices
    price: free
    issue: {on: badge_unlocked, when: badge == "big-day" && metrics.prices >= 3}
"""
FIRST = compile_rulebook(_FILES)
SECOND = compile_rulebook(
    _FILES
    | {
        "metrics.yaml": _METRICS,
        "points.yaml": _POINTS,
        "badges.yaml": _FILES["badges.yaml"] + _BADGES,
        "offers.yaml": _FILES["offers.yaml"] + _OFFERS,
    }
)
SECOND_FROM = NOON + 9_000


def amounts() -> "list[int]":
    """What was paid in the shop's first days, in cents."""
    with gzip.open(_FOLDER / "purchases.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:400]
    return [round(float(row["amount"].split()[0]) * 100) for row in rows]


AMOUNTS = amounts()


class RulesOfRecords:
    """Two versions, the second from SECOND_FROM on."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def at(self, instant: Instant) -> Rulebook:
        return SECOND if instant >= SECOND_FROM else FIRST

    @property
    def versions(self) -> Sequence[Rulebook]:
        return [FIRST, SECOND]

    def fresh(self) -> bool:
        return not self._weather.strikes(self._weather.now.stale_rules)


class Shop:
    """A brand that sends purchases, some twice, some wrong."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.weather.chance
        self._numbers = count(1)
        self._sent: list[tuple[bytes, bytes, tuple[tuple[str, bytes], ...]]] = []

    def sell(self) -> None:
        """Some records of actions."""
        for _ in range(self._chance.choice([1, 2, 5])):
            if self._sent and self._chance.random() < 0.15:
                self._send(*self._chance.choice(self._sent))
            else:
                key, value, headers = encode(self._purchase())
                self._sent.append((key, value, tuple(headers)))
                self._send(*self._sent[-1])

    def _send(self, key: bytes, value: bytes, headers: "tuple[tuple[str, bytes], ...]") -> None:
        value = b"\xff" + value if self._chance.random() < 0.05 else value
        record = Outgoing(key, value, Clock().now(), headers)
        self._world.broker.topic(ACTIONS).append([record])

    def _purchase(self) -> RawAction:
        chance, at = self._chance, Clock().now()
        age = chance.choices([0, 2_000, 31 * DAY, -DAY], [12, 4, 1, 1])[0]
        currency = chance.choices(["USD", "CHF"], [15, 1])[0]
        fields: dict[str, RawField] = {"amount": Money(chance.choice(AMOUNTS), currency), "discs": 1}
        if chance.random() < 0.05:
            fields["colour"] = "black"
        number = f"p{next(self._numbers)}"
        return RawAction("urn:shop", number, "purchase", chance.choice(MEMBERS), at - age, fields)


async def spend(site: Site, member: str, hold: str, chance: Random) -> None:
    """A hold, and what becomes of it; it may time out meanwhile."""
    now = Clock().now()
    await site.ask(
        hold, member, PlaceHold(hold, now, "points", chance.randint(1, 60), chance.randint(500, 4_000))
    )
    for number in range(chance.choice([0, 1, 2])):
        kind = chance.choice([Capture, Release])
        key = f"{hold}/{number}"
        await site.ask(key, member, kind(key, Clock().now(), hold))


def populate(world: World) -> None:
    """Three services, a shop, and members who spend."""
    chance = world.weather.chance
    points, *others = (
        Site(world, service, RulesOfRecords(world.weather)) for service in (POINTS, BADGES, OFFERS)
    )
    world.sites += [points, *others]
    holds = count(1)

    def shop_for_a_while() -> None:
        member, hold = chance.choice(MEMBERS), f"h{next(holds)}"
        world.client(spend(points, member, hold, chance))

    world.during(every(moments(world.weather, STORM_SECONDS, 14), Shop(world).sell))
    world.during(every(moments(world.weather, STORM_SECONDS, 8), shop_for_a_while))
    for site in world.sites:
        world.during(every(moments(world.weather, STORM_SECONDS, 4), partial(look, site)))


def look(site: Site) -> None:
    """A confirmed read, and a committed one."""
    key = site.world.weather.chance.choice(MEMBERS)
    site.world.client(site.look(key))
    site.world.client(site.peek(key))


async def live_records(world: World) -> None:
    """One storm over all three services and its end; raises what is against the laws."""
    populate(world)
    await world.storm(STORM_SECONDS)
    await world.settle()
    for site in world.sites:
        laws.check_site(site)
