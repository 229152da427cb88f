"""Simple reasoning about conditions: whether one can be true at all, or is always true.

It knows `and`, `or`, `not`, and comparisons of one thing with a written value. What it does not
know may be true or false, so that it is never wrong, only silent.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, product
from typing import Union

from cercle.rulebook.conditions.brackets import at_top, bare, has_choice, in_parentheses, split
from cercle.rulebook.conditions.text import Token, span, tokens
from cercle.rulebook.money import parse_money

MOST_CASES = 128
"""Ways in which a condition can be true that are looked at, before the reasoning gives up."""
_LONGEST, _MOST_NESTED = 4_000, 100
"""Of a condition that is looked into: characters, and signs that nest."""
_PAIRS = (("==", "!="), ("<", ">="), (">", "<="), ("in", "not in"), ("holds", "lacks"))
_OPPOSITE = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_FIXED = re.compile(r"\b(true|false)\b")
_NO_MONEY = re.compile(r"""money\(\s*["'][0.]+ """)
_CALL = re.compile(r"\b\w+\([^()]*\)")
_PATH = re.compile(r"(?!in\b)[A-Za-z_][\w.]*")


class Amount(int):
    """Minor units; never below zero."""


Value = Union[str, bool, int, Decimal, Amount]


@dataclass(frozen=True, slots=True)
class Claim:
    """`term sign values`, as in `channel == "web"`; `text` is how it is written.

    It stands in `length` characters from `offset` on.

    `holds` and `lacks` are about lists: `"collector" in member.badges`.

    `plain`: the term is a field, which cannot fail at run time and, if a number, is a whole one.
    """

    term: str
    sign: str
    values: tuple[Value, ...]
    text: str
    offset: int
    length: int
    plain: bool

    def allows(self, value: Value) -> bool:
        """Whether the term may have this value."""
        first = self.values[0]
        if self.sign in ("==", "in"):
            return value in self.values
        if self.sign in ("!=", "not in"):
            return value not in self.values
        if isinstance(value, str) or isinstance(first, str):
            return True
        return {"<": value < first, "<=": value <= first, ">": value > first, ">=": value >= first}[self.sign]

    def opposite(self) -> "Claim":
        """What holds when this does not."""
        text = f"!{self.text}" if self.text == self.term else f"!({self.text})"
        return replace(self, sign=_OPPOSITE[self.sign], text=text)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the reasoning does not look into."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Fixed:
    """`true` or `false`, written out."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """Written with `!`, where it stands in `length` characters from `offset` on."""

    part: "Part"
    offset: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class Both:
    """All of them (`and`), or any (`or`)."""

    sign: str
    parts: tuple["Part", ...]


Part = Union[Claim, Unknown, Fixed, Not, Both]
Case = tuple[Union[Claim, Unknown], ...]
"""What holds together in one of the ways in which a condition is true."""


@lru_cache(maxsize=20_000)
def read(text: str) -> Part:
    """A sound condition's parts."""
    return Unknown(text) if _too_much(text) else _read(tokens(text))


def worth_reading(text: str) -> bool:
    """A cheap look before `read`: a condition that names everything once is neither never nor always true.

    Nor does it hold `true`, `false` or no money at all; most conditions are so.
    """
    plain = _QUOTED.sub('"', text)
    if _FIXED.search(plain) or _NO_MONEY.search(text):
        return True
    named = _PATH.findall(_CALL.sub(_one_word, plain))
    return len(set(named)) < len(named)


def _one_word(call: re.Match[str]) -> str:
    """A call is a term as a whole; `money` makes a value."""
    return "" if call[0].startswith("money(") else re.sub(r"\W", "_", call[0])


def _too_much(text: str) -> bool:
    return len(text) > _LONGEST or text.count("(") + text.count("!") > _MOST_NESTED


def parts_in_common(text: str) -> frozenset[str]:
    """What must all hold, each written alike however it is spaced: `a && b` is the two of them."""
    if _too_much(text):
        return frozenset((text,))
    return frozenset(_spelled(part) for part in split(bare(tokens(text)), "&&"))


def cases(part: Part) -> list[Case] | None:
    """The ways in which it can be true; none when it is `false`, None when there are too many."""
    if isinstance(part, Not):
        opposite = _negated(part.part)
        if part.length and isinstance(opposite, Claim):
            opposite = replace(opposite, offset=part.offset, length=part.length)
        return cases(opposite)
    if isinstance(part, Fixed):
        return [()] if part.value else []
    if isinstance(part, (Claim, Unknown)):
        return [(part,)]
    below = [cases(each) for each in part.parts]
    if any(each is None for each in below):
        return None
    known = [each for each in below if each is not None]
    if part.sign == "||":
        found = [case for each in known for case in each]
    else:
        size = 1
        for each in known:
            size *= len(each)
        if size > MOST_CASES:
            return None
        found = [tuple(claim for case in chosen for claim in case) for chosen in product(*known)]
    return found if len(found) <= MOST_CASES else None


def _negated(part: Part) -> Part:
    if isinstance(part, Not):
        return part.part
    if isinstance(part, Fixed):
        return Fixed(not part.value)
    if isinstance(part, Claim):
        return part.opposite()
    if isinstance(part, Unknown):
        return Unknown(part.text, not part.negated)
    return Both("||" if part.sign == "&&" else "&&", tuple(Not(each) for each in part.parts))


def clash(case: Iterable[Union[Claim, Unknown]]) -> tuple[Claim, ...]:
    """One claim that cannot be true, or two that cannot be true together; empty when there are none."""
    claims = [each for each in case if isinstance(each, Claim)]
    for claim in claims:
        if _below_zero(claim):
            return (claim,)
    by_term: dict[str, list[Claim]] = {}
    for claim in claims:
        by_term.setdefault(claim.term, []).append(claim)
    for same in by_term.values():
        for one, other in combinations(same[:20], 2):
            if _exclude(one, other):
                return (one, other)
    return ()


def always(part: Part) -> bool:
    """Whether nothing makes it false, not even a failure at run time."""
    opposite = cases(Not(part))
    if opposite is None:
        return False
    known = all(isinstance(each, Claim) and each.plain for case in opposite for each in case)
    return known and all(clash(case) for case in opposite)


def _below_zero(claim: Claim) -> bool:
    value = claim.values[0]
    return isinstance(value, Amount) and claim.sign == "<" and value <= 0


def _exclude(one: Claim, other: Claim) -> bool:
    kinds = {type(value) for claim in (one, other) for value in claim.values}
    if len(kinds) != 1:
        return False
    if {one.sign, other.sign} & {"holds", "lacks"}:
        return one.values == other.values and {one.sign, other.sign} == {"holds", "lacks"}
    for finite, second in ((one, other), (other, one)):
        if finite.sign in ("==", "in"):
            return not any(second.allows(value) for value in finite.values)
    if kinds == {bool}:
        return one.sign == other.sign == "!=" and one.values != other.values
    if kinds == {str}:
        return False
    return _no_room(one, other) or _no_room(other, one)


def _no_room(lower: Claim, upper: Claim) -> bool:
    if lower.sign not in (">", ">=") or upper.sign not in ("<", "<="):
        return False
    low, high = lower.values[0], upper.values[0]
    assert not isinstance(low, str) and not isinstance(high, str)
    strict = (lower.sign == ">") + (upper.sign == "<")
    if lower.plain and isinstance(low, int) and isinstance(high, int):
        return high - low < strict
    return high < low or (high == low and strict > 0)


def _read(found: Sequence[Token]) -> Part:
    found = bare(found)
    for sign in ("||", "&&") if not has_choice(found) else ():
        if len(parts := split(found, sign)) > 1:
            return Both(sign, tuple(map(_read, parts)))
    if found and found[0].text == "!" and (in_parentheses(found[1:]) or _is_path(found[1:])):
        return Not(_read(found[1:]), found[0].offset, span(found[0], found[-1]))
    return _claim(found) or Unknown(_spelled(found))


def _is_path(found: Sequence[Token]) -> bool:
    """`gift`, `member.tier`."""
    return len(found) % 2 == 1 and all(
        token.text == "." if index % 2 else token.kind == "name" for index, token in enumerate(found)
    )


def _spelled(found: Sequence[Token]) -> str:
    return " ".join(token.text for token in bare(found))


def _claim(found: Sequence[Token]) -> Part | None:
    if len(found) == 1 and found[0].text in ("true", "false"):
        return Fixed(found[0].text == "true")
    if _is_path(found):
        return _made(found, "==", (True,), found)
    signs = [(index, token.text) for index, token in at_top(found) if token.text in {*_MIRRORED, "in"}]
    if len(signs) != 1 or has_choice(found):
        return None
    index, sign = signs[0]
    left, right = bare(found[:index]), bare(found[index + 1 :])
    if sign == "in":
        values = _list_of_values(right)
        if not values and _is_path(right) and (value := _value(left)) is not None:
            return _made(right, "holds", (value,), found)
        return _made(left, sign, values, found) if values else None
    if (value := _value(right)) is not None and _value(left) is None:
        return _made(left, sign, (value,), found)
    if (value := _value(left)) is not None and _value(right) is None:
        return _made(right, _MIRRORED[sign], (value,), found)
    return None


def _made(
    term: Sequence[Token], sign: str, values: tuple[Value, ...], found: Sequence[Token]
) -> Claim | None:
    if not term:
        return None
    if sign == "!=" and isinstance(values[0], bool):
        sign, values = "==", (not values[0],)
    offset, length = found[0].offset, span(found[0], found[-1])
    return Claim(_spelled(term), sign, values, _as_written(found), offset, length, _is_path(term))


def _as_written(found: Sequence[Token]) -> str:
    """With the blanks that were between the tokens, or one where there were more."""
    text = ""
    end = found[0].offset
    for token in found:
        text += (" " if token.offset > end else "") + token.text
        end = token.end
    return text


def _value(found: Sequence[Token]) -> Value | None:
    signs = [token.text for token in found]
    if len(found) == 1:
        return _scalar(found[0])
    if len(found) == 2 and signs[0] == "-" and found[1].kind == "number":
        number = _scalar(found[1])
        return -number if isinstance(number, (int, Decimal)) else None
    if len(found) == 4 and signs[:2] == ["money", "("] and found[2].kind == "text":
        money = parse_money(signs[2][1:-1])
        return Amount(money[0]) if money else None
    return None


def _scalar(token: Token) -> Value | None:
    text = token.text
    if text in ("true", "false"):
        return text == "true"
    if token.plain is not None:
        return token.plain
    if token.kind == "number" and text.isdigit():
        return int(text)
    if token.kind == "number" and text.replace(".", "", 1).isdigit():
        return Decimal(text)
    return None


def _list_of_values(found: Sequence[Token]) -> tuple[Value, ...]:
    if len(found) < 3 or found[0].text != "[" or found[-1].text != "]":
        return ()
    values = [_value(part) for part in split(found[1:-1], ",") if part]
    return tuple(value for value in values if value is not None) if None not in values else ()
