"""club.yaml: the club, its languages, its currency, and when its days begin."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import (
    Currency,
    Duration,
    Entry,
    Identifier,
    Language,
    TextsByLanguage,
    words,
)

ON_FIRST_ACTION = "on first action"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise PydanticCustomError(
            "word",
            "`{word}` is not a time zone; write a region and a city, as in `Europe/Zurich`",
            {"word": name, "allowed": _zones_like(name), "code": Code.BAD_VALUE},
        ) from None
    return name


def _zones_like(name: str) -> list[str]:
    """All of them; those of the city, where only a city is said."""
    every = sorted(available_timezones())
    city = name.replace(" ", "_").lower()
    return [zone for zone in every if zone.lower().endswith(f"/{city}")] or every


class ClubFile(Entry):
    """The club itself."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"join": "whoever does something is a member, as with `join: on first action`"}
    )

    club: Identifier = Field(
        description="The club's short name, for programs: it never changes.",
        examples=["records"],
    )
    name: TextsByLanguage = Field(
        description="The club's name, as members read it.",
        examples=[{"en": "The Record Circle", "fr": "Le Cercle des disques"}],
    )
    time_zone: Annotated[str, AfterValidator(_time_zone), json_types.TIME_ZONE] = Field(
        description="The time zone in which the club's days, weeks and months begin: a region and a city.",
        examples=["America/New_York", "Europe/Zurich"],
    )
    languages: Annotated[list[Language], Field(min_length=1)] = Field(
        description="The languages that members read. The first one is read where a text lacks another.",
        examples=[["en", "fr"]],
    )
    currency: Currency = Field(
        description="The currency of all amounts, by its three letters.",
        examples=["USD", "CHF"],
    )
    join: Annotated[str, words(ON_FIRST_ACTION, "on member_joined")] = Field(
        default=ON_FIRST_ACTION,
        description=(
            "Who is a member: whoever does something (`on first action`), or whoever joined before "
            "(`on member_joined`; the actions of others are refused, with the reason)."
        ),
        examples=[ON_FIRST_ACTION, "on member_joined"],
    )
    lateness: Duration = Field(
        description="How late an action may reach the club: what happened longer ago is refused.",
        examples=["30 days"],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Only the other way to join."""
        return frozenset(() if self.join == ON_FIRST_ACTION else ("join",))
