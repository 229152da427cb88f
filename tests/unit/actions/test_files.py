"""Files of actions: what they hold is read exactly, and what cannot be read names its line and field."""

import gzip
import json
from datetime import date, timedelta
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.actions.files import FileError, open_text, read_csv, read_json_lines, shift
from cercle.actions.instants import local_time, start_of_day
from cercle.domain.action import Money, RawAction

NEW_YORK = ZoneInfo("America/New_York")
KINDS: dict[str, dict[str, object]] = {
    "purchase": {"amount": "money", "discs": "integer", "items": {"sku": "text"}},
    "review_written": {"product": "text", "recommends": "boolean"},
}
LINE = {
    "id": "order-1",
    "source": "shop",
    "type": "purchase",
    "member_id": "ana",
    "occurred_at": "1997-01-01",
    "fields": {"amount": "11.77 USD", "discs": 2},
}
FROM_JSON = RawAction(
    "shop", "order-1", "purchase", "ana", 852_094_800_000, {"amount": "11.77 USD", "discs": 2}
)
FROM_CSV = RawAction(
    "shop", "order-1", "purchase", "ana", 852_094_800_000, {"amount": Money(1177, "USD"), "discs": 2}
)


def json_lines(*lines: dict[str, Any]) -> list[RawAction]:
    """What is read of these lines, in a club of New York, from the source `till`."""
    return list(read_json_lines([json.dumps(line) for line in lines], NEW_YORK, "till"))


def csv_rows(text: str, source: str = "till") -> list[RawAction]:
    """What is read of this CSV file, in a club of New York."""
    return list(read_csv(StringIO(text), NEW_YORK, KINDS, source))


def test_json_line_is_read() -> None:
    """A plain date is the start of the club's day; a zone of its own goes before; blank lines are nothing."""
    assert json_lines(LINE) == [FROM_JSON]
    assert json_lines({**LINE, "occurred_at": "1997-01-01T05:00:00Z"}) == [FROM_JSON]
    assert list(read_json_lines(["\n", json.dumps(LINE) + "\n", "  "], NEW_YORK)) == [FROM_JSON]


def test_json_line_without_source_has_the_default() -> None:
    """The source may be left out where the caller names one."""
    bare = {name: value for name, value in LINE.items() if name != "source"}
    assert json_lines(bare)[0].source == "till"
    with pytest.raises(FileError, match="line 1: source must have"):
        list(read_json_lines([json.dumps(bare)], NEW_YORK))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"type": ""}, "type"),
        ({"member_id": "m" * 129}, "member_id"),
        ({"occurred_at": "1997-01-01T00:00:00"}, "occurred_at"),
        ({"occurred_at": "1997-02-29"}, "occurred_at"),
        ({"occurred_at": "19970101"}, "occurred_at"),
        ({"fields": {"discs": 1.5}}, "discs"),
        ({"fields": {"items": [{"sku": None}]}}, "items.1.sku"),
        ({"id": 7}, ""),
        ({"feilds": {}}, ""),
    ],
)
def test_json_fault_names_line_and_field(change: dict[str, Any], field: str) -> None:
    """The error says which line (from 1) and which field."""
    with pytest.raises(FileError) as caught:
        json_lines(LINE, {**LINE, **change})
    assert (caught.value.line, caught.value.field) == (2, field)
    assert str(caught.value).startswith(f"line 2: {field}")


def test_text_that_is_no_json_names_its_line() -> None:
    """A torn line, a line nested without end, and bytes that are no UTF-8 are errors of their line."""
    for torn in ('{"id":', '{"fields":' * 50_000, '"\ud800"'):
        with pytest.raises(FileError, match="line 2: "):
            list(read_json_lines([json.dumps(LINE), torn], NEW_YORK))
    binary = TextIOWrapper(BytesIO(json.dumps(LINE).encode() + b"\n\xff\xff\n"), encoding="utf-8")
    with pytest.raises(FileError, match="UTF-8"):
        list(read_json_lines(binary, NEW_YORK))


