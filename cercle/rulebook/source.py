"""YAML 1.2 text to plain values that remember where they stood.

Every mapping is a `Block`, every list an `Items`; they know the `Spot` of each key and value.
Numbers with a point are Decimals, exact; dates and everything else that is neither a whole
number, true, false nor null stay texts. Anchors, aliases, merge keys and tags are refused:
a rules file says what it says where it says it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[-+]?[0-9]{0,30}\.[0-9]{1,30}")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_TAGS = frozenset(
    "tag:yaml.org,2002:" + name for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)
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

    def place(self, index: int) -> Place:
        """Of the character at `index` of the text."""
        index = min(index, len(self.text))
        line = bisect_right(self._starts, index)
        start = self._starts[line - 1]
        text = self.text[start:].split("\n", 1)[0].rstrip("\r")
        return Place(self.file, line, index - start + 1, text)


@dataclass(frozen=True)
class Spot:
    """Where a value stands: characters `start` to `end` of its file. `value` is the text of a scalar."""

    source: Source
    start: int
    end: int
    value: str = ""

    def place(self, offset: int = 0) -> Place:
        """Of the character at `offset` of a text, or of the value's first character."""
        if not offset:
            return self.source.place(self._first())
        return self.source.place(self._index(offset))

    def _raw(self) -> str:
        return self.source.text[self.start : self.end]

    def _first(self) -> int:
        return self._index(0) if self._raw()[:1] in ("|", ">") else self.start

    def _index(self, offset: int) -> int:
        """Follows value and raw text side by side: quotes, escapes, indentation and folded lines differ."""
        raw, at = self._raw(), _content_start(self._raw())
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

    def blocks(self, key: str) -> list["Block"]:
        """The mappings in the list under `key`, right or wrong."""
        items = self.get(key)
        return [each for each in items if isinstance(each, Block)] if isinstance(items, Items) else []

    def keys_below(self, key: str) -> frozenset[str]:
        """The keys of the mapping under `key`: names that were meant to be declared, right or wrong."""
        below = self.get(key)
        return frozenset(below) if isinstance(below, Block) else frozenset()


class Items(list[object]):
    """A list."""

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot
        self.spots: list[Spot] = []


@dataclass
class _Reader:
    source: Source
    findings: Findings
    anchored: list[Node] = field(default_factory=list)

    def spot(self, node: Node) -> Spot:
        value = node.value if isinstance(node, ScalarNode) else ""
        return Spot(self.source, node.start_mark.index, node.end_mark.index, value)

    def read(self, node: Node) -> object:
        spot = self.spot(node)
        if node.anchor is not None:
            if node in self.anchored:
                return None
            self.anchored.append(node)
            self.findings.error(
                Code.NOT_USED_HERE,
                spot.place(),
                "anchors (`&name`) and aliases (`*name`) are not used in rules files",
            )
        if node.tag not in _TAGS:
            self.findings.error(
                Code.NOT_USED_HERE, spot.place(), f"the tag `{node.tag}` is not used in rules files"
            )
        if isinstance(node, MappingNode):
            return self.mapping(node, spot)
        if isinstance(node, SequenceNode):
            return self.sequence(node, spot)
        return scalar(node.value) if isinstance(node, ScalarNode) and node.style is None else node.value

    def sequence(self, node: SequenceNode, spot: Spot) -> Items:
        items = Items(spot)
        for each in node.value:
            items.append(self.read(each))
            items.spots.append(self.spot(each))
        return items

    def mapping(self, node: MappingNode, spot: Spot) -> Block:
        block = Block(spot)
        for key, value in self.pairs(node):
            block[key.value] = self.read(value)
            block.key_spots[key.value] = self.spot(key)
            block.value_spots[key.value] = self.spot(value)
        return block

    def pairs(self, node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
        first: dict[str, Place] = {}
        for key, value in node.value:
            place = self.spot(key).place()
            if not isinstance(key, ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self.findings.error(Code.BAD_KEY, place, "a key must be a word")
            elif key.value in first:
                line = first[key.value].line
                self.findings.error(
                    Code.KEY_TWICE, place, f"the key `{key.value}` is here twice; the first is in line {line}"
                )
            else:
                first[key.value] = place
                yield key, value


def scalar(text: str) -> object:
    """A plain (unquoted) scalar's value."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def read_yaml(source: Source, findings: Findings) -> Block | None:
    """The file's mapping; None, with the reason among the findings, when there is none to judge."""
    try:
        node = YAML(typ="safe", pure=True).compose(source.text)
    except MarkedYAMLError as error:
        findings.error(Code.NOT_YAML, _mark(source, error), _sentence(error))
        return None
    except YAMLError as error:
        index = getattr(error, "position", 0)
        findings.error(
            Code.BAD_CHARACTER, source.place(index), "this character is not allowed in a YAML file"
        )
        return None
    except RecursionError:
        findings.error(Code.TOO_LARGE, source.place(0), "lists and mappings are nested too deeply")
        return None
    except ValueError as error:
        findings.error(Code.NOT_YAML, source.place(0), f"this is not YAML: {error}")
        return None
    if not isinstance(node, MappingNode):
        findings.error(
            Code.NO_KEYS,
            source.place(node.start_mark.index if node else 0),
            "the file must hold `key: value` lines",
        )
        return None
    value = _Reader(source, findings).read(node)
    return value if isinstance(value, Block) else None


def _mark(source: Source, error: MarkedYAMLError) -> Place:
    mark = error.problem_mark or error.context_mark
    return source.place(mark.index if mark else 0)


def _sentence(error: MarkedYAMLError) -> str:
    words = ", ".join(part for part in (error.context, error.problem) if part)
    hint = ""
    if "mapping values are not allowed" in words or "but found '<scalar>'" in words:
        hint = " (a text that holds `: `, or that goes on after a quote, must stand in quotes as a whole)"
    return f"this is not YAML: {words}{hint}"
