"""Achievements: a count for each, and a badge level each time that the count reaches one.

A count never falls and a level once reached is kept, whatever a later rulebook says.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Union

import msgspec

from cercle.domain.decision import Instant
from cercle.rulebook import Achievement
from services.badges.events import BadgeUnlocked, Progressed
from services.badges.member import Member, Standing


def progress(
    member: Member, counted: Iterable[Achievement], occurred_at: Instant
) -> Iterator[Union[Progressed, BadgeUnlocked]]:
    """One more for each achievement in `counted`, with the levels that this reaches."""
    for achievement in counted:
        standing = member.standing(achievement.id)
        count = standing.count + 1
        yield Progressed(achievement.id, count)
        for level in achievement.levels:
            if level.at <= count and level.name not in standing.reached:
                yield BadgeUnlocked(achievement.id, level.name, count, occurred_at)


def progressed(member: Member, event: Progressed) -> None:
    """Evolves the member in place."""
    member.standings.setdefault(event.achievement, Standing()).count = event.count


def unlocked(member: Member, event: BadgeUnlocked) -> None:
    """Evolves the member in place."""
    member.standings.setdefault(event.badge, Standing()).reached[event.level] = event.reached_at


class LevelView(msgspec.Struct, frozen=True):
    """A level of an achievement, reached or next.

    `at`: the count that it takes, 0 if the rulebook has it no longer; `reached_at`: 0 if not yet.
    """

    name: str
    at: int
    reached_at: Instant = 0


class ProgressView(msgspec.Struct, frozen=True):
    """Where a member stands in one achievement. `reached`: lowest first; `next`: None at the top."""

    achievement: str
    title: str
    count: int
    reached: tuple[LevelView, ...]
    next: Union[LevelView, None]


def view(member: Member, achievements: Mapping[str, Achievement], language: str) -> tuple[ProgressView, ...]:
    """All of the rulebook's, and those that it dropped but the member keeps a badge of; by id."""
    kept = {name for name, standing in member.standings.items() if standing.reached}
    return tuple(
        _progress_view(name, member.standing(name), achievements.get(name), language)
        for name in sorted(kept.union(achievements))
    )


def _progress_view(
    name: str, standing: Standing, achievement: Union[Achievement, None], language: str
) -> ProgressView:
    levels = achievement.levels if achievement else ()
    at = {level.name: level.at for level in levels}
    reached = [LevelView(level, at.get(level, 0), when) for level, when in standing.reached.items()]
    ahead = (LevelView(level.name, level.at) for level in levels if level.name not in standing.reached)
    return ProgressView(
        name,
        achievement.title.in_language(language) if achievement else name,
        standing.count,
        tuple(sorted(reached, key=lambda level: level.at)),
        next(ahead, None),
    )
