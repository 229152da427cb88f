"""Dates, hours and lengths of time by a club's clocks, on the days when these are changed as well."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cercle.rulebook.entries.entry import DayHours, Moment, Period
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.times import (
    DAYS,
    EARLIEST,
    LATEST,
    LIFE_BEGAN,
    PERIODS,
    LocalMoment,
    Span,
    SpanUnit,
    Window,
    first_day,
    instant,
    instant_after,
    period_start,
    window,
)

NEW_YORK, PARIS, LORD_HOWE = map(ZoneInfo, ("America/New_York", "Europe/Paris", "Australia/Lord_Howe"))
SAO_PAULO, APIA, BEIRUT = map(ZoneInfo, ("America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"))
ZONES = (NEW_YORK, PARIS, LORD_HOWE, SAO_PAULO, APIA, BEIRUT, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu"))
MINUTE = 60_000


def _moment(text: str) -> LocalMoment:
    return TypeAdapter[LocalMoment](Moment).validate_python(text)


def _utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def _during(zone: ZoneInfo, **says: object) -> Window:
    return window(DuringEntry.model_validate({key.rstrip("_"): value for key, value in says.items()}), zone)


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        (NEW_YORK, "2026-03-08 01:59", "2026-03-08 06:59"),
        (NEW_YORK, "2026-03-08 02:00", "2026-03-08 07:00"),
        (NEW_YORK, "2026-03-08 02:30", "2026-03-08 07:00"),
        (NEW_YORK, "2026-03-08 03:00", "2026-03-08 07:00"),
        (NEW_YORK, "2026-11-01 01:30", "2026-11-01 05:30"),
        (NEW_YORK, "2026-11-01 02:00", "2026-11-01 07:00"),
        (PARIS, "2026-03-29 02:30", "2026-03-29 01:00"),
        (PARIS, "2026-10-25 02:30", "2026-10-25 00:30"),
        (LORD_HOWE, "2026-10-04 02:15", "2026-10-03 15:30"),
        (LORD_HOWE, "2026-04-05 01:45", "2026-04-04 14:45"),
        (SAO_PAULO, "2018-11-04", "2018-11-04 03:00"),
        (APIA, "2011-12-30", "2011-12-30 10:00"),
    ],
)
def test_a_local_time_is_one_instant(zone: ZoneInfo, text: str, expected: str) -> None:
    """What does not exist is the first instant after the gap; what exists twice is the first of the two."""
    assert instant(_moment(text), zone) == _utc(expected)


def test_until_a_date_includes_its_whole_day() -> None:
    """23, 24 or 25 hours of it; with a time it ends at that instant."""
    for day, hours in (("2026-03-08", 23), ("2026-07-01", 24), ("2026-11-01", 25)):
        held = _during(NEW_YORK, from_=day, until=day)
        begin = instant(_moment(day), NEW_YORK)
        assert held.contains(begin) and not held.contains(begin - 1)
        assert held.contains(begin + hours * 60 * MINUTE - 1)
        assert not held.contains(begin + hours * 60 * MINUTE)
    assert not _during(PARIS, until="2026-07-01 12:00").contains(_utc("2026-07-01 10:00"))
    assert _during(PARIS, until="2026-07-01 12:00").contains(_utc("2026-07-01 10:00") - 1)


@pytest.mark.parametrize("text", ["2026-11-01 01:30", "2026-03-08 02:30", "2026-07-01 12:00"])
def test_until_and_from_the_same_time_meet(text: str) -> None:
    """At every instant around it exactly one of the two holds."""
    before, after = _during(NEW_YORK, until=text), _during(NEW_YORK, from_=text)
    around = instant(_moment(text), NEW_YORK)
    for at in range(around - 180 * MINUTE, around + 180 * MINUTE, MINUTE):
        assert before.contains(at) != after.contains(at)


def test_hours_go_by_the_clock_on_the_wall() -> None:
    """Both 01:30s count where the clock goes back; 02:00 to 03:00 is never where it goes forward."""
    one = _during(NEW_YORK, hours="01:00 to 02:00")
    assert one.contains(_utc("2026-11-01 05:30")) and one.contains(_utc("2026-11-01 06:30"))
    assert not one.contains(_utc("2026-11-01 07:00"))
    two = _during(NEW_YORK, hours="02:00 to 03:00", from_="2026-03-08", until="2026-03-08")
    begin = _utc("2026-03-08 05:00")
    assert not any(two.contains(begin + minutes * MINUTE) for minutes in range(23 * 60))


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    """Friday 22:00 to 02:00 includes Saturday 01:00, and not Friday 01:00."""
    friday = _during(PARIS, days=["fri"], hours="22:00 to 02:00")
    assert friday.contains(_utc("2026-07-03 20:30")) and friday.contains(_utc("2026-07-03 23:30"))
    assert not friday.contains(_utc("2026-07-02 23:30")) and not friday.contains(_utc("2026-07-04 00:00"))


def _oracle(window: Window, at: int) -> bool:
    """From the first local minute of the zone on, minute by minute, as one would read a calendar."""
    wall = datetime.fromtimestamp(at / 1000, UTC).astimezone(window.zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    hours = window.hours
    if hours is not None:
        minutes = [(hours.begin + step) % 1440 for step in range((hours.end - hours.begin) % 1440 or 1440)]
        if minute not in minutes:
            return False
        if hours.end <= hours.begin and minute < hours.end:
            day -= timedelta(days=1)
    return window.days is None or day.weekday() in window.days


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    days=st.none() | st.lists(st.sampled_from(DAYS), min_size=1, max_size=3),
    begin=st.integers(0, 1439),
    length=st.integers(1, 1439),
    with_hours=st.booleans(),
    at=st.datetimes(datetime(2009, 1, 1), datetime(2027, 1, 1)),
)
def test_days_and_hours_are_what_a_calendar_says(
    zone: ZoneInfo, days: list[str] | None, begin: int, length: int, with_hours: bool, at: datetime
) -> None:
    """Any days and hours, in any zone, around any instant: as counted minute by minute."""
    says: dict[str, object] = {"days": days} if days else {}
    end = begin + length if begin + length <= 1440 else (begin + length) % 1440
    if with_hours or not days:
        says["hours"] = f"{begin // 60:02}:{begin % 60:02} to {end // 60:02}:{end % 60:02}"
    held = _during(zone, **says)
    first = int(at.replace(tzinfo=UTC).timestamp()) * 1000
    for minutes in range(0, 48 * 60, 7):
        assert held.contains(first + minutes * MINUTE) == _oracle(held, first + minutes * MINUTE)


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    minutes=st.integers(0, 34_000_000),
)
def test_an_instant_is_the_first_that_the_clock_shows(zone: ZoneInfo, minutes: int) -> None:
    """No instant before it shows that local time or a later one of the same run of the clock."""
    wall = datetime(1971, 1, 1) + timedelta(minutes=minutes)
    found = instant(LocalMoment(wall.date(), wall.time()), zone)
    shown = datetime.fromtimestamp(found / 1000, zone).replace(tzinfo=None)
    just_before = datetime.fromtimestamp((found - 1000) / 1000, zone).replace(tzinfo=None)
    assert shown >= wall > just_before


def test_a_window_that_ends_before_it_begins_never_holds() -> None:
    """It says so, and nothing raises."""
    held = _during(PARIS, from_="2026-07-02", until="2026-07-01")
    assert held.ends_before_begin
    assert not held.contains(_utc("2026-07-01 12:00"))
    assert not _during(PARIS, from_="2026-07-01", until="2026-07-01").ends_before_begin
    assert not _during(PARIS, days=["mon"]).ends_before_begin
    assert not any(_during(PARIS, days=["mon"]).contains(at) for at in (-(10**18), 10**18))


@pytest.mark.parametrize(
    ("span", "last", "first"),
    [
        (Span(90, "day"), date(2026, 7, 1), date(2026, 4, 3)),
        (Span(1, "day"), date(2026, 7, 1), date(2026, 7, 1)),
        (Span(2, "week"), date(2026, 7, 14), date(2026, 7, 1)),
        (Span(12, "month"), date(2026, 7, 1), date(2025, 7, 2)),
        (Span(1, "year"), date(2024, 2, 29), date(2023, 3, 1)),
        (Span(1, "month"), date(2026, 3, 31), date(2026, 3, 1)),
        (Span(1, "quarter"), date(2026, 5, 31), date(2026, 3, 1)),
        (Span(10_000, "year"), date(2026, 5, 31), date.min),
    ],
)
def test_a_span_ends_with_a_day(span: Span, last: date, first: date) -> None:
    """So many days with the last one; months from the day after the same date, or the month's last."""
    since_1970 = date(1970, 1, 1).toordinal()
    assert first_day(span, last.toordinal() - since_1970) == first.toordinal() - since_1970


