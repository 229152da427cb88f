"""What a date, a length of time, an amount or a number was meant to be, in the rules files' own spelling.

Each function answers the right spelling of what a person may have written, or nothing: a proposal
for a sentence, never a value to go by.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time

from cercle.rulebook.diagnostics import nearest
from cercle.rulebook.money import minor_digits, parse_money

_MONTHS = (
    "january janvier jan janv",
    "february fevrier feb fev fevr",
    "march mars mar",
    "april avril apr avr",
    "may mai",
    "june juin jun",
    "july juillet jul juil",
    "august aout aug",
    "september septembre sep sept",
    "october octobre oct",
    "november novembre nov",
    "december decembre dec",
)
_DAYS = {
    "mon": "monday lundi lun montag",
    "tue": "tuesday tues mardi mar dienstag",
    "wed": "wednesday mercredi mer mittwoch",
    "thu": "thursday thur thurs jeudi jeu donnerstag",
    "fri": "friday vendredi ven freitag",
    "sat": "saturday samedi sam samstag",
    "sun": "sunday dimanche dim sonntag",
}
_DAY_OF = {word: day for day, words in _DAYS.items() for word in (day, *words.split())}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_DAYS_TOGETHER = {
    **dict.fromkeys(("weekend", "weekends", "week-end", "week-ends", "wochenende"), ("sat", "sun")),
    **dict.fromkeys(("weekday", "weekdays", "workdays", "semaine", "en semaine", "werktags"), _WEEKDAYS),
}
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_UNITS = {
    "second": "seconds sec secs s seconde secondes",
    "minute": "minutes min mins",
    "hour": "hours h hr hrs heure heures",
    "day": "days d j jour jours",
    "week": "weeks w wk wks semaine semaines sem",
    "month": "months mo mois",
    "quarter": "quarters trimestre trimestres",
    "year": "years y yr yrs an ans annee annees",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in (unit, *words.split())}
_CURRENCIES = {
    "EUR": "€ euro euros",
    "USD": "$ us$ usd$ dollar dollars",
    "GBP": "£ pound pounds livre livres",
    "CHF": "fr. sfr franc francs",
    "JPY": "¥ yen yens",
}
_CURRENCY_OF = {word: code for code, words in _CURRENCIES.items() for word in words.split()}

_CLOCK = re.compile(
    r"(.*?[0-9.])(?:\s*,?\s+|T|\s+(?:at|à)\s+)([0-9]{1,2})(?:\s?[:hH]\s?([0-9]{2})?)(?::00)?Z?"
)
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})\.?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])\s?([0-9]{1,2})\2\s?([0-9]{4})")
_DAY_MONTH = re.compile(
    r"(?:[a-z]+\.?,? )?([0-9]{1,2})(?:er|st|nd|rd|th|\.)?[ -](?:of )?([a-z]+)\.?,?[ -]([0-9]{4})"
)
_MONTH_DAY = re.compile(r"([a-z]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})")
_LENGTH = re.compile(r"([0-9]{1,6}|an?|une?|one)?\s*([a-z]+)\.?")
_SUM = re.compile(r"([^0-9+-]*?)\s*([0-9][0-9.,'’\s_]*?)\s*([^0-9.,'’\s_]*)")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([,'’\s_])[0-9]{3})(?:\1[0-9]{3})*|[0-9]{1,3}(?:\.[0-9]{3}){2,}")


def _plain(text: str) -> str:
    """Small letters without accents, single blanks."""
    letters = unicodedata.normalize("NFD", text.lower().strip())
    return re.sub(r"\s+", " ", "".join(each for each in letters if not unicodedata.combining(each)))


def dates_meant(text: str) -> list[str]:
    """The dates (with the time, if there is one) that it may mean: two where day and month may be swapped."""
    clock = _CLOCK.fullmatch(text.strip())
    suffix = ""
    if clock:
        hour, minute = int(clock[2]), int(clock[3] or 0)
        if hour > 23 or minute > 59:
            return []
        suffix = f" {time(hour, minute):%H:%M}"
    found = (_date(*each) for each in _orders(_plain(clock[1] if clock else text)))
    return [f"{each}{suffix}" for each in dict.fromkeys(found) if each]


def _orders(text: str) -> Iterable[tuple[int, int, int]]:
    if match := _YEAR_FIRST.fullmatch(text):
        yield int(match[1]), int(match[2]), int(match[3])
    elif match := _YEAR_LAST.fullmatch(text):
        yield int(match[4]), int(match[3]), int(match[1])
        if match[2] != ".":  # with points, the day is first everywhere
            yield int(match[4]), int(match[1]), int(match[3])
    elif match := _DAY_MONTH.fullmatch(text):
        yield int(match[3]), _MONTH_OF.get(match[2], 0), int(match[1])
    elif match := _MONTH_DAY.fullmatch(text):
        yield int(match[3]), _MONTH_OF.get(match[1], 0), int(match[2])


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def identifier_meant(text: str) -> str:
    """`Big Order` is `big-order`, `idée_postée` is `idee_postee`; empty where no id comes of it."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text)
    meant = re.sub(r"[^a-z0-9_]+", "-", _plain(plain)).strip("-_")
    return meant if len(meant) <= 63 else ""


