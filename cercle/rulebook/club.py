"""club.yaml: the club, its languages, its currency, and when its days begin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.model import (
    Currency,
    Duration,
    Entry,
    Identifier,
    Language,
    Texts,
    TextsByLanguage,
    words,
)
from cercle.rulebook.scope import check_texts

_DAYS_BEFORE_1970 = 719_163


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
    join: Annotated[str, words("on first action", later="on member_joined")] = "on first action"
    lateness: Duration


@dataclass(frozen=True)
class ClubRules:
    """`lateness` in ms. The first of `languages` is read where a text lacks another."""

    id: str
    name: Texts
    time_zone: ZoneInfo
    languages: tuple[str, ...]
    currency: str
    lateness: int

    def day(self, instant_ms: int) -> int:
        """The club's calendar day of an instant, as days since 1970-01-01."""
        return datetime.fromtimestamp(instant_ms // 1000, self.time_zone).toordinal() - _DAYS_BEFORE_1970


def build_club(file: ClubFile, findings: Findings) -> ClubRules:
    """The club; what is wrong goes to the findings."""
    languages = tuple(file.languages)
    check_texts(file.block, "name", languages, findings)
    if len(set(languages)) < len(languages):
        findings.error(file.block.at("languages"), "a language is here twice")
    name = Texts.of(file.name, languages[0])
    return ClubRules(file.club, name, ZoneInfo(file.time_zone), languages, file.currency, file.lateness)
