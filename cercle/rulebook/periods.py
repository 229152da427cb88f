"""Limits by the club's calendar, as the domains keep them."""

from dataclasses import dataclass

from cercle.rulebook.files.buying import OfferLimit
from cercle.rulebook.files.limits import TransferLimit


@dataclass(frozen=True, slots=True)
class PeriodLimit:
    """At most `points`, or so many `times`, in each `per`: `day`, `week`, `month`, `year` or `life`.

    `ClubRules.period_start` tells where a period begins.
    """

    points: int | None
    times: int | None
    per: str


def period_limit(entry: TransferLimit | OfferLimit | None) -> PeriodLimit | None:
    """Of a limit that this version acts on: its period is one of the calendar."""
    if entry is None:
        return None
    assert isinstance(entry.per, str), "what rolls is not acted on"
    return PeriodLimit(entry.points if isinstance(entry, TransferLimit) else None, entry.times, entry.per)
