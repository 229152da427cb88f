"""The language's small words as values: money, lengths of time, moments, hours, points.

What is wrong raises a PydanticCustomError of type `sentence`: what is wrong, how it is written
right (the very value, where it can be guessed), and the `code`.
"""

import re
from datetime import date, time
from typing import cast

from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.money import MOST_MINOR_UNITS, minor_digits, parse_money
from cercle.rulebook.spelling import (
    currency_meant,
    dates_meant,
    days_meant,
    length_meant,
    money_meant,
    number_meant,
)
from cercle.rulebook.times import DAYS, FIRST_YEAR, LAST_YEAR, SPAN_UNITS, Hours, LocalMoment, Span, SpanUnit

MOST_WALLET_POINTS = 10**9
"""Of one price, budget or gesture."""
_MOST_COUNT = 10_000

_MS = {"week": 604_800_000, "day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1_000}
_DURATION = re.compile(r"([0-9]{1,6}) (week|day|hour|minute|second)s?")
_ISO_DURATION = re.compile(r"P(?:([0-9]{1,6})([WD])|T([0-9]{1,6})([HMS]))")
_ISO_TIME = {"H": "hour", "M": "minute", "S": "second"}
_SPAN = re.compile(r"([0-9]{1,6}) (day|week|month|quarter|year)s?")
_ISO_SPAN = re.compile(r"P([0-9]{1,6})([DWMY])")
_ISO_DATE = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?: ([0-9]{2}):([0-9]{2}))?")
_HOURS = re.compile(r"([0-9]{2}):([0-9]{2}) to ([0-9]{2}):([0-9]{2})")
_CLOCKS = re.compile(
    r"([0-9]{1,2})(?:[:hH.]([0-9]{2})?)?\s*(?:to|until|till|-|–|—|à|a)\s*([0-9]{1,2})(?:[:hH.]([0-9]{2})?)?"
)
_WALLET_POINTS = re.compile(r"([0-9]{1,12}) ([a-z0-9][a-z0-9_-]{0,62})")
_POINTS = re.compile(r"([0-9][0-9.,'’\s]*?)\s*([A-Za-z][A-Za-z0-9_-]*)?")


def _error(code: Code, sentence: str) -> PydanticCustomError:
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence, "code": code})


def _shown(value: object) -> str:
    """The value as it was written, for a sentence."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"`{str(value)[:60]}`"


def format_duration(milliseconds: int) -> str:
    """In the largest unit below a week that it is a whole number of: 604,800,000 is `7 days`."""
    unit = next(unit for unit in ("day", "hour", "minute", "second") if milliseconds % _MS[unit] == 0)
    count = milliseconds // _MS[unit]
    return f"{count} {unit}{'s' if count != 1 else ''}"


def duration(value: object) -> int:
    """Milliseconds of `30 days`, `12 hours`, `P30D`."""
    text = value if isinstance(value, str) else ""
    if match := _DURATION.fullmatch(text):
        return int(match[1]) * _MS[match[2]]
    if iso := _ISO_DURATION.fullmatch(text):
        return int(iso[1] or iso[3]) * _MS[_ISO_DATE[iso[2]] if iso[2] else _ISO_TIME[iso[4]]]
    if meant := length_meant(text, ("month", "quarter", "year")):
        sentence = f"`{meant}` is not always as long; write it in days, as in `{_in_days(meant)} days`"
        raise _error(Code.BAD_DURATION, sentence)
    raise _error(Code.BAD_DURATION, _wrong_length(value, tuple(_MS), "`30 days`, `12 hours` or `P30D`"))


def _in_days(meant: str) -> int:
    count, unit = meant.split()
    return int(count) * {"m": 30, "q": 90, "y": 365}[unit[0]]


def period(value: object) -> Span:
    """`12 months`, `90 days`, `P1Y`."""
    text = value if isinstance(value, str) else ""
    match, iso = _SPAN.fullmatch(text), _ISO_SPAN.fullmatch(text)
    if not match and not iso:
        examples = "`90 days`, `12 months` or `1 year`"
        raise _error(Code.BAD_DURATION, _wrong_length(value, SPAN_UNITS, examples))
    count, unit = (match[1], match[2]) if match else (iso[1], _ISO_DATE[iso[2]]) if iso else ("0", "")
    if not 0 < int(count) <= _MOST_COUNT:
        sentence = f"a length of time is at least 1 and at most {_MOST_COUNT} {unit}s"
        raise _error(Code.BAD_DURATION, sentence)
    return Span(int(count), cast(SpanUnit, unit))


def _wrong_length(value: object, units: tuple[str, ...], examples: str) -> str:
    shown = _shown(value)
    if isinstance(value, str) and (meant := length_meant(value, units)):
        return f"{shown} is not a length of time; write `{meant}`"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{shown} has no unit; write a length of time with its unit, as in {examples}"
    return f"{shown} is not a length of time; write {examples}"


def currency(value: str) -> str:
    """A code of ISO 4217."""
    if re.fullmatch(r"[A-Z]{3}", value):
        return value
    meant = currency_meant(value)
    write = f"write `{meant}`" if meant else "write its three letters, such as `USD`"
    raise _error(Code.BAD_MONEY, f"{_shown(value)} is not the code of a currency; {write}")


def weekday(value: str) -> str:
    """`mon` to `sun`."""
    if value in DAYS:
        return value
    meant = ", ".join(days_meant(value))
    write = f"write `{meant}`" if meant else "write " + ", ".join(f"`{day}`" for day in DAYS)
    raise _error(Code.UNKNOWN_WORD, f"{_shown(value)} is not a day of the week; {write}")


def weekdays(value: object) -> object:
    """A list of days, even of one; what is a text is told how it is written as a list."""
    if not isinstance(value, str):
        return value
    days = days_meant(value)
    meant, write = ", ".join(days or ("sat", "sun")), "; write" if days else ", as in"
    raise _error(Code.WRONG_TYPE, f"this must be a list of days, in brackets{write} `[{meant}]`")


def money(value: object, usual: str = "USD") -> tuple[int, str]:
    """(minor units, currency) of `42.90 USD`. `usual`: the currency of what an error proposes."""
    found = parse_money(value) if isinstance(value, str) else None
    if found is None:
        raise _error(Code.BAD_MONEY, _wrong_money(value, usual))
    if found[0] <= 0:
        raise _error(Code.BAD_MONEY, f"{_shown(value)} is not above zero, as an amount of money must be here")
    if found[0] > MOST_MINOR_UNITS:
        raise _error(Code.BAD_MONEY, f"{_shown(value)} is more money than Cercle counts with")
    return found


def _wrong_money(value: object, usual: str) -> str:
    shown, text = _shown(value), str(value)
    meant = (
        money_meant(text, usual) if not isinstance(value, (bool, dict, list)) and value is not None else ""
    )
    if number_meant(text) and "%" in text:
        return f"{shown} is a percentage, and this must be an amount of money, as in `5 {usual}`"
    if meant and number_meant(text):
        return f"{shown} lacks the currency; write it after the number, as in `{meant}`"
    if meant:
        return f"{shown} is not how an amount of money is written; write `{meant}`"
    if match := re.fullmatch(r"-?[0-9]+\.[0-9]+ ([A-Z]{3})", text):
        digits = minor_digits(match[1])
        places = f"{digits} digits after the point" if digits else "no digits after a point"
        return f"{shown} is not an amount of money: {match[1]} has {places}"
    return f"{shown} is not an amount of money; write `1 USD` or `42.90 USD`"


def moment(value: object) -> LocalMoment:
    """`2026-12-01` or `2026-12-01 09:00`."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _error(Code.BAD_DATE, _wrong_date(value))
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise _error(Code.BAD_DATE, f"{_shown(value)}: there is no such day in the calendar") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _error(Code.BAD_DATE, f"{_shown(value)}: a year is from {FIRST_YEAR} to {LAST_YEAR}")
    if match[4] is None:
        return LocalMoment(day)
    try:
        return LocalMoment(day, time(int(match[4]), int(match[5])))
    except ValueError:
        raise _error(Code.BAD_DATE, f"{_shown(value)}: the times of a day go from 00:00 to 23:59") from None


