"""A condition taken apart at its `&&`, `||` and `!`: the parts that decide it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Union

from cercle.rulebook.conditions.text import Token, tokens

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


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


def tree(condition: str) -> Tree:
    """Of a sound condition. `a ? b : c` is one part."""
    return _tree(condition, tokens(condition))


def _tree(text: str, found: Sequence[Token]) -> Tree:
    if not _splits(found, "?"):
        for sign in ("||", "&&"):
            if cuts := _splits(found, sign):
                return Junction(sign == "&&", tuple(_tree(text, part) for part in _parts(found, cuts)))
    if found and found[0].text == "!" and _is_whole(found[1:]):
        return Not(_slice(text, found), _tree(text, found[1:]))
    if found and found[0].text == "(" and _closing(found, 0) == len(found) - 1:
        return _tree(text, found[1:-1])
    return Leaf(_slice(text, found))


def _splits(found: Sequence[Token], sign: str) -> list[int]:
    """Where `sign` stands outside all brackets."""
    depth, splits = 0, []
    for index, token in enumerate(found):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and token.text == sign:
            splits.append(index)
    return splits


def _parts(found: Sequence[Token], cuts: Sequence[int]) -> list[Sequence[Token]]:
    edges = [-1, *cuts, len(found)]
    return [found[begin + 1 : end] for begin, end in pairwise(edges)]


def _is_whole(found: Sequence[Token]) -> bool:
    """Whether `!` before these turns all of them round: no sign stands outside brackets but points."""
    depth = 0
    for token in found:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        outside = depth == 0 and token.text not in _CLOSING
        if outside and (token.text == "in" or (token.kind == "sign" and token.text not in (".", "!"))):
            return False
    return bool(found)


def _closing(found: Sequence[Token], index: int) -> int:
    depth = 0
    for at in range(index, len(found)):
        depth += (found[at].text in _OPENING) - (found[at].text in _CLOSING)
        if depth == 0:
            return at
    return -1


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


_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")


def comparison(text: str) -> Comparison | None:
    """What a leaf compares, if it is a comparison."""
    found = tokens(text)
    for sign in _COMPARISONS:
        if len(cuts := _splits(found, sign)) == 1 and not _splits(found, "?"):
            left, right = _parts(found, cuts)
            return Comparison(_slice(text, left), sign, _slice(text, right))
    return None


def of_entries(text: str) -> OfEntries | None:
    """What a leaf asks of the entries of a list, if it is that."""
    found = tokens(text)
    if len(found) < 7 or found[-1].text != ")":
        return None
    opening = next((at for at, token in enumerate(found) if _closing(found, at) == len(found) - 1), 0)
    call = found[opening - 1 : opening + 3]
    if opening < 3 or found[opening - 2].text != "." or call[0].text not in ("exists", "all", "exists_one"):
        return None
    if call[3].text != ",":
        return None
    condition = _slice(text, found[opening + 3 : -1])
    return OfEntries(_slice(text, found[: opening - 2]), call[0].text, call[2].text, condition)


def is_literal(text: str) -> bool:
    """Whether it says its own value: a text, a number, an amount, a list of them."""
    found = tokens(text)
    known = ("money", "duration", "timestamp", "true", "false", "null")
    return all(token.kind != "name" or token.text in known for token in found)
