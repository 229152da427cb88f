"""The club itself: its languages, its currency, and when its days begin."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.entries.entry import Texts
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.scope import check_texts
from cercle.rulebook.times import period_start

_DAYS_BEFORE_1970 = 719_163


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

    def period_start(self, per: str, instant_ms: int) -> int:
        """Where the `day`, `week` (from Monday), `month`, `year` or `life` began that the instant is in.

        In ms; see `times.period_start`.
        """
        return period_start(per, instant_ms, self.time_zone)


def build_club(file: ClubFile, findings: Findings) -> ClubRules:
    """The club; what is wrong goes to the findings."""
    languages = tuple(file.languages)
    check_texts(file.block, "name", languages, findings)
    if len(set(languages)) < len(languages):
        findings.error(Code.BAD_TEXT, file.block.at("languages"), "a language is here twice")
    name = Texts.of(file.name, languages[0])
    return ClubRules(file.club, name, ZoneInfo(file.time_zone), languages, file.currency, file.lateness)
