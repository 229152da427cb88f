"""How the language's small words look in the JSON Schema: what editors check, complete and explain.

`title` is the type in plain words, as the reference shows it; patterns are as exact as a
pattern can be, and `cercle rules check` knows the rest.
"""

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_SPAN = r"[1-9][0-9]{0,5} (day|week|month|quarter|year)s?"
_FIELD = r"[A-Za-z][A-Za-z0-9_]{0,62}"
_ID = r"[a-z0-9][a-z0-9_-]{0,62}"
_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
_MONEY = r"[0-9]{1,13}(\.[0-9]{2,4})? [A-Z]{3}"
_PERIOD = rf"{_SPAN}|P[0-9]{{1,6}}[DWMY]"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


def _text(title: str, pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "title": title, "pattern": f"^({pattern})$"})


ID = _text("a name: small letters, digits, `-` and `_`", _ID)
LANGUAGE = _text("a language, such as `en` or `fr-CH`", _LANGUAGE)
CURRENCY = _text("a currency, such as `USD`", r"[A-Z]{3}")
DURATION = _text(
    "a length of time, such as `14 days` or `12 hours`",
    r"[0-9]{1,6} (week|day|hour|minute|second)s?|P([0-9]{1,6}[WD]|T[0-9]{1,6}[HMS])",
)
PERIOD = _text("a length by the calendar, such as `90 days`, `12 months` or `1 year`", _PERIOD)
MONEY = _text("an amount of money, such as `42.90 USD`", _MONEY)
MOMENT = _text(
    "a date, or a date and a time, such as `2026-12-24` or `2026-12-24 18:00`", rf"{_DATE}( {_CLOCK})?"
)
HOURS = _text("hours of a day, such as `18:00 to 20:00`", rf"{_CLOCK} to ({_CLOCK}|24:00)")
WALLET_POINTS = _text("points of a wallet, such as `500 points`", rf"[0-9]{{1,10}} {_ID}")
DISTANCE = _text("a distance, such as `2 km` or `500 m`", r"[0-9]{1,6} (km|m)")
PER = _text(
    "`day`, `week`, `month`, `year` or `life`, or a length such as `30 days`",
    rf"day|week|month|year|life|{_PERIOD}",
)
PER_OF_CONTEST = _text(
    "`contest`, `day`, `week`, `month`, `year` or `life`, or a length such as `30 days`",
    rf"contest|day|week|month|year|life|{_PERIOD}",
)
OVER = _text("a length by the calendar, such as `90 days` or `12 months`, or `life`", rf"life|{_PERIOD}")
PRICE = _text("`free`, or points of a wallet, such as `500 points`", rf"free|[0-9]{{1,10}} {_ID}")
FOR_EACH = _text("an amount of money, such as `1 USD`, or `item` or `quantity`", rf"item|quantity|{_MONEY}")
EXPIRES = _text(
    "`never`, a length such as `12 months after earning`, or `end of year` and the like",
    rf"never|end of (month|quarter|year|next year)|({_PERIOD}) after earning",
)
AGENT_BUDGET = _text(
    "a budget, such as `5000 points per agent per month`",
    r"[0-9]{1,12} points per agent per (day|week|month|year)",
)
FREEZE = _text("how many, and in how long a time, such as `1 per quarter`", r"[0-9]{1,6} per [a-z]+")
EARNED = _text("what is earned in a wallet, such as `points earned`", rf"{_ID} earned")
FIELD = _text("the name of a field: letters, digits and `_`", _FIELD)
FIELD_PATH = _text(
    "an action and its field, such as `purchase.amount` or `purchase.items.category`",
    rf"{_ID}(\.{_FIELD}){{1,2}}",
)
TIME_ZONE = _text("a region and a city, such as `Europe/Zurich`", r"[A-Za-z0-9_+/-]+")
CONDITION = WithJsonSchema(
    {"type": "string", "title": 'a condition, such as `channel == "web"`', "minLength": 1}
)
TEXTS = WithJsonSchema(
    {
        "title": "a text for all languages, or one for each: `{en: Free, fr: Gratuit}`",
        "oneOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^({_LANGUAGE})$"},
                "additionalProperties": {"type": "string", "minLength": 1},
            },
        ],
    }
)


class OneOf:
    """One of the `allowed` words; a wrong one is told with the nearest."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    def _check(self, value: str) -> str:
        if value in self.allowed:
            return value
        context = {"word": value, "allowed": list(self.allowed)}
        raise PydanticCustomError("word", "unknown word `{word}`", context)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "enum": list(self.allowed)}
