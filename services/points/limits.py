"""Limits: how much a rule may still give to a member on a club-local day.

Every grant is counted, by rule and by the day on which its action occurred, whether its rule
is limited or not: a limit published at noon is compared with what the morning already gave.
A day is forgotten only when no action of that day can be accepted any more.
"""

from collections.abc import Mapping
from typing import Union

from cercle.domain.decision import Instant, oldest_day
from cercle.rulebook import Limit
from services.points.events import Earned
from services.points.member import Counted, Member

_NOTHING = Counted()


def granted(limit: Union[Limit, None], counted: Union[Counted, None], desired: int) -> int:
    """What of `desired` points the limit lets through, after what was `counted` that day."""
    if limit is None:
        return desired
    already = counted or _NOTHING
    if limit.times is not None and already.times >= limit.times:
        return 0
    if limit.points is not None:
        return min(desired, max(0, limit.points - already.points))
    return desired


def of_day(member: Member, day: int) -> Mapping[str, Counted]:
    """What was counted on that day, by rule id."""
    return member.counted.get(day, {})


def count(member: Member, event: Earned) -> None:
    """Evolves the day's counters in place. A grant of nothing is not a time."""
    for grant in event.grants:
        if grant.granted == 0:
            continue
        day = member.counted.get(event.day)
        if day is None:
            day = member.counted[event.day] = {}
        counted = day.get(grant.rule)
        if counted is None:
            counted = day[grant.rule] = Counted()
        counted.points += grant.granted
        counted.times += 1


def forget(member: Member, before: Instant) -> None:
    """Drops days that ended before `before`: actions older than that are refused as late.

    Looks only when the boundary reaches another day.
    """
    oldest = oldest_day(before)
    if oldest == oldest_day(member.seen.forget_before):
        return
    for day in [day for day in member.counted if day < oldest]:
        del member.counted[day]
