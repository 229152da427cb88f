"""What no scenario exercised: a rule that gave nothing, a level, a tier or an offer that nobody reached."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.badges.events import BadgeUnlocked, TierChanged
from services.console.scenarios.catalogue import LEVEL, OFFER, RULE, TIER, Catalogue, Listed
from services.offers.events import OfferIssued
from services.points.events import Earned


@dataclass(frozen=True)
class Coverage:
    """`exercised` and `missed` are all that this version acts on; `inactive` does not count."""

    exercised: tuple[Listed, ...]
    missed: tuple[Listed, ...]
    inactive: tuple[Listed, ...]

    @property
    def percent(self) -> int:
        """Rounded down: 100 is all of it. Of nothing, all is covered."""
        total = len(self.exercised) + len(self.missed)
        return 100 * len(self.exercised) // total if total else 100


def exercised_by(event: object) -> Iterable[tuple[str, str]]:
    """What an event of any service shows to work, as (kind, name)."""
    match event:
        case Earned():
            return [(RULE, grant.rule) for grant in event.grants if grant.granted]
        case BadgeUnlocked():
            return [(LEVEL, f"{event.badge}: {event.level}")]
        case TierChanged():
            return [(TIER, event.tier)]
        case OfferIssued():
            return [(OFFER, event.offer)]
    return ()


def coverage(known: Catalogue, exercised: set[tuple[str, str]]) -> Coverage:
    """By what the scenarios exercised, in the order of the files."""
    order = sorted(known.acting, key=lambda each: (each.place.file, each.place.line))
    done = tuple(each for each in order if (each.kind, each.name) in exercised)
    missed = tuple(each for each in order if (each.kind, each.name) not in exercised)
    return Coverage(done, missed, tuple(sorted(known.inactive, key=lambda each: each.place)))