def test_csv_is_read() -> None:
    """Cells are typed by the club's fields; quotes, blank lines, empty cells and any order of columns."""
    text = (
        "type,member_id,id,occurred_at,source,amount,discs,product,recommends\n"
        "purchase,ana,order-1,1997-01-01,shop,11.77 USD,2,,\n\n"
        'review_written,bob,r-1,1997-01-01T00:00:00-05:00,,,,"Kind of, ""Blue""",true\n'
    )
    assert csv_rows(text) == [
        FROM_CSV,
        RawAction(
            "till",
            "r-1",
            "review_written",
            "bob",
            852_094_800_000,
            {"product": 'Kind of, "Blue"', "recommends": True},
        ),
    ]


HEADER = "id,type,member_id,occurred_at,amount,discs,items,recommends"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",purchase,ana,1997-01-01,,,,", "id"),
        ("1,purchse,ana,1997-01-01,,,,", "type"),
        ("1,purchase,,1997-01-01,,,,", "member_id"),
        ("1,purchase,ana,,,,,", "occurred_at"),
        ("1,purchase,ana,1997-01-01,11.77,,,", "amount"),
        ("1,purchase,ana,1997-01-01,11.777 USD,,,", "amount"),
        ("1,purchase,ana,1997-01-01,,1_0,,", "discs"),
        ("1,purchase,ana,1997-01-01,,9223372036854775808,,", "discs"),
        ("1,purchase,ana,1997-01-01,,,x,", "items"),
        ("1,purchase,ana,1997-01-01,,,,true", "recommends"),
        ("1,review_written,ana,1997-01-01,,,,yes", "recommends"),
        ("1,purchase,ana,1997-01-01,,,", ""),
        ('1,purchase,"ana"x,1997-01-01,,,,', ""),
    ],
)
def test_csv_fault_names_line_and_field(row: str, field: str) -> None:
    """The error says which line (the header is line 1) and which column."""
    with pytest.raises(FileError) as caught:
        csv_rows(f"{HEADER}\n{row}\n")
    assert (caught.value.line, caught.value.field) == (2, field)
    assert str(caught.value).startswith(f"line 2: {field}")


def test_csv_names_its_columns() -> None:
    """A file without its header, or with a column twice, is refused at once."""
    with pytest.raises(FileError, match="line 1: id is missing"):
        csv_rows("")
    with pytest.raises(FileError, match="line 1: member_id is missing"):
        csv_rows("id,type,occurred_at\n")
    with pytest.raises(FileError, match="same name"):
        csv_rows("id,type,member_id,occurred_at,id\n")
    assert csv_rows(f"{HEADER}\n") == []


def test_csv_without_source_says_so() -> None:
    """Neither a column nor a default: the error names the source."""
    with pytest.raises(FileError, match="line 2: source"):
        csv_rows(f"{HEADER}\n1,purchase,ana,1997-01-01,,,,\n", source="")


def test_files_are_opened_whatever_their_dress(tmp_path: Path) -> None:
    """Plain, compressed, with a byte-order mark as spreadsheets write it: the same actions."""
    text = f"{HEADER}\n1,purchase,ana,1997-01-01,11.77 USD,2,,\n".encode()
    (tmp_path / "plain.csv").write_bytes(text)
    (tmp_path / "marked.csv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text))
    for path in tmp_path.iterdir():
        with open_text(path) as stream:
            assert [action.id for action in read_csv(stream, NEW_YORK, KINDS, "till")] == ["1"]


@given(st.dates(date(1971, 1, 1), date(2000, 1, 1)), st.integers(-300, 12_000))
def test_shifted_day_is_that_many_days_away(day: date, days: int) -> None:
    """A plain date stays the start of a day by the club's clocks, summer or winter; the rest is kept."""
    action = RawAction("s", "i", "t", "m", start_of_day(day, NEW_YORK), {"discs": 1})
    (moved,) = shift([action], days, NEW_YORK)
    assert moved.occurred_at == start_of_day(day + timedelta(days=days), NEW_YORK)
    assert (moved.source, moved.id, moved.fields) == ("s", "i", {"discs": 1})


def test_shifted_time_of_day_is_kept() -> None:
    """An hour of the evening stays that hour, over a change of the clocks."""
    action = RawAction("s", "i", "t", "m", start_of_day(date(1997, 1, 1), NEW_YORK) + 20 * 3_600_000, {})
    (moved,) = shift([action], 180, NEW_YORK)
    assert local_time(moved.occurred_at, NEW_YORK).isoformat() == "1997-06-30T20:00:00-04:00"
