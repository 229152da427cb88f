"""A rules file's text to a `Block`, by YAML 1.2.

Anchors, aliases, tags and several documents are refused: a rules file says what it says where it
says it. So is what is too large or nested too deeply to be judged at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.text.characters import (
    Mistake,
    curly,
    document_end,
    not_allowed,
    tab,
    unbreakable,
)
from cercle.rulebook.text.events import (
    ALIAS,
    DOCUMENT,
    END,
    KIND,
    MAPPING,
    NOT_ALLOWED,
    SCALAR,
    Parse,
    UnreadableError,
    parsers,
    plain_blanks,
)
from cercle.rulebook.text.mistakes import misread, mistake, without_value
from cercle.rulebook.text.source import Block, Items, Source, Spot, scalar

MOST_CHARACTERS = 2_000_000
"""Of one file: some 10,000 rules."""
MOST_DEPTH = 50
"""Of lists and mappings in each other."""


MOST_VALUES = 200_000
"""Keys and values of one file."""
MOST_ERRORS = 1_000
"""Of one file as a text; who has more of them mends these first."""


class _TooLargeError(Exception):
    """From the character at `index` on."""

    def __init__(self, index: int, why: str) -> None:
        super().__init__(why)
        self.index = index


def read_file(name: str, text: str, findings: Findings) -> Block | None:
    """As `read_yaml`, without the byte order mark that some editors put first."""
    return read_yaml(Source(name, text.removeprefix("\ufeff")), findings)


def read_yaml(source: Source, findings: Findings) -> Block | None:
    """The file's mapping; None, with the reason among the findings, when there is none to judge."""
    if len(source.text) > MOST_CHARACTERS:
        sentence = f"the file has more than {MOST_CHARACTERS} characters; make it smaller"
        findings.error(Code.TOO_LARGE, source.place(0), sentence)
        return None
    bad = NOT_ALLOWED.search(source.text)
    mistaken = not_allowed(source.text, bad.start()) if bad else _misprint(source.text)
    if mistaken:
        _note(mistaken, source, findings)
        return None
    return _read(source, parsers(source.text), findings)


def _misprint(text: str) -> Mistake | None:
    """What parsers would say less well, or differently."""
    return tab(text) or unbreakable(text) or document_end(text)


def _read(source: Source, parses: tuple[Parse, ...], findings: Findings) -> Block | None:
    found = Findings()
    try:
        block = Reader(source, found, parses[0](plain_blanks(source.text))).document()
    except _TooLargeError as error:
        found.error(Code.TOO_LARGE, source.place(error.index), str(error))
        block = None
    except UnreadableError as error:
        if parses[1:]:
            return _read(source, parses[1:], findings)
        _refuse(mistake(source.text, error.index, error.opened, error.problem), source, found)
        block = None
    findings.errors += found.errors
    return block


def _refuse(why: Mistake, source: Source, found: Findings) -> None:
    """Unless what was found in that line says it better."""
    place = source.place(why.start)
    same_line = [each.place.column for each in found.errors if each.place.line == place.line]
    if place.column not in same_line and not (same_line and why.code == Code.NOT_YAML):
        _note(why, source, found)


def _note(found: Mistake, source: Source, findings: Findings) -> None:
    findings.error(found.code, source.place(found.start, found.length), found.sentence)


