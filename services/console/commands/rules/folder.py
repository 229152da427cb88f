"""A club's folder for the commands that try its rules out: read and compiled, or the command ends with 2."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import typer

from cercle.rulebook import Rulebook, RulebookError, compile_rulebook
from services.console.diagnosing import printable
from services.console.errors import CommandError
from services.console.reading import read_texts

UNREADABLE = 2
"""The exit status when there are no rules to try."""


class Format(StrEnum):
    """For people, and for machines."""

    PLAIN = "plain"
    JSON = "json"


class Rules(NamedTuple):
    """All rules files and scenarios by name, and what the rules files say."""

    files: Mapping[str, str]
    rules: Rulebook


def read_or_exit(folder: Path) -> Rules:
    """Raises typer.Exit once it has said what is wrong, on standard error."""
    try:
        files = read_texts(folder)
        return Rules(files, compile_rulebook(files))
    except (CommandError, RulebookError) as error:
        typer.echo(printable(str(error)), err=True)
        raise typer.Exit(UNREADABLE) from None
