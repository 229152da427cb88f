"""Dates, hours and lengths of time in a club's own zone.

Instants are ms since epoch, UTC; days are days since 1970-01-01. Where the clocks change: a local
time that does not exist is the first instant after the gap, one that exists twice is the first of
the two; so `until 01:30` and `from 01:30` meet without gap or overlap.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN_UNITS = ("day", "week", "month", "quarter", "year")
PERIODS = ("day", "week", "month", "year", "life")
"""Of limits: those of the club's calendar, and a member's whole life."""
FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Of a moment in a rules file."""

SpanUnit = Literal["day", "week", "month", "quarter", "year"]

_DAYS_BEFORE_1970 = 719_163
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SECOND = dt.timedelta(seconds=1)
EARLIEST, LATEST = -62_000_000_000_000, 253_000_000_000_000
"""In ms: the years 5 to 9987; a local date of what is in between exists in every zone."""
LIFE_BEGAN = EARLIEST
"""Where the period `life` begins."""


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """A date, or a date and a time (to the minute), by the clocks of the club."""

    date: dt.date
    time: dt.time | None = None

    def __str__(self) -> str:
        return f"{self.date} {self.time:%H:%M}" if self.time else str(self.date)


@dataclass(frozen=True, slots=True)
class Span:
    """A length by the calendar: `12 months`."""

    count: int
    unit: SpanUnit

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` up to and without `end`, minutes of the day; past midnight where the end comes first."""

    begin: int
    end: int

    def __str__(self) -> str:
        begin, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.begin, self.end))
        return f"{begin} to {end}"


def instant(moment: LocalMoment, zone: ZoneInfo, end: bool = False) -> int:
    """The instant of a moment; of a date: where its local day begins or, with `end`, where it has ended."""
    if moment.time is None and end:
        return _instant(dt.datetime.combine(moment.date + dt.timedelta(days=1), dt.time()), zone)
    return _instant(dt.datetime.combine(moment.date, moment.time or dt.time()), zone)


def _instant(wall: dt.datetime, zone: ZoneInfo) -> int:
    first = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        first = _after_gap(wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC), first, zone)
    return int(first.timestamp()) * 1000


def _after_gap(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The first instant of the new offset, between one of the old offset and one of the new."""
    new = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        if middle.astimezone(zone).utcoffset() == new:
            after = middle
        else:
            before = middle
    return after


def first_day(span: Span, day: int) -> int:
    """The first of the days that end with `day`: 7 days are it and the 6 before.

    Months begin on the day after the same date (or the month's last) so many months earlier.
    """
    if span.unit == "day":
        return day - span.count + 1
    if span.unit == "week":
        return day - 7 * span.count + 1
    last = dt.date.fromordinal(day + _DAYS_BEFORE_1970)
    months = last.year * 12 + last.month - 1 - span.count * _MONTHS[span.unit]
    if months < 12:
        return dt.date.min.toordinal() - _DAYS_BEFORE_1970
    return _in_month(months, last.day).toordinal() - _DAYS_BEFORE_1970 + 1


def _in_month(months: int, day: int) -> dt.date:
    begin = dt.date(months // 12, months % 12 + 1, 1)
    longest = (dt.date((months + 1) // 12, (months + 1) % 12 + 1, 1) - begin).days
    return begin.replace(day=min(day, longest))


def period_start(per: str, instant_ms: int, zone: ZoneInfo) -> int:
    """Where the period, one of PERIODS, began that the instant is in: the club's day says in which.

    Weeks begin on Monday; `life` began before all else, at LIFE_BEGAN.
    """
    if per == "life":
        return LIFE_BEGAN
    day = dt.datetime.fromtimestamp(instant_ms // 1000, zone).date()
    return _instant(dt.datetime.combine(_first_of(per, day), dt.time()), zone)


def _first_of(per: str, day: dt.date) -> dt.date:
    if per == "week":
        return day - dt.timedelta(days=day.weekday())
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[per]


def instant_after(span: Span, instant_ms: int, zone: ZoneInfo) -> int:
    """So much later by the calendar: the same time of the day on a later date.

    Months later it is the same date, or the last of a shorter month. What is past all dates is LATEST.
    """
    seconds, ms = divmod(instant_ms, 1000)
    wall = dt.datetime.fromtimestamp(seconds, zone).replace(tzinfo=None, fold=0)
    try:
        later = _instant(dt.datetime.combine(_later(span, wall.date()), wall.time()), zone) + ms
    except (ValueError, OverflowError):
        return LATEST
    return min(later, LATEST)


def _later(span: Span, day: dt.date) -> dt.date:
    if span.unit in _MONTHS:
        months = day.year * 12 + day.month - 1 + span.count * _MONTHS[span.unit]
        return _in_month(months, day.day)
    return day + dt.timedelta(days=span.count * (7 if span.unit == "week" else 1))


@dataclass(frozen=True, slots=True)
class Window:
    """When something holds: from `begin` up to and without `end`, on weekdays (Monday is 0), at hours.

    None: without that bound. Hours that pass midnight belong to the day on which they begin.
    """

    zone: ZoneInfo
    begin: int | None = None
    end: int | None = None
    days: frozenset[int] | None = None
    hours: Hours | None = None

    @property
    def ends_before_begin(self) -> bool:
        """Whether it has ended before it begins, so that it never holds."""
        return self.begin is not None and self.end is not None and self.end <= self.begin

    def contains(self, instant_ms: int) -> bool:
        """Whether it holds at that instant."""
        if self.begin is not None and instant_ms < self.begin:
            return False
        if self.end is not None and instant_ms >= self.end:
            return False
        return (self.days is None and self.hours is None) or self._by_the_clock(instant_ms)

    def _by_the_clock(self, instant_ms: int) -> bool:
        if not EARLIEST <= instant_ms <= LATEST:
            return False
        wall = dt.datetime.fromtimestamp(instant_ms // 1000, self.zone)
        day, hours = wall.weekday(), self.hours
        if hours:
            minute = wall.hour * 60 + wall.minute
            if hours.begin < hours.end:
                if not hours.begin <= minute < hours.end:
                    return False
            elif minute < hours.end:
                day = (day - 1) % 7
            elif minute < hours.begin:
                return False
        return self.days is None or day in self.days


class During(Protocol):
    """What `during` says in a rules file."""

    @property
    def days(self) -> Sequence[str] | None: ...
    @property
    def hours(self) -> Hours | None: ...
    @property
    def from_moment(self) -> LocalMoment | None: ...
    @property
    def until(self) -> LocalMoment | None: ...


def window(entry: During, zone: ZoneInfo) -> Window:
    """`until` a date includes that whole day."""
    return Window(
        zone,
        None if entry.from_moment is None else instant(entry.from_moment, zone),
        None if entry.until is None else instant(entry.until, zone, end=True),
        None if entry.days is None else frozenset(map(DAYS.index, entry.days)),
        entry.hours,
    )
