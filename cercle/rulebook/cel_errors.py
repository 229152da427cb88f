"""CEL's errors in the marketer's words, each at the token that is to blame.

CEL says `found no matching overload for '_>_' applied to '(uint, int)'`; a marketer reads that
an amount is compared with a bare number, and how to write the amount.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cercle.rulebook.cel_text import Problem, Token, tokens
from cercle.rulebook.codes import Code
from cercle.rulebook.money import minor_digits, parse_money

_ERROR = re.compile(r"ERROR: <input>:([0-9]+):([0-9]+): (.*)")
_FUNCTIONS = """
    money size has all exists exists_one filter map contains startsWith endsWith matches timestamp duration
    getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear getHours getMinutes getSeconds
"""
_INSTEAD = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "=": "==",
    "&": "&&",
    "|": "||",
    "“": '"',
    "”": '"',
    "’": "'",
}
_SIGNS = {"_?_:_": "?", "_[_]": "[", "!_": "!", "-_": "-"}
_LATER = frozenset({"metrics", "local", "segments", "badges", "joined_at"})
_TYPES = {
    "uint": "money",
    "int": "a whole number",
    "string": "a text",
    "bool": "true or false",
    "double": "a number with a point",
    "null_type": "null",
    "timestamp": "a time",
    "google.protobuf.timestamp": "a time",
    "duration": "a length of time",
    "google.protobuf.duration": "a length of time",
}


@dataclass(frozen=True)
class Words:
    """What a condition may name: `variables`, and the fields of each message type by its full name.

    `subject` is what the variables belong to, `personal` are its fields that no condition may read.
    """

    subject: str
    variables: frozenset[str]
    personal: frozenset[str]
    messages: Mapping[str, tuple[str, frozenset[str]]]
    currency: str | None


def describe_type(name: str) -> str:
    """A type of CEL (`uint`, `UINT`) in the marketer's words."""
    plain = name.lower()
    if plain.startswith(("list", "map")):
        return "a list" if plain.startswith("list") else "a map"
    return _TYPES.get(plain, "a record" if plain.startswith("cercle.") else f"`{plain}`")


def translate(error: str, text: str, spelled: str, words: Words) -> list[Problem]:
    """CEL's message about `text`, which it got as `spelled` (of the same length).

    A syntax error hides what follows it: then only the first one counts.
    """
    found = [
        _problem(
            _offset(spelled, int(match[1]), int(match[2])),
            match[3].removesuffix(" [INVALID_ARGUMENT]"),
            text,
            words,
        )
        for match in _ERROR.finditer(error)
        if "*error*" not in match[3]  # follows from another error
    ]
    if not found:
        too_much = "limit" in error
        why = "it is too long, or nested too deeply" if too_much else error
        return [Problem(0, Code.CONDITION_UNREADABLE, f"this is not a condition: {why}")]
    return found[:1] if "Syntax error" in error else found


def _offset(text: str, line: int, column: int) -> int:
    before = text.split("\n")[: line - 1]
    return sum(len(each) + 1 for each in before) + column - 1


def _problem(offset: int, message: str, text: str, words: Words) -> Problem:
    found = tokens(text)
    if match := re.match(r"undeclared reference to '(.*?)' ", message):
        return _undeclared(match[1], offset, found, words)
    if match := re.match(r"undefined field '(.*?)' not found in struct '(.*?)'", message):
        return _undefined_field(match[1], match[2], offset, found, words)
    if match := re.match(r"found no matching overload for '(.*?)' applied to '\((.*)\)'", message):
        return _no_overload(match[1], match[2], offset, found, words)
    if match := re.match(r"expression of type '(.*?)' cannot be the range", message):
        return Problem(
            offset,
            Code.CONDITION_UNREADABLE,
            f"`exists` and `all` need a list, and this is {describe_type(match[1])}",
        )
    if match := re.match(r"reserved identifier: (.*)", message):
        return Problem(offset, Code.CONDITION_UNREADABLE, f"`{match[1]}` is a reserved word of conditions")
    if "Syntax error" in message:
        return _syntax(offset, found)
    return Problem(offset, Code.CONDITION_UNREADABLE, f"this is not a condition: {message}")