def _wrong_date(value: object) -> str:
    meant = dates_meant(value) if isinstance(value, str) else []
    start = f"{_shown(value)} is not how a date is written"
    if len(meant) == 1:
        return f"{start}; write `{meant[0]}` (year-month-day)"
    if meant:
        return f"{start}: year-month-day, so `{meant[0]}` or `{meant[1]}`"
    return f"{start}: year-month-day, as in `2026-12-24`, or with a time, `2026-12-24 18:00`"


def hours(value: object) -> Hours:
    """`18:00 to 20:00`, `22:00 to 02:00`; a day ends at `24:00`."""
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _error(Code.BAD_DATE, _wrong_hours(value))
    begin, end = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if begin is None or end is None or begin == 1440:
        raise _error(Code.BAD_DATE, f"{_shown(value)}: the times of a day go from 00:00 to 24:00")
    if begin == end:
        sentence = f"{_shown(value)} begins when it ends; for the whole day, leave `hours` out"
        raise _error(Code.BAD_DATE, sentence)
    return Hours(begin, end)


def _minutes(hour: str, minute: str | None) -> int | None:
    found = int(hour) * 60 + int(minute or 0)
    return found if int(minute or 0) < 60 and found <= 1440 else None


def _wrong_hours(value: object) -> str:
    start = f"{_shown(value)} is not how hours are written"
    match = _CLOCKS.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        ends = _minutes(match[1], match[2]), _minutes(match[3], match[4])
        if ends[0] is not None and ends[1] is not None:
            return f"{start}; write `{Hours(ends[0], ends[1])}`"
    return f"{start}; write `18:00 to 20:00`"


def wallet_points(value: object) -> tuple[int, str]:
    """(points, wallet) of `500 points`, `50 karma`."""
    match = _WALLET_POINTS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _error(Code.BAD_NUMBER, _wrong_points(value))
    if not 0 < int(match[1]) <= MOST_WALLET_POINTS:
        raise _error(Code.BAD_NUMBER, f"{_shown(value)}: this must be from 1 to {MOST_WALLET_POINTS}")
    return int(match[1]), match[2]


def _wrong_points(value: object) -> str:
    match = _POINTS.fullmatch(str(value)) if isinstance(value, (str, int)) else None
    meant = number_meant(match[1]) if match and not isinstance(value, bool) else ""
    if match and meant.isdigit():
        wallet = (match[2] or "points").lower()
        return f"{_shown(value)} is not how points are written; write `{meant} {wallet}`"
    return f"{_shown(value)} is not a number of points; write `500 points`"
