"""Brackets in a condition: what stands in none, and where one that opens is closed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cercle.rulebook.conditions.text import Token

OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


def at_top(found: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """The tokens that stand in no bracket, with their indexes; the outermost brackets are among them."""
    depth = 0
    for index, token in enumerate(found):
        depth -= token.text in CLOSING
        if depth == 0:
            yield index, token
        depth += token.text in OPENING


def has_choice(found: Sequence[Token]) -> bool:
    """Whether it is `a ? b : c` as a whole."""
    return any(token.text == "?" for _, token in at_top(found))


def split(found: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    """The parts between those `sign` that stand in no bracket; all of it where there is none."""
    edges = [-1, *(index for index, token in at_top(found) if token.text == sign), len(found)]
    return [found[begin + 1 : end] for begin, end in pairwise(edges)]


def in_parentheses(found: Sequence[Token]) -> bool:
    """Whether one pair of parentheses holds it all."""
    if len(found) < 3 or found[0].text != "(" or found[-1].text != ")":
        return False
    return [index for index, _ in at_top(found)] == [0, len(found) - 1]


def bare(found: Sequence[Token]) -> Sequence[Token]:
    """Without the parentheses that hold it all."""
    while in_parentheses(found):
        found = found[1:-1]
    return found


def opening(found: Sequence[Token], index: int) -> int:
    """Where the bracket opens that is closed at `index`; the first token where it does nowhere."""
    depth = 0
    for at in range(index, -1, -1):
        depth += (found[at].text in CLOSING) - (found[at].text in OPENING)
        if depth == 0:
            return at
    return 0


def closing(found: Sequence[Token], index: int) -> int:
    """Where the bracket is closed that opens at `index`; the last token where it is nowhere."""
    depth = 0
    for at in range(index, len(found)):
        depth += (found[at].text in OPENING) - (found[at].text in CLOSING)
        if depth == 0:
            return at
    return len(found) - 1
