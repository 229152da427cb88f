"""How errors and warnings of rules files are printed: for people, and for machines."""

import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cercle.rulebook.codes import Severity
from cercle.rulebook.diagnostics import Diagnostic, Place

COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


class Format(StrEnum):
    """`auto`: rich on a terminal, plain elsewhere."""

    AUTO = "auto"
    RICH = "rich"
    PLAIN = "plain"
    JSON = "json"
    GITHUB = "github"


def page(diagnostic: Diagnostic) -> str:
    """The page that explains it."""
    return f"docs/rules/errors/{diagnostic.code}.md"


def show(diagnostics: Sequence[Diagnostic], form: Format, folder: Path, summary: str) -> None:
    """Prints them all to standard output; the summary is for people only."""
    if form is Format.AUTO:
        form = Format.RICH if sys.stdout.isatty() else Format.PLAIN
    if form is Format.JSON:
        print(json.dumps([as_json(each) for each in diagnostics], indent=2, ensure_ascii=False))
    elif form is Format.GITHUB:
        for each in diagnostics:
            print(as_github(each, folder))
    elif form is Format.RICH:
        _show_rich(diagnostics, summary)
    else:
        for each in diagnostics:
            print(printable(str(each)))
        print(summary)


def _show_rich(diagnostics: Sequence[Diagnostic], summary: str) -> None:
    console = Console(highlight=False, soft_wrap=True, force_terminal=True)
    for each in diagnostics:
        console.print(as_rich(each))
    console.print(Text(summary, style="bold"))


def as_rich(diagnostic: Diagnostic) -> Text:
    """The same words as `str`, coloured, and where to read more."""
    place, colour = diagnostic.place, COLOURS[diagnostic.severity]
    text = Text.assemble(
        (f"{place.file}:{place.line}:{place.column}: ", "bold"),
        (f"{diagnostic.severity} {diagnostic.code}", colour),
        f": {printable(diagnostic.sentence)}\n",
    )
    if place.text.strip():
        gutter = str(place.line)
        text.append(f"  {gutter} | ", "dim").append(f"{printable(place.text)}\n")
        text.append(f"  {' ' * len(gutter)} | ", "dim").append(f"{place.carets}\n", colour)
    return text.append(f"  {page(diagnostic)}\n", "dim")


def printable(text: str) -> str:
    """Without what would steer a terminal, or what no encoding can write."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)


def as_json(diagnostic: Diagnostic) -> dict[str, object]:
    """One object; line and column from 1."""
    place = diagnostic.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "length": place.length,
        "severity": str(diagnostic.severity),
        "code": str(diagnostic.code),
        "sentence": diagnostic.sentence,
        "nearest": diagnostic.nearest,
        "page": page(diagnostic),
    }


def as_github(diagnostic: Diagnostic, folder: Path) -> str:
    """A workflow command of GitHub Actions; it wants paths from where one stands."""
    place: Place = diagnostic.place
    properties = {
        "file": Path(os.path.relpath(folder / place.file)).as_posix(),
        "line": place.line,
        "col": place.column,
        "endColumn": place.column + place.length,
        "title": diagnostic.code,
    }
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{diagnostic.severity} {said}::{_data(printable(diagnostic.sentence))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
