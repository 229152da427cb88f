"""A `during` whose dates, days and hours leave no moment.

Why: `days: [sat, sun]` from a Monday until a Friday is a slip in the calendar, and the campaign
would run without anybody getting anything. (An end before the begin is an error already.)
"""

from datetime import date, timedelta

from pydantic import ValidationError

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block
from cercle.rulebook.times import DAYS, FULL_DAYS, Hours, LocalMoment

_NAMES = dict(zip(DAYS, FULL_DAYS, strict=True))


def never_now(folder: Folder, findings: Findings) -> None:
    """Warns of each."""
    for _, block in folder.mappings:
        during = block.get("during")
        if isinstance(during, Block) and (sentence := _nothing_left(during)):
            findings.warning(Code.NEVER_TRUE, during.spot.place(), sentence)


def _nothing_left(during: Block) -> str:
    try:
        entry = DuringEntry.model_validate(during)
    except ValidationError:  # which is an error already
        return ""
    begin, end, hours = entry.from_moment, entry.until, entry.hours
    if begin is None or end is None:
        return ""
    if entry.days and not set(entry.days) & _weekdays(_first_day(begin, hours), _last_day(end)):
        days = " or ".join(_NAMES[day] for day in entry.days)
        return f"this leaves no moment: from {begin} until {end} there is no {days}"
    if hours and _misses(begin, end, hours):
        return f"this leaves no moment: from {begin} until {end} it is never {hours}"
    return ""


def _first_day(begin: LocalMoment, hours: Hours | None) -> date:
    """Hours that pass midnight belong to the day before."""
    over_night = hours is not None and hours.end < hours.begin
    return begin.date - timedelta(days=1) if over_night else begin.date


def _last_day(end: LocalMoment) -> date:
    midnight = end.time is not None and not end.time.hour and not end.time.minute
    return end.date - timedelta(days=1) if midnight else end.date


def _weekdays(first: date, last: date) -> set[str]:
    days = min((last - first).days + 1, 7)
    return {DAYS[(first + timedelta(days=each)).weekday()] for each in range(days)} if days > 0 else set(DAYS)


def _misses(begin: LocalMoment, end: LocalMoment, hours: Hours) -> bool:
    """Within one day, hours that lie wholly before or after."""
    if begin.date != end.date or begin.time is None or end.time is None or hours.end < hours.begin:
        return False
    opens, closes = (each.hour * 60 + each.minute for each in (begin.time, end.time))
    return closes <= hours.begin or opens >= hours.end