@given(st.integers(0, 30_000), st.integers(1, 40), st.sampled_from(get_args(SpanUnit)))
def test_a_later_day_never_begins_earlier(day: int, count: int, unit: SpanUnit) -> None:
    """What has left a window does not come back."""
    assert first_day(Span(count, unit), day) <= first_day(Span(count, unit), day + 1) <= day + 1


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Moment, "2026-12-01", LocalMoment(date(2026, 12, 1))),
        (Moment, "2026-12-01 09:00", LocalMoment(date(2026, 12, 1), time(9))),
        (Period, "12 months", Span(12, "month")),
        (Period, "P12M", Span(12, "month")),
        (Period, "90 days", Span(90, "day")),
        (Period, "P90D", Span(90, "day")),
        (Period, "1 week", Span(1, "week")),
        (Period, "1 quarter", Span(1, "quarter")),
        (Period, "P1Y", Span(1, "year")),
    ],
)
def test_moments_and_periods_are_read_and_written(kind: Any, text: str, value: object) -> None:
    """What is written of a value is read as the same value."""
    read = TypeAdapter[object](kind)
    assert read.validate_python(text) == value
    assert read.validate_python(read.dump_python(value, mode="json")) == value


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (Moment, "24/12/2026", "write `2026-12-24`"),
        (Moment, "1.12.2026", "write `2026-12-01`"),
        (Moment, "2026-12-1", "write `2026-12-01`"),
        (Moment, "1 December 2026", "write `2026-12-01`"),
        (Moment, "1er décembre 2026", "write `2026-12-01`"),
        (Moment, "Dec 24, 2026 18:30", "write `2026-12-24 18:30`"),
        (Moment, "03/04/2026", "`2026-04-03` or `2026-03-04`"),
        (Moment, "2026-02-30", "no such day"),
        (Moment, "2026-12-01 24:00", "00:00 to 23:59"),
        (Moment, "tomorrow", "year-month-day, as in `2026-12-24`"),
        (Period, "1 an", "write `1 year`"),
        (Period, "30 jours", "write `30 days`"),
        (Period, "3 mois", "write `3 months`"),
        (Period, "12", "write `90 days`, `12 months` or `1 year`"),
        (Period, "0 days", "at least 1"),
        (DayHours, "18h à 20h", "write `18:00 to 20:00`"),
        (DayHours, "18:00 to 18:00", "leave `hours` out"),
    ],
)
def test_other_spellings_are_refused_with_the_right_one(kind: Any, text: str, sentence: str) -> None:
    """Where it can be guessed, the sentence holds the very value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter[object](kind).validate_python(text)
    assert sentence in caught.value.errors()[0]["msg"]


def _local(instant_ms: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant_ms)).astimezone(zone)


def _midnight(day: date, zone: ZoneInfo) -> int:
    """By trial: of all offsets around that day, the first instant whose clock shows it; in a gap, its end."""
    noon = int(datetime.combine(day, time(12), UTC).timestamp() * 1000)
    around = range(noon - 60 * 60 * MINUTE, noon + 60 * 60 * MINUTE, 15 * MINUTE)
    offsets = {_local(each, zone).utcoffset() for each in around}
    wall = int(datetime.combine(day, time(), UTC).timestamp() * 1000)
    tried = (wall - int(offset.total_seconds() * 1000) for offset in offsets if offset is not None)
    shown = [
        each for each in tried if _local(each, zone).replace(tzinfo=None) == datetime.combine(day, time())
    ]
    if shown:
        return min(shown)
    return next(each for each in range(around[0], around[-1], MINUTE) if _local(each, zone).date() >= day)


def _first_date(per: str, day: date) -> date:
    """Back, a day at a time, to the first of its kind."""
    while not {
        "day": True,
        "week": day.isoweekday() == 1,
        "month": day.day == 1,
        "year": (day.month, day.day) == (1, 1),
    }[per]:
        day -= timedelta(days=1)
    return day


INSTANTS = st.one_of(
    st.integers(0, 2_524_608_000_000),  # 1970 to 2049
    st.builds(
        lambda day, minutes: 86_400_000 * day + minutes * MINUTE,
        st.sampled_from([15_337, 15_338, 16_743, 17_838, 20_539, 20_754, 6_512]),
        st.integers(-3_000, 3_000),
    ),  # around days on which one of the zones changes its clocks, or leaves out a day
)
ST_JOHNS, HAVANA, KIRITIMATI = map(ZoneInfo, ("America/St_Johns", "America/Havana", "Pacific/Kiritimati"))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from((*ZONES, ST_JOHNS, HAVANA, KIRITIMATI)), st.sampled_from(PERIODS[:-1]), INSTANTS)
def test_a_period_begins_with_the_first_minute_of_its_first_day(
    zone: ZoneInfo, per: str, instant_ms: int
) -> None:
    """By an oracle that tries offsets; it holds the instant, and begins where it begins."""
    start = period_start(per, instant_ms, zone)
    assert start == _midnight(_first_date(per, _local(instant_ms, zone).date()), zone)
    assert start <= instant_ms
    assert period_start(per, start, zone) == start


@pytest.mark.parametrize(
    ("per", "at", "start"),
    [
        ("day", "2026-03-08 23:59", "2026-03-08 00:00"),
        ("week", "2026-03-08 23:59", "2026-03-02 00:00"),
        ("week", "2026-03-09 00:00", "2026-03-09 00:00"),
        ("month", "2026-03-31 12:00", "2026-03-01 00:00"),
        ("year", "2026-12-31 23:59", "2026-01-01 00:00"),
    ],
)
def test_periods_are_those_of_the_clubs_calendar(per: str, at: str, start: str) -> None:
    """In New York, where March 2026 has a day of 23 hours."""
    begin, now = (instant(_moment(text), NEW_YORK) for text in (start, at))
    assert period_start(per, now, NEW_YORK) == begin


@pytest.mark.parametrize("zone", ZONES)
def test_a_life_is_one_period_and_every_instant_has_its_periods(zone: ZoneInfo) -> None:
    """From the first to the last that is a date in every zone."""
    for instant_ms in (EARLIEST + 1, 0, LATEST - 1):
        assert period_start("life", instant_ms, zone) == LIFE_BEGAN < instant_ms
        assert all(period_start(per, instant_ms, zone) <= instant_ms for per in PERIODS)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from((*ZONES, HAVANA)), INSTANTS, st.integers(1, 40), st.sampled_from(get_args(SpanUnit)))
def test_so_much_later_is_the_same_time_of_a_later_date(
    zone: ZoneInfo, instant_ms: int, count: int, unit: SpanUnit
) -> None:
    """Counted a day or a month at a time; a time that is left out that day is the first after the gap."""
    then, later = _local(instant_ms, zone), _local(instant_after(Span(count, unit), instant_ms, zone), zone)
    day, months = then.date(), {"month": 1, "quarter": 3, "year": 12}.get(unit, 0) * count
    day += timedelta(days={"day": 1, "week": 7}.get(unit, 0) * count)
    for _ in range(months):
        day = day.replace(day=1) + timedelta(days=32)
        day = day.replace(day=1)
    while months and day.day < then.day and (day + timedelta(days=1)).month == day.month:
        day += timedelta(days=1)
    wanted = datetime.combine(day, then.time())
    if later.replace(tzinfo=None) != wanted:
        assert wanted < later.replace(tzinfo=None)
        before = (later.astimezone(UTC) - timedelta(minutes=1)).astimezone(zone)
        assert before.utcoffset() != later.utcoffset()
    assert later.microsecond == then.microsecond


def test_what_is_later_than_every_date_is_the_last_instant() -> None:
    """A voucher of ten thousand years does not stop anything."""
    assert instant_after(Span(10_000, "year"), 0, PARIS) == LATEST
    assert instant_after(Span(8_020, "year"), 0, PARIS) == LATEST
    assert instant_after(Span(10_000, "week"), LATEST, PARIS) == LATEST
