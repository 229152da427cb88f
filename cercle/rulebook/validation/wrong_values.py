"""The sentence about a value of the wrong kind: what must stand there, and how, if it can be guessed."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cercle.rulebook.codes import Code
from cercle.rulebook.spelling import number_meant
from cercle.rulebook.text.characters import in_quotes
from cercle.rulebook.text.source import Spot

_TRUE = frozenset(("yes", "y", "on", "oui", "vrai", "ja", "wahr", "1"))
_FALSE = frozenset(("no", "n", "off", "non", "faux", "nein", "falsch", "0"))
_EMPTY = frozenset(("string_too_short", "too_short"))
_NUMBERS = frozenset(("int_type", "int_parsing", "int_from_float", "float_type", "decimal_type"))
_MAPPINGS = frozenset(("dict_type", "model_type", "mapping_type", "model_attributes_type"))
_LISTS = frozenset(("list_type", "tuple_type", "set_type", "frozen_set_type"))
_RANGES = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}


def wrong_value(
    kind: str,
    context: dict[str, Any],
    message: str,
    value: object,
    spot: Spot,
    keys: Sequence[str],
    example: str,
) -> tuple[Code, str]:
    """`kind`, `context` and `message` are pydantic's; `keys` those of the mapping that may stand there."""
    if kind in _EMPTY:
        return Code.MISSING_VALUE, "this is empty; write something between the quotes or brackets"
    if kind in _RANGES:
        words, bound = _RANGES[kind]
        return Code.BAD_NUMBER, f"this must be {words} {context[bound]}"
    if kind in _NUMBERS:
        return _number(value, spot)
    if kind == "bool_type":
        return Code.WRONG_TYPE, _boolean(value)
    if kind == "string_type":
        return Code.WRONG_TYPE, _text(value, spot)
    if kind in _LISTS:
        return Code.WRONG_TYPE, _list(value, keys)
    if kind in _MAPPINGS:
        return Code.WRONG_TYPE, _mapping(kind, value, keys, example)
    if kind == "too_long":
        return Code.WRONG_SHAPE, f"this list has too many entries; it takes {context['max_length']}"
    if kind == "literal_error":
        return Code.UNKNOWN_WORD, f"this must be {context['expected'].replace(chr(39), '`')}"
    return _said(value), message.replace("Input should", "this should") + _proposal(message, value)


def _proposal(message: str, value: object) -> str:
    """Of a number in another spelling, where the message asks for one."""
    if (
        "percentage" in message
        or "number" not in message
        or not isinstance(value, str)
        or not number_meant(value)
    ):
        return ""
    return f"; write `{number_meant(value)}`"


def _said(value: object) -> Code:
    return Code.WRONG_SHAPE if isinstance(value, (dict, list)) else Code.BAD_VALUE


def _number(value: object, spot: Spot) -> tuple[Code, str]:
    start = "this must be a whole number"
    if isinstance(value, (dict, list, bool)):
        return Code.WRONG_TYPE, start
    if isinstance(value, Decimal):
        return Code.BAD_NUMBER, f"{start}, without a point"
    text = str(value)
    meant = number_meant(text)
    if "%" in text:
        return Code.BAD_NUMBER, f"{start}, not a percentage"
    if meant == text and spot.raw[:1] in ("'", '"'):
        return Code.BAD_NUMBER, f"{start}; leave out the quotes: `{meant}`"
    if meant.isdigit():
        return Code.BAD_NUMBER, f"{start}, without any other signs; write `{meant}`"
    return Code.BAD_NUMBER, f"{start}, and `{text[:60]}` is none"


def _boolean(value: object) -> str:
    word = str(value).lower()
    if word in _TRUE or word in _FALSE:
        return f"this must be `true` or `false`; write `{'true' if word in _TRUE else 'false'}`"
    return "this must be `true` or `false`"


def _text(value: object, spot: Spot) -> str:
    if isinstance(value, dict):
        return "this must be one word or text, not a mapping (`key: value`)"
    if isinstance(value, list):
        first = f"; write only `{value[0]}`" if len(value) == 1 and isinstance(value[0], str) else ""
        return f"this must be one word or text, not a list{first}"
    return f"this must be a text; put it in quotes: `{in_quotes(spot.raw)}`"


def _list(value: object, keys: Sequence[str]) -> str:
    if isinstance(value, str):
        words = [each for each in re.split(r"[,;\s]+", value) if each]
        shown = ", ".join(
            words if all(re.fullmatch(r"[\w-]+", each) for each in words) else [in_quotes(value)]
        )
        return f"this must be a list, in brackets; write `[{shown}]`"
    if isinstance(value, dict) and keys:
        return "this must be a list: begin each entry with `- `, in a line of its own"
    return "this must be a list, such as `[a, b]`"


def _keys(kind: str, example: str) -> str:
    """Who writes a list of things with ids does not know that here the id is the key."""
    if kind == "dict_type" and "{" in example[1:]:
        return "names are keys here (`name: {...}`)"
    return "this must be names with values"


def _mapping(kind: str, value: object, keys: Sequence[str], example: str) -> str:
    shown = example or "{key: value}"
    if isinstance(value, list):
        return f"{_keys(kind, shown)}, as in `{shown}`, and not a list: without `-` and without `[ ]`"
    if keys:
        named = ", ".join(f"`{key}`" for key in keys[:6]) + (", ..." if len(keys) > 6 else "")
        return f"this must have keys of its own, as in `{shown}`; known are {named}"
    return f"this must be a mapping, as in `{shown}`"
