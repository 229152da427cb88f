"""The crossing club in the storm: points and offers, two partitions each, letters and calls between them.

Members send each other points, both ways at once; claim, redeem and cancel, several at the same moment;
place holds. Whoever asks does so with the same key at either worker until there is an answer.
"""

import secrets
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch

from cercle.client import Refused
from cercle.rulebook import vouchers
from cercle.runtime.service import Caller
from cercle.wire import offers_pb2, points_pb2
from services.offers import calls
from services.offers.rpc import OffersServant
from services.offers.stream import SERVICE as OFFERS
from services.points.events import TransferCompleted, TransferReturned, TransferSent
from services.points.rpc import PointsServant
from services.points.stream import SERVICE as POINTS
from tests.simulation import crossing_laws, laws
from tests.simulation.crossing_brands import MEMBERS, PARTITIONS, STRANGER, Brands
from tests.simulation.crossing_rules import CLAIMABLE, LETTERS_OF_CODES, WITH_VOUCHER, RulesOfCrossing
from tests.simulation.network import Network, caller
from tests.simulation.told import Told
from tests.simulation.world import Clock, Site, World, every, moments

STORM_SECONDS = 20.0
_EVER = 3_600.0
_NO_CODE = "TEN-NOBODYS"


def gist(answer: Any) -> Any:
    """A transfer is answered with how far it has come: the same transfer for all that."""
    if isinstance(answer, TransferSent | TransferCompleted | TransferReturned):
        return ("transfer", answer.key, answer.to, answer.wallet, answer.points)
    return answer


class Crossing:
    """Points and offers, and who asks them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.weather.chance
        self._numbers = count(1)
        self.told: list[Told] = []
        self.points = self._sites(POINTS, gist)
        asking = caller(Network(world, self.points, PointsServant), offers := [])
        offers += self._sites(OFFERS, caller=asking)
        self.offers = offers
        world.sites += [*self.points, *self.offers]
        self._points = Network(world, self.points, PointsServant)
        self._offers = Network(world, self.offers, OffersServant)

    def _sites(
        self, service: Any, gist: Any = lambda answer: answer, caller: "Caller | None" = None
    ) -> "list[Site]":
        rules = RulesOfCrossing(self._world.weather)
        return [
            Site(self._world, service, rules, partition, PARTITIONS, caller, gist)
            for partition in range(PARTITIONS)
        ]

    # ---- what members do ------------------------------------------------------------

    def act(self) -> None:
        """A member does something, or two do at once."""
        match self._chance.choices(["transfer", "claim", "hold"], [6, 8, 3])[0]:
            case "transfer":
                self._swap()
            case "claim":
                for _ in range(self._chance.choice([1, 1, 2, 3])):
                    self._world.client(self._claim())
            case "hold":
                self._world.client(self._hold())

    def _swap(self) -> None:
        """Both ways at the same moment, now and then to somebody nobody knows, or to oneself."""
        one, other = self._chance.choices(MEMBERS, k=2)
        other = STRANGER if self._chance.random() < 0.15 else other
        for sender, to in [(one, other), (other, one)]:
            if sender != STRANGER:
                points = self._chance.randint(1, 45)
                request = self._request(
                    points_pb2.TransferRequest, "t", member_id=sender, to=to, points=points
                )
                self._at_once(self._points, "Transfer", request)

    async def _claim(self) -> None:
        member, offer = self._chance.choice(MEMBERS), self._chance.choice([*CLAIMABLE, WITH_VOUCHER])
        claim = self._request(offers_pb2.ClaimRequest, "c", member_id=member, offer=offer)
        answer = await self._ask(self._offers, "Claim", claim)
        if isinstance(answer, Refused):
            return
        for _ in range(self._chance.choice([0, 0, 1, 2])):
            cancel = self._request(offers_pb2.CancelRequest, "x", member_id=member, claim=claim.key)
            self._at_once(self._offers, "Cancel", cancel)
        for _ in range(self._chance.choice([0, 1, 2]) if answer.code else 0):
            code = self._chance.choice([answer.code, answer.code.lower(), _NO_CODE])
            self._at_once(self._offers, "Redeem", self._request(offers_pb2.RedeemRequest, "r", code=code))

    async def _hold(self) -> None:
        """It may time out before it is captured or released."""
        member = self._chance.choice(MEMBERS)
        points, seconds = self._chance.randint(1, 60), self._chance.choice([1, 2, 4])
        hold = self._request(
            points_pb2.HoldRequest, "h", member_id=member, points=points, keep_for_seconds=seconds
        )
        await self._ask(self._points, "Hold", hold)
        kinds = {"Capture": points_pb2.CaptureRequest, "Release": points_pb2.ReleaseRequest}
        for method in self._chance.sample(list(kinds), self._chance.choice([0, 1, 2])):
            request = self._request(kinds[method], "s", member_id=member, hold=hold.key)
            self._at_once(self._points, method, request)

    # ---- asking ---------------------------------------------------------------------

    def _request(self, kind: Any, prefix: str, **fields: Any) -> Any:
        return kind(key=f"{prefix}{next(self._numbers)}", issued_at_ms=Clock().now(), **fields)

    def _at_once(self, network: Network, method: str, request: Any) -> None:
        """Now and then by two clients at the same time."""
        for _ in range(self._chance.choice([1, 1, 1, 2])):
            self._world.client(self._ask(network, method, request))

    async def _ask(self, network: Network, method: str, request: Any) -> Any:
        """The response, or the refusal: both are told."""
        try:
            answer = await network.ask(method, request, _EVER)
        except Refused as refused:
            answer = refused
        self.told.append(Told(method, request, answer))
        return answer


async def live_crossing(world: World) -> None:
    """One storm over both services and its end; raises what is against the laws."""
    chance = world.weather.chance
    with (
        patch.object(secrets, "token_bytes", chance.randbytes),
        patch.object(vouchers, "ALPHABET", LETTERS_OF_CODES),
        patch.object(calls, "HELD_SECONDS", chance.choice([2, 3_600, 3_600])),
    ):
        crossing, brands = Crossing(world), Brands(world)
        brands.begin()
        world.during(every(moments(world.weather, STORM_SECONDS, 22), brands.send))
        world.during(every(moments(world.weather, STORM_SECONDS, 16), crossing.act))
        for site in world.sites:
            world.during(every(moments(world.weather, STORM_SECONDS, 2), partial(look, site)))
        await world.storm(STORM_SECONDS)
        await world.settle()
        crossing_laws.check_nothing_raised(world.sites)
        laws.check_sites(crossing.points)
        laws.check_sites(crossing.offers)
        crossing_laws.check(crossing.points, crossing.offers, brands.sent, crossing.told)


def look(site: Site) -> None:
    """A confirmed read, and a committed one."""
    key = site.world.weather.chance.choice(MEMBERS)
    site.world.client(site.look(key))
    site.world.client(site.peek(key))
