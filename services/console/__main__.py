"""The command `cercle`, and `python -m services.console`."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from services.console.commands import run
from services.console.errors import INTERRUPTED, sentence


class Sentences(TyperGroup):
    """Every error becomes a sentence on standard error and an exit status other than 0."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was typed."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has read enough; Python would complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except Exception as error:
            said = sentence(error)
            if said is None:
                raise
            print(said, file=sys.stderr)
            raise SystemExit(1) from None


app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A loyalty club engine: run a club, feed it, look into it, mend it.",
)
for command in (run.run, run.up):
    app.command()(command)


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
