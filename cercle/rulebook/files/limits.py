"""What limits say: at most so many points, or so many times, in each period."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import Entry, Period, sentence_error, words
from cercle.rulebook.entries.shapes import tag
from cercle.rulebook.files.earning import MOST_POINTS
from cercle.rulebook.times import PERIODS

DAY = "day"
CALENDAR = PERIODS

Per = Annotated[
    Union[Annotated[str, words(*CALENDAR), Tag(tag("word"))], Annotated[Period, Tag(tag("period"))]],
    Discriminator(lambda value: tag("word" if isinstance(value, str) and value.isalpha() else "period")),
    json_types.PER,
]
"""A word of the calendar, or a length of time that goes with the action."""

_Most = Annotated[int, Field(ge=1, le=MOST_POINTS)]


class _Limit(Entry):
    """What all limits of points say."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["points"]}, {"required": ["times"]}]},
    )

    points: _Most | None = Field(default=None, description="How many points at most.", examples=[200])
    times: _Most | None = Field(default=None, description="How many times at most.", examples=[5])
    per: Per = Field(
        description=(
            "In what time: a `day`, `week`, `month` or `year` by the club's calendar, in the member's whole "
            "`life` in the club, or in the last so many days, as in `30 days`."
        ),
        examples=["day", "month", "life", "30 days"],
    )

    @model_validator(mode="after")
    def _one_of(self) -> "_Limit":
        if (self.points is None) == (self.times is None):
            raise sentence_error(
                "a limit says either `points` or `times`, as in `limit: {times: 1, per: day}`",
                Code.WRONG_SHAPE,
            )
        return self


class LimitEntry(_Limit):
    """At most so many points, or so many times, for one member in each period."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"per": "the rule gives nothing"})

    def inactive_keys(self) -> frozenset[str]:
        """A limit per day is acted on."""
        return frozenset(() if self.per == DAY else ("per",))


class TransferLimit(_Limit):
    """At most so many points, or so many times, that one member sends in each period."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"per": "members cannot send these points"})

    def inactive_keys(self) -> frozenset[str]:
        """Periods of the calendar are acted on."""
        return frozenset(() if self.per in CALENDAR else ("per",))
