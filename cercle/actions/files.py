"""Files of actions, read as they come: JSON lines and CSV.

JSON lines hold one action each (fields as in `cercle.actions.json_form`):

    {"id": "order-1", "source": "shop", "type": "purchase", "member_id": "ana",
     "occurred_at": "2026-03-02T10:00:00-05:00", "fields": {"amount": "42.90 USD", "discs": 2}}

CSV has a header. Every further column is a field, and an empty cell is a field left out:

    id,source,type,member_id,occurred_at,amount,discs
    order-1,shop,purchase,ana,2026-03-02T10:00:00-05:00,42.90 USD,2

`occurred_at` is RFC 3339 with a zone, or a date: the start of that day in the club's zone.
"""

import csv
import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import msgspec

from cercle.actions.attributes import fault_of
from cercle.actions.instants import instant_of, local_time, parse_instant, start_of_day
from cercle.actions.json_form import Unreadable, fields_from_json
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import Instant
from cercle.rulebook.money import parse_money

Kinds = Mapping[str, Mapping[str, object]]
"""For each action type its fields: "text", "integer", "boolean" or "money", as in actions.yaml."""

_REQUIRED = ("id", "type", "member_id", "occurred_at")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_INTEGER = re.compile(r"-?[0-9]{1,19}").fullmatch
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


class FileError(ValueError):
    """A line that cannot be read. The text names the line (from 1; a CSV's header counts) and the field."""

    def __init__(self, line: int, field: str, why: str) -> None:
        super().__init__(f"line {line}: {field} {why}" if field else f"line {line}: {why}")
        self.line = line
        self.field = field


def open_text(path: Path) -> TextIO:
    """A file of actions: UTF-8, with or without a byte-order mark; decompressed when named .gz."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    type: str
    member_id: str
    occurred_at: str
    source: str = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)


_parse_line = msgspec.json.Decoder(_Line).decode


def read_json_lines(stream: Iterable[str], zone: tzinfo, source: str = "") -> Iterator[RawAction]:
    """The actions of a file of JSON lines; blank lines are skipped. Raises FileError.

    `source` is for lines that name none; `zone` is the club's, for plain dates.
    """
    for number, text in _numbered(stream):
        if text.strip():
            yield _from_line(number, text, zone, source)


def _from_line(number: int, text: str, zone: tzinfo, source: str) -> RawAction:
    try:
        line = _parse_line(text)
        fields = fields_from_json(line.fields)
    except Unreadable as wrong:
        raise FileError(number, wrong.field, wrong.why) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as wrong:
        raise FileError(number, "", f"this is no action in JSON: {wrong}") from None
    occurred_at = _instant(number, line.occurred_at, zone)
    action = RawAction(line.source or source, line.id, line.type, line.member_id, occurred_at, fields)
    return _checked(number, action)


def read_csv(stream: Iterable[str], zone: tzinfo, kinds: Kinds, source: str = "") -> Iterator[RawAction]:
    """The actions of a CSV file; blank lines are skipped. Raises FileError.

    `kinds` says what a type's cells are; `source` is for rows that name none, `zone` for plain dates.
    """
    rows = _rows(stream)
    number, header = next(rows, (1, []))
    table = _Table(number, header, kinds)
    for number, row in rows:
        yield table.action(number, row, zone, source)


def shift(actions: Iterable[RawAction], days: int, zone: tzinfo) -> Iterator[RawAction]:
    """The same actions, at the same time of day `days` later by the club's calendar."""
    for action in actions:
        moved = local_time(action.occurred_at, zone) + timedelta(days=days)
        yield msgspec.structs.replace(action, occurred_at=instant_of(moved))


# ---- lines ------------------------------------------------------------------------


def _numbered(stream: Iterable[str]) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for number, text in enumerate(stream, start=1):
            yield number, text
    except UnicodeDecodeError:
        raise FileError(number + 1, "", "this is not UTF-8 text") from None


def _rows(stream: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of its last line."""
    reader = csv.reader((text for _, text in _numbered(stream)), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as wrong:
        raise FileError(reader.line_num, "", f"this is no CSV: {wrong}") from None


def _instant(number: int, text: str, zone: tzinfo) -> Instant:
    instant = parse_instant(text)
    if instant is None:
        instant = _start_of_day(text, zone)
    if instant is None:
        why = "must be RFC 3339 with a zone, such as 2026-03-02T10:00:00-05:00, or a date, such as 2026-03-02"
        raise FileError(number, "occurred_at", why)
    return instant


@lru_cache(4096)
def _start_of_day(text: str, zone: tzinfo) -> Instant | None:
    if _DATE(text) is None:
        return None
    try:
        return start_of_day(date.fromisoformat(text), zone)
    except ValueError:
        return None


def _checked(number: int, action: RawAction) -> RawAction:
    fault = fault_of(action)
    if fault is not None:
        raise FileError(number, *fault)
    return action


# ---- CSV --------------------------------------------------------------------------


def _integer(cell: str) -> int:
    if _INTEGER(cell) is None or not _INT64_MIN <= int(cell) <= _INT64_MAX:
        raise ValueError("must be an integer of at most 64 bits")
    return int(cell)


def _boolean(cell: str) -> bool:
    if cell not in ("true", "false"):
        raise ValueError("must be true or false")
    return cell == "true"


def _money(cell: str) -> Money:
    amount = parse_money(cell)
    if amount is None:
        raise ValueError("must be an amount with the decimals of its currency, such as 42.90 USD")
    return Money(*amount)


_Reader = Callable[[str], RawField]
_READERS: dict[str, _Reader] = {
    "text": str,
    "integer": _integer,
    "boolean": _boolean,
    "money": _money,
}


class _Table:
    """What the header of a CSV file and the club say of its rows."""

    def __init__(self, number: int, header: list[str], kinds: Kinds) -> None:
        self._columns = {name: index for index, name in enumerate(header)}
        self._width = len(header)
        self._kinds = kinds
        for name in _REQUIRED:
            if name not in self._columns:
                raise FileError(number, name, "is missing: the first line must name the columns")
        if len(self._columns) < self._width:
            raise FileError(number, "", "two columns have the same name")

    def action(self, number: int, row: list[str], zone: tzinfo, source: str) -> RawAction:
        """The action in a row. Raises FileError."""
        if len(row) != self._width:
            raise FileError(number, "", f"the header has {self._width} cells, and this row {len(row)}")
        cells = {name: cell for name, cell in zip(self._columns, row, strict=True) if cell}
        action_id, action_type, member_id, time = (cells.pop(name, "") for name in _REQUIRED)
        source = cells.pop("source", source)
        occurred_at = _instant(number, time, zone)
        fields = self._fields(number, action_type, cells)
        return _checked(number, RawAction(source, action_id, action_type, member_id, occurred_at, fields))

    def _fields(self, number: int, action_type: str, cells: dict[str, str]) -> dict[str, RawField]:
        kinds = self._kinds.get(action_type)
        if kinds is None:
            known = ", ".join(sorted(self._kinds))
            raise FileError(number, "type", f"must be one of {known}, and this is {action_type!r}")
        fields: dict[str, RawField] = {}
        for name, cell in cells.items():
            kind = kinds.get(name)
            read = _READERS.get(kind) if isinstance(kind, str) else None
            if read is None:
                raise FileError(number, name, f"is no field of {action_type} that a cell can hold")
            try:
                fields[name] = read(cell)
            except ValueError as wrong:
                raise FileError(number, name, str(wrong)) from None
        return fields
