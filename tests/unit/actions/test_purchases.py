"""The sample club's purchases: what the file holds, and how it was made of the data set."""

import gzip
import runpy
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cercle.actions.files import open_text, read_csv
from cercle.actions.instants import parse_instant
from cercle.domain.action import Money, RawAction

RECORDS = Path(__file__).parents[3] / "clubs" / "records"
NEW_YORK = ZoneInfo("America/New_York")
KINDS = {"purchase": {"amount": "money", "discs": "integer"}}


@pytest.fixture(scope="module")
def purchases() -> list[RawAction]:
    """All of them, as they are emitted."""
    with open_text(RECORDS / "purchases.csv.gz") as stream:
        return list(read_csv(stream, NEW_YORK, KINDS, "cdnow"))


def test_purchases_are_all_there(purchases: list[RawAction]) -> None:
    """69,659 purchases of 23,570 members; each has an id of its own, though 255 rows are equal to another."""
    assert len(purchases) == 69_659
    assert {one.id for one in purchases} == {f"cdnow-{number:05}" for number in range(1, 69_660)}
    assert {one.member_id for one in purchases} == {str(number) for number in range(1, 23_571)}
    rows = Counter(
        (one.member_id, one.occurred_at, *sorted(map(str, one.fields.values()))) for one in purchases
    )
    assert sum(count - 1 for count in rows.values()) == 255


def test_purchases_are_in_the_order_of_time(purchases: list[RawAction]) -> None:
    """By day, then by row number, from 1 January 1997 to 30 June 1998 in New York."""
    assert all(
        (one.occurred_at, one.id) < (next_.occurred_at, next_.id) for one, next_ in pairwise(purchases)
    )
    assert purchases[0].occurred_at == parse_instant("1997-01-01T00:00:00-05:00")
    assert purchases[-1].occurred_at == parse_instant("1998-06-30T00:00:00-04:00")
    assert purchases[0].fields == {"amount": Money(1177, "USD"), "discs": 1}


def converter() -> dict[str, Any]:
    """The converter's functions."""
    return runpy.run_path(str(RECORDS / "purchases.py"))


def test_converter_keeps_equal_rows_and_sorts_by_day() -> None:
    """Ids count the data set's rows; member ids lose their zeros; rows go by day, then by number."""
    tools = converter()
    lines = [
        " 00002 19970112  1   12.00\r\n",
        " 00010 19970101  5   77.00\r\n",
        " 00002 19970112  1   12.00\r\n",
    ]
    assert gzip.decompress(tools["compressed"](tools["purchases"](lines))).decode().splitlines() == [
        "id,type,member_id,occurred_at,amount,discs",
        "cdnow-00002,purchase,10,1997-01-01,77.00 USD,5",
        "cdnow-00001,purchase,2,1997-01-12,12.00 USD,1",
        "cdnow-00003,purchase,2,1997-01-12,12.00 USD,1",
    ]


def test_file_is_what_the_converter_makes(purchases: list[RawAction]) -> None:
    """Written back in the data set's form and converted again, the purchases are the same file."""
    tools = converter()
    with open_text(RECORDS / "purchases.csv.gz") as stream:
        text = stream.read()
    rows = sorted(line.split(",") for line in text.splitlines()[1:])
    master = [f" {int(row[2]):05} {row[3].replace('-', '')} {row[5]} {row[4].split()[0]}" for row in rows]
    assert len(master) == len(purchases)
    assert gzip.decompress(tools["compressed"](tools["purchases"](master))).decode() == text
