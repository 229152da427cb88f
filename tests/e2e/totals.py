"""What every member must have, computed from the data file with nothing of Cercle's own.

One point for each whole dollar of a purchase; collector bronze, silver and gold at 5, 25 and
100 purchases; tiers at 0, 500 and 2000 points; welcome-vinyl, once, with collector silver.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tests.servers import ROOT

PURCHASES = ROOT / "clubs" / "records" / "purchases.csv.gz"
_LEVELS = {"bronze": 5, "silver": 25, "gold": 100}
_TIERS = {"member": 0, "silver": 500, "gold": 2000}


class Standing(NamedTuple):
    """What one member has: as the services tell it, or as it must be."""

    points: int
    purchases: int
    levels: tuple[str, ...]
    tier: str
    offers: tuple[str, ...]


def lines(one_member_in: int = 1) -> list[str]:
    """The file's lines with its header, oldest first: whole lives of every `one_member_in`-th member."""
    with gzip.open(PURCHASES, "rt", encoding="utf-8") as file:
        header, *rest = file.read().splitlines()
    return [header, *(line for line in rest if int(line.split(",")[2]) % one_member_in == 0)]


def expected(chosen: Iterable[str]) -> dict[str, Standing]:
    """Every member's standing after the purchases in these lines (a header first)."""
    dollars: dict[str, int] = {}
    counts: dict[str, int] = {}
    for row in csv.DictReader(chosen):
        member, (amount, currency) = row["member_id"], row["amount"].split(" ")
        assert currency == "USD"
        dollars[member] = dollars.get(member, 0) + int(amount.split(".")[0])
        counts[member] = counts.get(member, 0) + 1
    return {member: _standing(dollars[member], counts[member]) for member in counts}


def _standing(points: int, purchases: int) -> Standing:
    levels = tuple(level for level, at in _LEVELS.items() if purchases >= at)
    tier = [tier for tier, at in _TIERS.items() if points >= at][-1]
    return Standing(points, purchases, levels, tier, ("welcome-vinyl",) if "silver" in levels else ())


def differences(wanted: dict[str, Standing], found: dict[str, Standing]) -> Iterator[str]:
    """A line for each member whose standing is not what it must be."""
    for member in sorted(wanted.keys() | found.keys()):
        if wanted.get(member) != found.get(member):
            yield f"{member}: wanted {wanted.get(member)}, found {found.get(member)}"
