"""`cercle rules`: a club's rules, from the first line to the services. One module a command."""

from typing import ClassVar

import typer

from services.console.on_demand import OnDemand

_HERE = "services.console.commands.rules"


class Rules(OnDemand):
    """In the order in which a marketer needs them."""

    places: ClassVar = {
        name: f"{_HERE}.{name}:{name}"
        for name in ("new", "check", "test", "explain", "diff", "publish", "history", "schema")
    }


app = typer.Typer(cls=Rules, no_args_is_help=True, add_completion=False)


@app.callback()
def rules() -> None:
    """Write, check, test, explain, compare and publish a club's rules."""