@dataclass
class Reader:
    """Follows a parser's events."""

    source: Source
    findings: Findings
    events: Iterator[Any]
    depth: int = 0
    values: int = 0
    run_together: Block | None = None
    """An entry of a list with the next one in it, whose `-` is missing."""

    def document(self) -> Block | None:
        """The mapping of the first document, which must be the only one."""
        found: list[tuple[object, Spot]] = []
        for event in self.events:
            kind = KIND.get(type(event))
            if kind == DOCUMENT and found:
                at = self.source.place(event.start_mark.index, 3)
                sentence = "a rules file is one document, and `---` begins a second; take this line out"
                self.findings.error(Code.NOT_USED_HERE, at, sentence)
            elif kind is not None and kind != DOCUMENT:
                found.append(self.read(event, kind))
        value, spot = found[0] if found else (None, Spot(self.source, 0, 0))
        if isinstance(value, Block):
            return value
        self.findings.error(Code.NO_KEYS, spot.place(), "the file must hold `key: value` lines")
        return None

    def read(self, event: Any, kind: int) -> tuple[object, Spot]:
        """The value that begins with `event`, and where it stands."""
        start = event.start_mark.index
        self.values += 1
        if self.values > MOST_VALUES:
            raise _TooLargeError(start, f"the file holds more than {MOST_VALUES} keys and values")
        if len(self.findings.errors) >= MOST_ERRORS:
            raise _TooLargeError(start, f"there are more than {MOST_ERRORS} errors; mend these first")
        named = kind == ALIAS or event.anchor is not None or event.tag is not None
        if named:
            _note(misread(self.source.text, start), self.source, self.findings)
        if named and kind in (ALIAS, SCALAR):
            return "*", Spot(self.source, start, event.end_mark.index, "*")
        if kind == SCALAR:
            return self.scalar(event, Spot(self.source, start, event.end_mark.index, event.value))
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _TooLargeError(start, f"lists and mappings are nested more than {MOST_DEPTH} deep here")
        read = self.mapping(event, start) if kind == MAPPING else self.sequence(event, start)
        self.depth -= 1
        return read, read.spot

    def scalar(self, event: Any, spot: Spot) -> tuple[object, Spot]:
        value: str = event.value
        if event.style:
            if bad := NOT_ALLOWED.search(value):
                place = spot.place(bad.start())
                self.findings.error(Code.BAD_CHARACTER, place, not_allowed(value, bad.start()).sentence)
                value = NOT_ALLOWED.sub("\ufffd", value)
                spot = spot._replace(value=value)
            return value, spot
        if mistaken := curly(value, spot.start):
            _note(mistaken, self.source, self.findings)
        return scalar(value), spot

    def next(self) -> tuple[Any, int]:
        """The next event that matters."""
        event = next(self.events)
        return event, KIND[type(event)]

    def sequence(self, begin: Any, start: int) -> Items:
        values, spots = list[object](), list[Spot]()
        event, kind = self.next()
        while kind != END:
            value, spot = self.read(event, kind)
            if value is None:
                spot = spot if spot.value else Spot(self.source, start, start)
                sentence = f"item {len(values) + 1} of this list has no value; write one, or take it out"
                self.findings.error(Code.MISSING_VALUE, spot.place(), sentence)
            values.append(value)
            spots.append(spot)
            event, kind = self.next()
        end = event.end_mark.index if begin.flow_style or not spots else spots[-1].end
        items = Items(Spot(self.source, start, end))
        items.extend(values)
        items.spots = spots
        return items

    def mapping(self, begin: Any, start: int) -> Block:
        block = Block(Spot(self.source, start, start))
        end = start
        event, kind = self.next()
        while kind != END:
            key, key_spot = self.key(event, kind)
            value, spot = self.read(*self.next())
            if value is None and not spot.value:
                spot = key_spot
            end = spot.end
            if key is not None:
                self.add(block, key, key_spot, value, spot)
            event, kind = self.next()
        block.spot = Spot(self.source, start, event.end_mark.index if begin.flow_style else end)
        return block

    def key(self, event: Any, kind: int) -> tuple[str | None, Spot]:
        """The key's text; None when it is none."""
        errors = len(self.findings.errors)
        _, spot = self.read(event, kind)
        sentence = "a key must be a word"
        if kind == SCALAR and event.value:
            if event.style or event.value[0] != "-":
                return spot.value, spot
            sentence = f"a blank is missing after the `-`; write `- {event.value[1:].lstrip()[:60]}: ...`"
        elif kind == SCALAR:
            sentence = "a key is missing before this colon"
            spot = Spot(self.source, spot.start, spot.start)
        del self.findings.errors[errors:]
        self.findings.error(Code.BAD_KEY, spot.place(), sentence)
        return None, spot

    def add(self, block: Block, key: str, key_spot: Spot, value: object, spot: Spot) -> None:
        if key in block.key_spots:
            if block is self.run_together:
                return
            line = block.key_spots[key].place().line
            sentence = f"the key `{key}` is here twice; the first is in line {line}"
            if key == "id" and isinstance(value, str):
                self.run_together = block
                sentence += f"; if another entry begins here, write `- id: {value[:60]}`"
            self.findings.error(Code.KEY_TWICE, key_spot.place(), sentence)
            return
        if value is None and self.without_value(block, key_spot, spot):
            self.join(block, key_spot)
            return
        block[key] = value
        block.key_spots[key] = key_spot
        block.value_spots[key] = spot

    def without_value(self, block: Block, key_spot: Spot, spot: Spot) -> bool:
        """Notes the key, or that a comma has cut a text in braces in two (then it is true: no key at all)."""
        following = self.source.text[key_spot.end : key_spot.end + 200].lstrip()[:1]
        if spot is not key_spot or following == ":":
            sentence = f"`{key_spot.value}` has no value; write one after the colon, or take the key out"
            self.findings.error(Code.MISSING_VALUE, key_spot.place(), sentence)
            return False
        last = next(reversed(block.value_spots.values()), None)
        plain = last is not None and last.value and last.raw[:1] not in ("'", '"')
        before = (last.start, last.end) if last is not None and plain else None
        found = without_value(self.source.text, key_spot.start, key_spot.end, before)
        place = self.source.place(found.start, found.length)
        last_error = self.findings.errors[-1].place if self.findings.errors else place
        if (last_error.line, last_error.column) == (place.line, place.column):
            del self.findings.errors[-1:]  # of the same text, up to the comma before this one
        self.findings.error(found.code, place, found.sentence)
        return found.start < key_spot.start

    def join(self, block: Block, key_spot: Spot) -> None:
        """What a comma has cut in two is one text again, so that nothing is told of its halves."""
        key, before = next(reversed(block.value_spots.items()))
        whole = self.source.text[before.start : key_spot.end]
        block[key] = whole
        block.value_spots[key] = Spot(self.source, before.start, key_spot.end, whole)