def _offset_of(found: list[Token], offset: int, text: str) -> int:
    """Of the token `text` that is nearest to where CEL points; CEL points at the dot or the parenthesis."""
    same = [token.offset for token in found if token.text == text]
    return min(same, key=lambda at: abs(at - offset), default=offset)


def _text_at(found: list[Token], offset: int) -> str:
    return next((token.text for token in found if token.offset >= offset), "")


def _undeclared(name: str, offset: int, found: list[Token], words: Words) -> Problem:
    root = name.lstrip(".").split(".")[0]
    at = _offset_of(found, offset, root)
    if root in words.personal:
        return Problem(at, Code.CONDITION_UNREADABLE, f"`{root}` is personal: a condition may not read it")
    if root in _LATER:
        return Problem(at, Code.CONDITION_UNREADABLE, f"this version of Cercle does not know `{root}` yet")
    if root in _INSTEAD:
        return Problem(at, Code.CONDITION_UNREADABLE, f"write `{_INSTEAD[root]}` for `{root}`")
    if _text_at(found, at + len(root)) == "(":
        return Problem(
            at, Code.CONDITION_UNREADABLE, f"there is no function `{root}`", root, tuple(_FUNCTIONS.split())
        )
    return Problem(
        at,
        Code.CONDITION_UNREADABLE,
        f"`{root}` is not a field of {words.subject}",
        root,
        tuple(words.variables),
    )


def _undefined_field(field: str, message: str, offset: int, found: list[Token], words: Words) -> Problem:
    at = _offset_of(found, offset, field)
    owner, fields = words.messages[message]
    if field in _LATER:
        return Problem(
            at, Code.CONDITION_UNREADABLE, f"this version of Cercle does not know `{field}` of {owner} yet"
        )
    return Problem(
        at, Code.CONDITION_UNREADABLE, f"`{field}` is not a field of {owner}", field, tuple(fields)
    )


def _no_overload(function: str, types: str, offset: int, found: list[Token], words: Words) -> Problem:
    sign = _SIGNS.get(function) or function.strip("_@")
    kinds = types.split(", ")
    if "uint" in kinds and (amount := _bare_amount(offset, found)):
        return Problem(
            amount.offset,
            Code.CONDITION_UNREADABLE,
            f"an amount is money, not a bare number; write {_as_money(amount, words)}",
        )
    described = [words.messages[kind][0] if kind in words.messages else describe_type(kind) for kind in kinds]
    return Problem(
        _offset_of(found, offset, sign),
        Code.CONDITION_UNREADABLE,
        f"`{sign}` does not go with {' and '.join(described)}",
    )


def _bare_amount(offset: int, found: list[Token]) -> Token | None:
    """The number, or the amount in a text, beside the operator at `offset`."""
    index = next((index for index, token in enumerate(found) if token.offset == offset), 0)
    beside = [*found[index + 1 : index + 2], *found[max(index - 1, 0) : index]]
    return next((each for each in beside if each.kind == "number" or parse_money(each.text[1:-1])), None)


def _as_money(amount: Token, words: Words) -> str:
    if amount.kind == "text":
        return f"money({amount.text})"
    currency = words.currency or "USD"
    whole, _, fraction = amount.text.partition(".")
    digits = minor_digits(currency)
    if not (whole + fraction).isdigit() or len(fraction) > digits:
        return f'money("50 {currency}")'
    return f'money("{whole or 0}{"." + fraction.ljust(digits, "0") if fraction else ""} {currency}")'


def _syntax(offset: int, found: list[Token]) -> Problem:
    index = next((index for index, token in enumerate(found) if token.offset == offset), None)
    if index is None:
        return Problem(offset, Code.CONDITION_UNREADABLE, "the condition ends too soon")
    for token in found[max(index - 1, 0) : index + 1]:
        if token.text in _INSTEAD:
            return Problem(
                token.offset, Code.CONDITION_UNREADABLE, f"write `{_INSTEAD[token.text]}` for `{token.text}`"
            )
    if found[index].text in ('"', "'"):
        return Problem(offset, Code.CONDITION_UNREADABLE, "this text has no closing quote")
    return Problem(
        offset, Code.CONDITION_UNREADABLE, f"the condition cannot be read from `{found[index].text}` on"
    )
