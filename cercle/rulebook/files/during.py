"""`during`: on which days, at which hours, from when and until when something holds."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import values
from cercle.rulebook.entries.entry import DayHours, Entry, Moment, sentence_error
from cercle.rulebook.times import DAYS

Day = Annotated[str, AfterValidator(values.weekday), WithJsonSchema({"enum": list(DAYS)})]


def _each_once(days: list[str]) -> list[str]:
    """Their order says nothing, so it is lost."""
    return sorted(set(days), key=DAYS.index)


Days = Annotated[list[Day], Field(min_length=1), AfterValidator(_each_once), BeforeValidator(values.weekdays)]


class DuringEntry(Entry):
    """A stretch of time by the club's own clocks; all that is said of it must hold."""

    days: Days | None = Field(
        None,
        description="The days of the week; left out, every day.",
        examples=[["sat", "sun"]],
    )
    hours: DayHours | None = Field(
        None,
        description=(
            "The hours of each day, up to and without the last. Hours that pass midnight belong to the day "
            "on which they begin; left out, the whole day."
        ),
        examples=["18:00 to 20:00", "22:00 to 02:00"],
    )
    from_moment: Moment | None = Field(
        None,
        alias="from",
        description="When it begins: a date (with the first minute of that day), or a date and a time.",
        examples=["2026-12-01", "2026-12-01 09:00"],
    )
    until: Moment | None = Field(
        None,
        description="When it ends: a date (that whole day still belongs to it), or the very date and time.",
        examples=["2026-12-24", "2026-12-24 18:00"],
    )

    @model_validator(mode="after")
    def _says_something(self) -> "DuringEntry":
        if not self.model_fields_set:
            raise sentence_error(
                "`during` is empty; say at least one of `days`, `hours`, `from` and `until`, "
                "as in `during: {days: [sat, sun]}`",
                Code.MISSING_KEY,
            )
        return self
