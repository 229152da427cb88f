"""badges.yaml: what members achieve by what they do again and again."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    model_validator,
)

from cercle.rulebook.built_in import acts_on
from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import (
    Condition,
    Entry,
    Identifier,
    Money,
    Period,
    TextsByLanguage,
    sentence_error,
    words,
)
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.files.actions import FieldPath
from cercle.rulebook.files.challenges import ChallengeEntry, LeaderboardEntry, Number
from cercle.rulebook.files.during import DuringEntry

REACHED = "reached"
"""The level of a badge that has one level only: of `reach`, of a streak, of a challenge."""

_FREEZE = re.compile(r"([0-9]{1,3}) per (week|month|quarter|year)")
_COUNTS_NOTHING = "the achievement counts nothing, and nobody unlocks its badge"
_BY_SHAPE = (
    "an achievement says exactly one of `count`, `sum`, `distinct` and `streak`, as in `count: purchase`"
)


def _freeze(value: object) -> tuple[int, str]:
    match = _FREEZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) < 1:
        raise sentence_error(
            "this is not how forgiven gaps are written; write `1 per quarter` (or week, month, year)",
            Code.BAD_VALUE,
        )
    return int(match[1]), match[2]


Freeze = Annotated[
    tuple[int, str],
    PlainValidator(_freeze),
    PlainSerializer(lambda freeze: f"{freeze[0]} per {freeze[1]}", return_type=str),
    json_types.FREEZE,
]
"""(gaps, unit of the calendar)."""


def _number_or_money(value: object) -> str:
    return tag("money" if isinstance(value, (str, tuple)) else "number")


GoalValue = Union[int, tuple[int, str]]
"""A whole number, or (minor units, currency) where money is summed."""
Goal = Annotated[
    Union[Annotated[Number, Tag(tag("number"))], Annotated[Money, Tag(tag("money"))]],
    Discriminator(_number_or_money),
]


class AchievementEntry(Entry):
    """What all achievements say, whatever they count."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(
            ("count", "sum", "distinct", "streak", "progress", "from", "over", "revoke"), _COUNTS_NOTHING
        )
    )

    id: Identifier = Field(
        description='The name of the achievement and of its badge: conditions say `badge == "collector"`.',
        examples=["collector"],
    )
    badge: TextsByLanguage = Field(
        description="What members read on the badge.",
        examples=[{"en": "Collector", "fr": "Collectionneuse"}, "Collector"],
    )
    when: Condition | None = Field(
        default=None,
        description="The condition that an action must meet to count.",
        examples=['topic == "trains"', 'amount > money("50 USD")'],
    )
    during: DuringEntry | None = Field(
        default=None,
        description="The time in which actions count; outside of it they do not.",
        examples=[{"from": "2026-12-01", "until": "2026-12-24"}],
    )
    progress: Annotated[str, words("shown", "secret")] = Field(
        default="shown",
        description="Whether members see how far they are, or are surprised by the badge.",
        examples=["shown", "secret"],
    )
    from_when: Annotated[str, words("publication", "the beginning")] = Field(
        default="publication",
        alias="from",
        description=(
            "Which actions count: those since the achievement was published, or all since the club began."
        ),
        examples=["publication", "the beginning"],
    )
    over: Period | None = Field(
        default=None,
        description="Only the last so many days, months or years count. Left out: everything.",
        examples=["90 days"],
    )
    revoke: Annotated[str, words("when no longer true")] | None = Field(
        default=None,
        description="Takes the badge back when it is no longer deserved. Left out: it is kept for ever.",
        examples=["when no longer true"],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Words that say what happens anyway are acted on, and so are counts of what brands send."""
        acted_on = {
            "count": acts_on(self.trigger, "badges.yaml"),
            "progress": self.progress == "shown",
            "from": self.from_when == "publication",
        }
        return super().inactive_keys() - {key for key, acts in acted_on.items() if acts}

    @property
    @abstractmethod
    def trigger(self) -> str:
        """The action type that counts."""

    @property
    @abstractmethod
    def goals(self) -> Mapping[str, GoalValue]:
        """The badge's levels, lowest first, and what each takes."""


class _WithLevels(AchievementEntry):
    """With several levels, or one."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["levels"]}, {"required": ["reach"]}]},
    )

    levels: Annotated[dict[Identifier, Goal], Field(min_length=1)] | None = Field(
        default=None,
        description="The badge's levels, from the lowest to the highest, and what each takes.",
        examples=[{"bronze": 5, "silver": 25, "gold": 100}],
    )
    reach: Goal | None = Field(
        default=None,
        description=(
            "What the badge takes, if it has one level only. "
            f'Conditions call that level `{REACHED}`: `level == "{REACHED}"`.'
        ),
        examples=[10],
    )

    @model_validator(mode="after")
    def _one_of(self) -> "_WithLevels":
        if (self.levels is None) == (self.reach is None):
            raise sentence_error(
                "an achievement says either `levels`, as in `{example}`, or `reach`, as in `reach: 10`",
                Code.WRONG_SHAPE,
                example="levels: {bronze: 5, silver: 25}",
            )
        return self

    @property
    def goals(self) -> Mapping[str, GoalValue]:
        """`reach` is a level of its own name."""
        return self.levels or ({} if self.reach is None else {REACHED: self.reach})


class CountAchievement(_WithLevels):
    """An achievement by doing something so many times."""

    count: Identifier = Field(description="The action that is counted.", examples=["purchase"])

    @property
    def trigger(self) -> str:
        """The action type that counts."""
        return self.count


class SumAchievement(_WithLevels):
    """An achievement by what the amounts or numbers of a field come to."""

    sum: FieldPath = Field(
        description=(
            "The action and the field that is summed: money, whose levels are amounts of money too, "
            "or a whole number."
        ),
        examples=["purchase.amount", "purchase.items.quantity"],
    )

    @property
    def trigger(self) -> str:
        """The action type that counts."""
        return self.sum.partition(".")[0]


class DistinctAchievement(_WithLevels):
    """An achievement by how many different values of a field there have been."""

    distinct: FieldPath = Field(
        description="The action and the field whose different values are counted.",
        examples=["purchase.items.category"],
    )

    @property
    def trigger(self) -> str:
        """The action type that counts."""
        return self.distinct.partition(".")[0]


class StreakEntry(Entry):
    """What must be done every day, week or month, and for how long."""

    of: Identifier = Field(description="The action that must come again and again.", examples=["purchase"])
    every: Annotated[str, words("day", "week", "month")] = Field(
        description="How often it must come, by the calendar of the club.", examples=["week"]
    )
    length: Annotated[int, Field(ge=2, le=10_000)] = Field(
        description="How many days, weeks or months in a row the badge takes.", examples=[8]
    )
    freeze: Freeze | None = Field(
        default=None,
        description="How many gaps are forgiven in a week, month, quarter or year. Left out: none.",
        examples=["1 per quarter"],
    )


class StreakAchievement(AchievementEntry):
    """An achievement by doing something again and again without a gap; its badge has one level."""

    streak: StreakEntry = Field(
        description="What must be done every day, week or month, and for how long.",
        examples=[{"of": "purchase", "every": "week", "length": 8, "freeze": "1 per quarter"}],
    )

    @property
    def trigger(self) -> str:
        """The action type that counts."""
        return self.streak.of

    @property
    def goals(self) -> Mapping[str, GoalValue]:
        """One level."""
        return {REACHED: self.streak.length}


SHAPES = ("count", "sum", "distinct", "streak")
Achievement = Annotated[
    Union[
        Annotated[CountAchievement, Tag(tag("count"))],
        Annotated[SumAchievement, Tag(tag("sum"))],
        Annotated[DistinctAchievement, Tag(tag("distinct"))],
        Annotated[StreakAchievement, Tag(tag("streak"))],
    ],
    shape_by(SHAPES, _BY_SHAPE),
]


class BadgesFile(Entry):
    """The file badges.yaml: achievements, challenges and leaderboards."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "challenges": "no challenge counts anything, and nobody unlocks its badge",
            "leaderboards": "no leaderboard is kept",
        }
    )

    achievements: list[Achievement] = Field(
        default=[],
        description="Badges by what a member does again and again.",
        examples=[[{"id": "collector", "badge": "Collector", "count": "purchase", "reach": 10}]],
    )
    challenges: list[ChallengeEntry] = Field(
        default=[],
        description="Badges by several things together, mostly within some days.",
        examples=[[{"id": "advent", "all_of": [{"count": "purchase", "reach": 2}], "award": "advent-star"}]],
    )
    leaderboards: list[LeaderboardEntry] = Field(
        default=[],
        description="Lists of the members who earned most.",
        examples=[[{"id": "helpers", "metric": "karma earned", "per": "month", "by": "topic", "show": 100}]],
    )

    def inactive_keys(self) -> frozenset[str]:
        """An empty list promises nothing."""
        return frozenset(key for key in super().inactive_keys() if getattr(self, key))
