"""`cercle rules check`: every error and every warning of a club's folder."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cercle.rulebook.codes import Code, Severity
from cercle.rulebook.diagnostics import Diagnostic
from cercle.rulebook.files import REQUIRED
from cercle.rulebook.phrases import counted
from services.console.checking import check_club
from services.console.diagnosing import Format, show
from services.console.errors import CommandError
from services.console.reading import Reading, read_folder

SOUND, WRONG, UNREADABLE = 0, 1, 2

Folder = Annotated[Path, typer.Argument(help="The club's folder.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")]
As = Annotated[
    Format,
    typer.Option(
        "--format", help="auto is rich on a terminal and plain elsewhere; json and github are for machines."
    ),
]


def check(club: Folder, strict: Strict = False, form: As = Format.AUTO) -> None:
    """Check a club's rules: every error and warning, with place and remedy.

    Exit status: 0 sound; 1 errors (with --strict, warnings too); 2 the folder cannot be read.
    """
    try:
        reading = read_folder(club)
    except CommandError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNREADABLE) from None
    gc.disable()  # A large folder is a million small things, and none of them is garbage before the end.
    checked = check_club(reading.files)
    gc.freeze()
    gc.enable()
    diagnostics = _together(reading, checked.diagnostics)
    files = reading.files.keys() | {each.place.file for each in reading.diagnostics}
    show(diagnostics, form, club, _summary(diagnostics, len(files), checked.rules))
    failed = any(strict or each.severity is Severity.ERROR for each in diagnostics)
    raise typer.Exit(WRONG if failed else SOUND)


def _together(reading: Reading, checked: Sequence[Diagnostic]) -> list[Diagnostic]:
    """A file that is there, and could not be read or is elsewhere, is not said to be missing as well."""
    known = {Path(each.place.file).name for each in reading.diagnostics}
    known |= {each.nearest for each in reading.diagnostics}
    if "club.yaml" in known:
        known |= set(REQUIRED)
    told = [each for each in checked if each.code is not Code.MISSING_FILE or each.place.file not in known]
    if reading.diagnostics:
        # What seems to be of no use may be used by what could not be read.
        told = [each for each in told if each.severity is Severity.ERROR]
    return sorted({*reading.diagnostics, *told})


def _summary(diagnostics: Sequence[Diagnostic], files: int, rules: int) -> str:
    errors = sum(each.severity is Severity.ERROR for each in diagnostics)
    warnings = len(diagnostics) - errors
    found = [counted(errors, "error")] * bool(errors) + [counted(warnings, "warning")] * bool(warnings)
    if errors:
        return f"{', '.join(found)} in {counted(files, 'file')}"
    return f"{counted(files, 'file')}, {counted(rules, 'rule')}: {', '.join(['no errors', *found])}"
