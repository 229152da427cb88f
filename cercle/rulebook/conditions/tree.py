"""A condition taken apart at its `&&`, `||` and `!`: the parts that decide it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from cercle.rulebook.conditions.brackets import (
    CLOSING,
    OPENING,
    at_top,
    has_choice,
    in_parentheses,
    opening,
    split,
)
from cercle.rulebook.conditions.text import COMPARISONS, Token, tokens


@dataclass(frozen=True)
class Leaf:
    """A part that is not taken further apart."""

    text: str


@dataclass(frozen=True)
class Not:
    """`!part`; `text` is all of it."""

    text: str
    part: "Tree"


@dataclass(frozen=True)
class Junction:
    """Parts that must all be true (`&&`), or one of them (`||`)."""

    every: bool
    parts: tuple["Tree", ...]


Tree = Union[Leaf, Not, Junction]

_WITHIN_A_VALUE = frozenset((".", "!")) | OPENING | CLOSING


def tree(condition: str) -> Tree:
    """Of a sound condition. `a ? b : c` is one part."""
    return _tree(condition, tokens(condition))


def _tree(text: str, found: Sequence[Token]) -> Tree:
    if not has_choice(found):
        for sign in ("||", "&&"):
            if len(parts := split(found, sign)) > 1:
                return Junction(sign == "&&", tuple(_tree(text, part) for part in parts))
    if found and found[0].text == "!" and _is_whole(found[1:]):
        return Not(_slice(text, found), _tree(text, found[1:]))
    if in_parentheses(found):
        return _tree(text, found[1:-1])
    return Leaf(_slice(text, found))


def _is_whole(found: Sequence[Token]) -> bool:
    """Whether `!` before these turns all of them round: no sign stands outside brackets but points."""
    joining = (
        token.text == "in" or (token.kind == "sign" and token.text not in _WITHIN_A_VALUE)
        for _, token in at_top(found)
    )
    return bool(found) and not any(joining)


def _slice(text: str, found: Sequence[Token]) -> str:
    return text[found[0].offset : found[-1].end] if found else ""


@dataclass(frozen=True)
class Comparison:
    """`left sign right`."""

    left: str
    sign: str
    right: str


@dataclass(frozen=True)
class OfEntries:
    """`entries.macro(name, condition)`: `exists`, `all` or `exists_one`."""

    entries: str
    macro: str
    name: str
    condition: str

    @property
    def fields(self) -> list[str]:
        """The fields of an entry that the condition reads, in the order in which it does."""
        found = tokens(self.condition)
        read = [
            field.text
            for entry, dot, field in zip(found, found[1:], found[2:], strict=False)
            if entry.text == self.name and dot.text == "." and field.kind == "name"
        ]
        return list(dict.fromkeys(read))


def comparison(text: str) -> Comparison | None:
    """What a leaf compares, if it is a comparison."""
    found = tokens(text)
    if has_choice(found):
        return None
    for sign in (*COMPARISONS, "in"):
        if len(sides := split(found, sign)) == 2:
            return Comparison(_slice(text, sides[0]), sign, _slice(text, sides[1]))
    return None


def of_entries(text: str) -> OfEntries | None:
    """What a leaf asks of the entries of a list, if it is that."""
    found = tokens(text)
    if len(found) < 7 or found[-1].text != ")":
        return None
    begin = opening(found, len(found) - 1)
    call = found[begin - 1 : begin + 3]
    if begin < 3 or found[begin - 2].text != "." or call[0].text not in ("exists", "all", "exists_one"):
        return None
    if call[3].text != ",":
        return None
    condition = _slice(text, found[begin + 3 : -1])
    return OfEntries(_slice(text, found[: begin - 2]), call[0].text, call[2].text, condition)


def is_literal(text: str) -> bool:
    """Whether it says its own value: a text, a number, an amount, a list of them."""
    found = tokens(text)
    known = ("money", "duration", "timestamp", "true", "false", "null")
    return all(token.kind != "name" or token.text in known for token in found)
