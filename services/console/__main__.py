"""The command `cercle`, and `python -m services.console`."""

import logging
import os
import sys
import traceback
from typing import Any, ClassVar

import typer

from services.console.errors import INTERRUPTED
from services.console.on_demand import OnDemand

_DEBUG = os.environ.get("CERCLE_LOG_LEVEL") == "debug"
_COMMANDS = "services.console.commands"


# Typer brings its own Click, and of its usage errors exports only one kind.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


class Cercle(OnDemand):
    """Every error becomes a sentence on standard error and an exit status other than 0."""

    places: ClassVar = {
        "run": f"{_COMMANDS}.run:run",
        "up": f"{_COMMANDS}.run:up",
        "emit": f"{_COMMANDS}.emit:emit",
        "member": f"{_COMMANDS}.member:member",
        "rules": f"{_COMMANDS}.rules:app",
        "topics": f"{_COMMANDS}.topics:topics",
        "rejected": f"{_COMMANDS}.rejected:rejected",
        "rebuild": f"{_COMMANDS}.rebuild:rebuild",
        "verify": f"{_COMMANDS}.verify:verify",
    }

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was typed."""
        try:
            return super().invoke(ctx)
        except (_UsageError, typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has read enough; Python would complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except Exception as error:
            # It knows the errors of every client, and they are slow to import.
            from services.console.sentences import sentence

            if _DEBUG:
                traceback.print_exc()
            print(sentence(error), file=sys.stderr)
            raise SystemExit(1) from None


app = typer.Typer(cls=Cercle, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def cercle() -> None:
    """A loyalty club engine: run a club, feed it, look into it, mend it."""


def main() -> None:
    """The entry point."""
    # What the clients of Kafka and Redis log is for debugging; what it means for us is in our sentence.
    logging.basicConfig(level=logging.DEBUG if _DEBUG else logging.CRITICAL + 1)
    app(prog_name="cercle")


if __name__ == "__main__":
    main()
