"""club.yaml: the club, its languages, its currency, and when its days begin."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from cercle.rulebook.model import (
    Currency,
    Duration,
    Entry,
    Identifier,
    Language,
    TextsByLanguage,
    words,
)


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        allowed = sorted(available_timezones())
        raise PydanticCustomError(
            "word", "`{word}` is not an IANA time zone", {"word": name, "allowed": allowed}
        ) from None
    return name


class ClubFile(Entry):
    """The file."""

    club: Identifier
    name: TextsByLanguage
    time_zone: Annotated[str, AfterValidator(_time_zone)]
    languages: Annotated[list[Language], Field(min_length=1)]
    currency: Currency
    join: Annotated[str, words("on first action", "on member_joined")] = "on first action"
    lateness: Duration
