"""What docs/emitting-actions.md shows is what the code reads."""

import json
import re
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace

import msgspec

from cercle.actions.codec import decode
from cercle.actions.files import read_csv, read_json_lines
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction
from cercle.domain.decision import Rejection

DOCUMENT = (Path(__file__).parents[3] / "docs" / "emitting-actions.md").read_text(encoding="utf-8")
ORDER_1 = RawAction(
    "shop", "order-1", "purchase", "14048", 1_772_463_600_000, {"amount": "42.90 USD", "discs": 2}
)


def block(language: str) -> str:
    """The document's example in that language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    return str(text)


def answer(value: str, headers: dict[str, str]) -> RawAction | Rejection:
    """What is read of such a record in its member's partition."""
    pairs = [(name, text.encode()) for name, text in headers.items()]
    key = b"14048"
    record = SimpleNamespace(partition=partition_of(key, 6), key=key, value=value.encode(), headers=pairs)
    return decode(record, 6)


def kcat_headers() -> dict[str, str]:
    """The headers of the kcat example."""
    return dict(re.findall(r"-H (\S+?)=(\S+)", block("sh")))


def test_json_example_is_read() -> None:
    """The value that the document shows is an action, with every field that it shows."""
    read = answer(block("json"), kcat_headers())
    assert isinstance(read, RawAction)
    assert read.fields == json.loads(block("json"))["fields"]


def test_kcat_example_is_read() -> None:
    """Headers and value of the command line."""
    (value,) = re.findall(r"echo '(.*)'", block("sh"))
    read = answer(value, kcat_headers())
    assert isinstance(read, RawAction)
    assert (read.id, read.occurred_at, read.fields) == ("order-2", ORDER_1.occurred_at, ORDER_1.fields)


def test_file_examples_are_read() -> None:
    """Both files hold the same action; CSV knows from actions.yaml which cell is money."""
    kinds = {"purchase": {"amount": "money", "discs": "integer"}}
    (action,) = read_csv(block("csv").splitlines(), UTC, kinds)
    assert action == msgspec.structs.replace(ORDER_1, fields={"amount": Money(4290, "USD"), "discs": 2})
    assert list(read_json_lines(block("jsonl").splitlines(), UTC)) == [ORDER_1]


def test_every_rejection_is_documented() -> None:
    """The codes that the reading names are those of the document's table."""
    assert decode.__doc__ is not None
    (codes,) = re.findall(r"Codes: (.*?)\.", decode.__doc__, re.DOTALL)
    documented = re.findall(r"^\| `(\w+)` \| ", DOCUMENT.partition("## What is rejected")[2], re.MULTILINE)
    assert sorted(documented) == sorted(re.split(r",\s+", codes))
