"""The values of a YAML file, which remember where they stood.

Every mapping is a `Block`, every list an `Items`; they know the `Spot` of each key and value.
Numbers with a point are Decimals, exact; dates and everything else that is neither a whole
number, true, false nor null stay texts. `reader` makes them.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from cercle.rulebook.diagnostics import Place

LONGEST_SHOWN = 1_000
"""Characters of a line that is printed with an error."""

NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What would write over a terminal, or cannot be written."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[-+]?[0-9]{0,30}\.[0-9]{1,30}")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_BLANK = re.compile(r"\s*")
_ESCAPED_LINE_END_OR_BLANK = re.compile(r"(?:\s|\\\r?\n)*")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|\r?\n[ \t]*|.)", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A file's name and text."""

    file: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\n", self.text))]

    def place(self, index: int, length: int = 1) -> Place:
        """Of `length` characters from `index` of the text on; a very long line is not shown with it."""
        index = min(index, len(self.text))
        line = bisect_right(self._starts, index)
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        text = self.text[start:end].rstrip("\r") if end - start <= LONGEST_SHOWN else ""
        text = NOT_SHOWN.sub("\ufffd", text)
        return Place(self.file, line, index - start + 1, text, max(1, min(length, end - index)))


class Spot(NamedTuple):
    """Where a value stands: characters `start` to `end` of its file. `value` is the text of a scalar."""

    source: Source
    start: int
    end: int
    value: str = ""

    def place(self, offset: int | None = None, length: int = 1) -> Place:
        """Of `length` characters from `offset` of a text on; without an offset, of the whole value."""
        if offset is None:
            first = self._first()
            return self.source.place(first, len(self.raw[first - self.start :].rstrip()))
        index = self._index(offset)
        last = self._index(offset + length - 1) if length > 1 else index
        return self.source.place(index, last - index + 1)

    @property
    def raw(self) -> str:
        """As it is written in the file."""
        return self.source.text[self.start : self.end]

    def _first(self) -> int:
        return self._index(0) if self.raw[:1] in ("|", ">") else self.start

    def _index(self, offset: int) -> int:
        """Follows value and raw text side by side: quotes, escapes, indentation and folded lines differ."""
        raw = self.raw
        at = _content_start(raw)
        for letter in self.value[:offset]:
            at = _past(raw, _at(raw, at, letter), letter)
        letter = self.value[offset] if offset < len(self.value) else " "
        return self.start + min(_at(raw, at, letter), len(raw))


def _content_start(raw: str) -> int:
    if raw[:1] in ("|", ">"):
        return raw.find("\n") + 1
    return 1 if raw[:1] in ("'", '"') else 0


def _at(raw: str, at: int, letter: str) -> int:
    """Where `letter` of the value is in `raw`, from `at` on: past blanks and escaped line ends."""
    skipped = _ESCAPED_LINE_END_OR_BLANK if raw[:1] == '"' else _BLANK
    return at if letter.isspace() else skipped.match(raw, at).end()  # type: ignore[union-attr]  # both match ""


def _past(raw: str, at: int, letter: str) -> int:
    if raw[:1] == '"' and (escape := _ESCAPE.match(raw, at)):
        return escape.end()
    if raw[:1] == "'" and raw.startswith("''", at):
        return at + 2
    if letter.isspace() and not raw[at : at + 1].isspace():
        return at
    return at + 1


class Block(dict[str, object]):
    """A mapping. `model` is set by the pydantic model (its class) that read it and knows its keys."""

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot
        self.key_spots: dict[str, Spot] = {}
        self.value_spots: dict[str, Spot] = {}
        self.model: type | None = None

    def at(self, key: str) -> Place:
        """Where the value of `key` begins."""
        return self.value_spots[key].place()

    def item_at(self, key: str, item: object) -> Place:
        """Where `item` stands in the list under `key`."""
        items = self[key]
        return items.spots[items.index(item)].place() if isinstance(items, Items) else self.at(key)

    def within(self) -> Iterator["Block"]:
        """This mapping and all that are in it, in the order of the file."""
        waiting: list[Block | Items] = [self]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Block):
                yield each
            values = each.values() if isinstance(each, Block) else each
            waiting.extend(reversed([value for value in values if isinstance(value, (Block, Items))]))

    def blocks(self, key: str) -> list["Block"]:
        """The mappings in the list under `key`, right or wrong."""
        items = self.get(key)
        return [each for each in items if isinstance(each, Block)] if isinstance(items, Items) else []

    def keys_below(self, key: str) -> frozenset[str]:
        """The keys of the mapping under `key`: names that were meant to be declared, right or wrong."""
        below = self.get(key)
        return frozenset(below) if isinstance(below, Block) else frozenset()

    def is_misread(self, key: str) -> bool:
        """Whether something is under `key` that is no mapping, so that nobody knows the names it declares."""
        return self.get(key) is not None and not isinstance(self[key], Block)


class Items(list[object]):
    """A list."""

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot
        self.spots: list[Spot] = []


def scalar(text: str) -> object:
    """A plain (unquoted) scalar's value."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
