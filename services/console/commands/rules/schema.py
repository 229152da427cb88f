"""`cercle rules schema`: the JSON Schema of the rules files, for editors."""

from typing import Annotated

import typer

from cercle.rulebook.diagnostics import advice
from cercle.rulebook.schema import KINDS, SCENARIOS, club_schema, file_schema
from services.console import output
from services.console.errors import CommandError

File = Annotated[
    str | None,
    typer.Option(
        "--file",
        help="One kind of file, such as points.yaml, or a name that ends in _test.yaml; by default all.",
    ),
]


def schema(file: File = None) -> None:
    """Print the JSON Schema (draft 2020-12) of the rules files, with which an editor completes and checks.

    A YAML language server wants the one of each file:
    cercle rules schema --file points.yaml > points.schema.json, and in the first line of points.yaml:
    # yaml-language-server: $schema=points.schema.json
    """
    if file is None:
        output.print_json(club_schema())
        return
    kind = SCENARIOS if file.endswith(SCENARIOS[1:]) else file
    if kind not in KINDS:
        raise CommandError(f"`{file}` is not a rules file{advice(file, KINDS)}")
    output.print_json(file_schema(kind))
