"""Points in time as text: RFC 3339, always with a zone, read alike by every version of Python.

`datetime.fromisoformat` reads more with every release (week dates, 24:00); a log that is
judged again years later must be judged the same, so the form is checked first.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from cercle.domain.decision import Instant

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def parse_instant(text: str) -> Instant | None:
    """`1997-01-01T00:00:00-05:00` -> ms since 1970 UTC, rounded down. None: no such time, or no zone."""
    if _RFC3339(text) is None:
        return None
    try:
        return instant_of(datetime.fromisoformat(text))
    except ValueError:
        return None


def format_instant(instant: Instant) -> str:
    """ms since 1970 UTC -> `1997-01-01T05:00:00.000Z`. Raises ValueError outside of the years 1 to 9999."""
    return local_time(instant, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def local_time(instant: Instant, zone: tzinfo) -> datetime:
    """ms since 1970 UTC -> that moment in `zone`. Raises ValueError outside of the years 1 to 9999."""
    try:
        return (_EPOCH + instant * _MILLISECOND).astimezone(zone)
    except OverflowError:
        raise ValueError("the time lies outside of the years 1 to 9999") from None


def instant_of(moment: datetime) -> Instant:
    """A moment that has a zone -> ms since 1970 UTC, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def start_of_day(day: date, zone: tzinfo) -> Instant:
    """When a day begins by the clocks of `zone`: its first midnight, or, where that is skipped, the skip."""
    return instant_of(datetime.combine(day, time.min, zone))
