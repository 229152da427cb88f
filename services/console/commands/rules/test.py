"""`cercle rules test`: a club's scenarios, played by the real rules in memory."""

from pathlib import Path
from typing import Annotated

import typer

from services.console import output
from services.console.commands.rules.folder import UNREADABLE, Format, read_or_exit
from services.console.diagnosing import printable
from services.console.scenarios import run_scenarios

FAILED = 1

Folder = Annotated[Path, typer.Argument(metavar="CLUB", help="The club's folder.")]
Required = Annotated[
    int | None,
    typer.Option(
        "--require-coverage",
        min=0,
        max=100,
        metavar="PERCENT",
        help="Fail when the scenarios exercise less of the rules, levels, tiers and offers.",
    ),
]
Form = Annotated[Format, typer.Option("--format", help="plain is for people, json for machines.")]


def test(folder: Folder, required: Required = None, form: Form = Format.PLAIN) -> None:
    """Play the scenarios of a club's *_test.yaml files, and say what none of them exercised.

    Exit status: 0 all passed; 1 one failed, or they exercise less than --require-coverage asks;
    2 the rules or the scenarios cannot be read.
    """
    club = read_or_exit(folder)
    report = run_scenarios(club.files, club.rules)
    too_little = required is not None and (report.is_empty or report.coverage.percent < required)
    if form is Format.JSON:
        output.print_json(report.as_json())
    else:
        for line in report.lines():
            print(printable(line))
        if too_little and not report.errors:
            print(f"At least {required} % is required.")
    raise typer.Exit(UNREADABLE if report.errors else FAILED if report.failed or too_little else 0)
