"""The JSON form of an action's fields: on the wire, and in files of JSON lines.

Text, integers, true and false are themselves; a list is a list of objects of the same. Money is
text, `"42.90 USD"`: which text is money only the club's actions.yaml knows, so it stays text here.
"""

from typing import Any

from cercle.domain.action import RawField

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


class Unreadable(ValueError):
    """A field that cannot be read. `field` is its dotted name, `why` the rest of the sentence."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"the field {field!r} {why}")
        self.field = field
        self.why = why


def fields_from_json(fields: dict[str, Any], inside: str = "") -> dict[str, RawField]:
    """The fields of a parsed JSON object. `inside` is the dotted name of what holds them, with its dot.

    Raises Unreadable, and RecursionError when lists are nested by the hundreds.
    """
    return {name: _field(f"{inside}{name}", value) for name, value in fields.items()}


def _field(name: str, value: object) -> RawField:
    match value:
        case str() | bool():
            return value
        case int() if _INT64_MIN <= value <= _INT64_MAX:
            return value
        case list():
            return [_entry(f"{name}.{number}", entry) for number, entry in enumerate(value, start=1)]
    raise Unreadable(
        name,
        "must be text, an integer, true or false, or a list of objects; money is text, such as 42.90 USD",
    )


def _entry(name: str, entry: object) -> dict[str, RawField]:
    if not isinstance(entry, dict):
        raise Unreadable(name, "must be an object: the entries of a list have fields")
    return fields_from_json(entry, inside=f"{name}.")
