"""Times are read alike for ever: RFC 3339 with a zone, and days by the club's clocks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.actions.instants import format_instant, local_time, parse_instant, start_of_day

YEAR_1, YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999


@given(st.integers(YEAR_1, YEAR_9999))
def test_instant_survives_its_text(instant: int) -> None:
    """Every millisecond of the years 1 to 9999 is read back as it was written."""
    assert parse_instant(format_instant(instant)) == instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1997-01-01T00:00:00-05:00", 852_094_800_000),
        ("1997-01-01T05:00:00.123999999Z", 852_094_800_123),
        ("1969-12-31T23:59:59.9995Z", -1),
        ("0001-01-01T00:00:00+23:59", YEAR_1 - (23 * 60 + 59) * 60_000),
    ],
)
def test_instant_is_read(text: str, instant: int) -> None:
    """Any offset, any number of decimals up to nine; rounded down."""
    assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1997-01-01",
        "1997-01-01T00:00:00",
        "1997-01-01 00:00:00Z",
        "1997-01-01T00:00Z",
        "1997-02-29T00:00:00Z",
        "1997-W01-1T00:00:00Z",
        "1997-01-01T24:00:00Z",
        "1997-01-01T00:00:60Z",
        "1997-01-01T00:00:00+05",
        "1997-01-01T00:00:00Z\n",
        "١٩٩٧-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_other_text_is_no_instant(text: str) -> None:
    """What RFC 3339 does not allow, or has no zone, is refused, whatever a version of Python would read."""
    assert parse_instant(text) is None


def test_time_out_of_range_is_a_sentence() -> None:
    """A time that no text can hold is a ValueError, not a wrong text."""
    for instant in (YEAR_1 - 1, YEAR_9999 + 1, 2**62, -(2**62)):
        with pytest.raises(ValueError, match="years 1 to 9999"):
            format_instant(instant)


def test_day_begins_where_the_clocks_skip_midnight() -> None:
    """São Paulo put its clocks forward at midnight: 2018-11-04 began at 01:00, at 03:00 UTC."""
    zone = ZoneInfo("America/Sao_Paulo")
    start = start_of_day(date(2018, 11, 4), zone)
    assert start == int(datetime(2018, 11, 4, 3, tzinfo=UTC).timestamp() * 1000)
    assert local_time(start, zone).isoformat() == "2018-11-04T01:00:00-02:00"
    assert local_time(start - 1, zone).date() == date(2018, 11, 3)


@given(
    st.dates(date(1970, 1, 2), date(2037, 12, 30)),
    st.sampled_from(["America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_day_begins_with_its_first_millisecond(day: date, name: str) -> None:
    """The start of a day is in it, and the millisecond before is not."""
    zone = ZoneInfo(name)
    start = start_of_day(day, zone)
    assert local_time(start, zone).date() == day
    assert local_time(start - 1, zone).date() < day
