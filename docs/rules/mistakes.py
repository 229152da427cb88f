"""The text of mistakes.md, from the table of mistakes that the tests play.

The table: `=== title`, a sentence why it happens, `--- file` with its text for each wrong file,
`--- expected` with what is printed, `--- right file` for each right one. Its first entry is the club.
"""

import re
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).resolve().parents[2] / "tests" / "unit" / "rulebook" / "mistakes.txt"

_INTRODUCTION = """\
# Mistakes that everybody makes once

Each with the wrong file, exactly what `cercle rules check` prints, and the right file. \
Every message begins with the file, the line and the column; below it are the line, and carets under \
what is meant. The code, such as `R0203`, is the name of a [page](errors/README.md).

Made by `make rules-docs`; a test plays each mistake and compares what is printed.
"""


class Mistake(NamedTuple):
    """`wrong` and `right`: file names to texts, which are added to the club or replace its own."""

    title: str
    why: str
    wrong: dict[str, str]
    printed: str
    right: dict[str, str]


def table() -> tuple[dict[str, str], list[Mistake]]:
    """The club that the mistakes are made in, and the mistakes."""
    club, *mistakes = (
        _mistake(each) for each in TABLE.read_text(encoding="utf-8").removeprefix("=== ").split("\n=== ")
    )
    return club.wrong, mistakes


def _mistake(entry: str) -> Mistake:
    head, *parts = entry.rstrip("\n").split("\n--- ")
    title, _, why = head.partition("\n")
    files = {name: f"{text}\n" for name, _, text in (part.partition("\n") for part in parts)}
    printed = files.pop("expected", "")
    right = {name.removeprefix("right "): text for name, text in files.items() if name.startswith("right ")}
    wrong = {name: text for name, text in files.items() if not name.startswith("right ")}
    return Mistake(title, why, wrong, printed, right)


def mistakes() -> str:
    """The page."""
    club, found = table()
    parts = [_INTRODUCTION, *(_shown(number, each) for number, each in enumerate(found, 1))]
    parts.append("## The club of the examples\n\nEach file of a mistake replaces the one of this club.\n")
    return "\n".join([*parts, _files(club)])


def _shown(number: int, mistake: Mistake) -> str:
    return "\n".join(
        [
            f"## {number}. {mistake.title}\n\n{mistake.why}\n",
            _files(mistake.wrong),
            f"```text\n{mistake.printed}```\n",
            f"More: {_pages(mistake.printed)}.\n",
            _files(mistake.right, "Right, "),
        ]
    )


def _pages(printed: str) -> str:
    codes = dict.fromkeys(re.findall(r": (?:error|warning) (R[0-9]{4}): ", printed))
    return ", ".join(f"[{code}](errors/{code}.md)" for code in codes)


def _files(files: dict[str, str], before: str = "") -> str:
    return "\n".join(f"{before}`{name}`:\n\n```yaml\n{text}```\n" for name, text in files.items())
