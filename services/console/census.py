"""The club in numbers, and member by member, from a scan of the services' states."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from cercle.domain.keys import is_member
from cercle.runtime.lives import split
from services.console.services import SERVICES, Stores


@dataclass
class Census:
    """What the whole club has.

    `points_*` by wallet, `counted` by achievement (the sum of all members' counts), `badges` by
    achievement and level, `tiers` and `offers` by id: members in each, and issues of each.
    """

    members: int = 0
    points_issued: Counter[str] = field(default_factory=Counter)
    points_redeemed: Counter[str] = field(default_factory=Counter)
    points_held: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    badges: dict[str, Counter[str]] = field(default_factory=dict)
    tiers: Counter[str] = field(default_factory=Counter)
    offers: Counter[str] = field(default_factory=Counter)

    def add_points(self, member: Any) -> None:
        """A state of the points service."""
        for wallet, balances in member.wallets.items():
            self.points_issued[wallet] -= balances.issued
            self.points_redeemed[wallet] += balances.redeemed
            self.points_held[wallet] += balances.held

    def add_badges(self, member: Any) -> None:
        """A state of the badges service."""
        for achievement, standing in member.standings.items():
            self.counted[achievement] += standing.count
            self.badges.setdefault(achievement, Counter()).update(list(standing.reached))
        if member.tier:
            self.tiers[member.tier] += 1

    def add_offers(self, member: Any) -> None:
        """A state of the offers service."""
        self.offers.update(issued.offer for issued in member.issued)
        had = (one for one in member.claims.values() if one.status not in ("refused", "cancelled"))
        self.offers.update(one.offer for one in had)

    def as_json(self) -> dict[str, Any]:
        """Plain values, sorted by name."""
        counts = {name: dict(sorted(getattr(self, name).items())) for name in _COUNTERS}
        badges = {name: dict(sorted(levels.items())) for name, levels in sorted(self.badges.items())}
        return {"members": self.members, **counts, "badges": badges}


_COUNTERS = ("points_issued", "points_redeemed", "points_held", "counted", "tiers", "offers")


async def states(stores: Stores, name: str, partitions: int) -> AsyncIterator[tuple[str, Any]]:
    """Every member of a service with the state, decoded; each once."""
    decode = SERVICES[name].decode_state
    for partition in range(partitions):
        found = {key: stored async for key, stored in stores[name].scan(partition)}
        for key, stored in found.items():
            if is_member(key):
                yield key, decode(key, split(stored)[1])


async def take_census(stores: Stores, partitions: int) -> Census:
    """Counts everything. For a club at rest: the services are scanned one after another."""
    census = Census()
    keys: set[str] = set()
    adding = {"points": census.add_points, "badges": census.add_badges, "offers": census.add_offers}
    for name, add in adding.items():
        async for key, state in states(stores, name, partitions):
            keys.add(key)
            add(state)
    census.members = len(keys)
    return census
