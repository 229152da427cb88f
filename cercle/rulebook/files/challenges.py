"""Of badges.yaml: challenges (several things together) and leaderboards (members against each other)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from cercle.rulebook.entries.entry import Condition, Entry, Identifier, TextsByLanguage, words
from cercle.rulebook.files.actions import FieldName
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.files.earned import Earned

Number = Annotated[int, Field(ge=1, le=2**53)]


class TaskEntry(Entry):
    """One of the things that a challenge asks for."""

    count: Identifier = Field(description="The action that is counted.", examples=["purchase"])
    reach: Number = Field(description="How many of them it takes.", examples=[2])
    when: Condition | None = Field(
        default=None,
        description="The condition that an action must meet to count.",
        examples=['topic == "trains"'],
    )


def _in_any_order(tasks: list[TaskEntry]) -> list[TaskEntry]:
    """Their order says nothing, so it is lost."""
    return sorted(tasks, key=lambda task: (task.count, task.reach, task.when or ""))


class ChallengeEntry(Entry):
    """A challenge: several things to do, mostly within some days, for one badge."""

    id: Identifier = Field(description="The challenge's name.", examples=["advent"])
    badge: TextsByLanguage | None = Field(
        default=None,
        description="What members read on the badge that it awards.",
        examples=[{"en": "Star of Advent", "fr": "Étoile de l'Avent"}],
    )
    during: DuringEntry | None = Field(
        default=None,
        description="The time in which actions count; outside of it they do not.",
        examples=[{"from": "2026-12-01", "until": "2026-12-24"}],
    )
    all_of: Annotated[list[TaskEntry], Field(min_length=1), AfterValidator(_in_any_order)] = Field(
        description="What a member must do, all of it and in any order.",
        examples=[[{"count": "purchase", "reach": 2}, {"count": "review_written", "reach": 1}]],
    )
    award: Identifier = Field(
        description=(
            "The badge that it unlocks, as conditions name it. No achievement may have the same name; its "
            "level is `reached`."
        ),
        examples=["advent-star"],
    )


class LeaderboardEntry(Entry):
    """A list of the members who earned most."""

    id: Identifier = Field(description="The leaderboard's name.", examples=["helpers"])
    metric: Earned = Field(
        description="What members are ordered by.", examples=["karma earned", "points earned"]
    )
    per: Annotated[str, words("day", "week", "month", "year", "life")] = Field(
        description="When it begins anew, by the calendar of the club; `life`: never.", examples=["month"]
    )
    by: FieldName | None = Field(
        default=None,
        description="A field of the actions: each of its values has a leaderboard of its own.",
        examples=["topic"],
    )
    show: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=100, description="How many members it shows.", examples=[100]
    )