def weekday_meant(text: str) -> str:
    """`samedi` is `sat`; empty where it is no day."""
    plain = _plain(text).rstrip(".")
    return _DAY_OF.get(plain) or _DAY_OF.get(nearest(plain, _DAY_OF), "")


def days_meant(text: str) -> list[str]:
    """`weekend` is `sat` and `sun`, `lundi, mardi` is `mon` and `tue`; empty where a word is no day."""
    plain = _plain(text)
    if plain in _DAYS_TOGETHER:
        return list(_DAYS_TOGETHER[plain])
    words = [word for word in re.split(r"[^a-z.-]+", plain) if word not in ("", "and", "et", "und")]
    found = [_DAYS_TOGETHER.get(word) or (weekday_meant(word),) for word in words]
    return list(dict.fromkeys(day for days in found for day in days)) if ("",) not in found else []


def length_meant(text: str, units: Iterable[str]) -> str:
    """`30 jours` is `30 days`; empty where no length in one of the `units` is near."""
    match = _LENGTH.fullmatch(_plain(text))
    if not match:
        return ""
    allowed = set(units)
    unit = _UNIT_OF.get(match[2]) or _UNIT_OF.get(nearest(match[2], _UNIT_OF), "")
    if unit not in allowed:
        return ""
    count = int(match[1]) if match[1] and match[1].isdigit() else 1
    return f"{count} {unit}{'' if count == 1 else 's'}"


def number_meant(text: str) -> str:
    """`1,5` is `1.5`, `1 000` is `1000`, `10 %` is `10`; empty where it is no number in another spelling."""
    plain = text.strip().removesuffix("%").strip()
    if _GROUPED.fullmatch(plain):
        return re.sub(r"[^0-9]", "", plain)
    if re.fullmatch(r"[0-9]{1,30}(?:[.,][0-9]{1,30})?", plain):
        return plain.replace(",", ".")
    return ""


def money_meant(text: str, currency: str = "USD") -> str:
    """`42,90 €` is `42.90 EUR`, `50` is `50 USD` with the currency of the example; empty if it is none."""
    match = _SUM.fullmatch(text.strip())
    if not match or (match[1] and match[3]):
        return ""
    code = currency_meant((match[1] + match[3]).strip()) if match[1] or match[3] else currency
    number = _sum(match[2]) if code else ""
    if not number:
        return ""
    whole, _, fraction = number.partition(".")
    digits = minor_digits(code)
    if len(fraction) > digits:
        return ""
    meant = f"{whole}.{fraction.ljust(digits, '0')} {code}" if fraction else f"{whole} {code}"
    return meant if parse_money(meant) else ""


def currency_meant(word: str) -> str:
    """`usd`, `$`, `dollars` are `USD`; empty where it is no currency's name."""
    if code := _CURRENCY_OF.get(_plain(word)):
        return code
    return word.upper() if re.fullmatch(r"[A-Za-z]{3}", word) else ""


def _sum(digits: str) -> str:
    """The number with a point before its cents, and no other signs."""
    match = re.fullmatch(r"(.*?)(?:[.,]([0-9]{1,2}))?", digits)
    if not match:
        return ""
    whole, fraction = match[1], match[2]
    if not (whole.isascii() and whole.isdigit()) and not _GROUPED.fullmatch(whole):
        return ""
    whole = re.sub(r"[^0-9]", "", whole)
    return f"{whole}.{fraction}" if fraction else whole
