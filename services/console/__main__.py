"""The command `cercle`, and `python -m services.console`."""

import logging
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from cercle.runtime.settings import PREFIX
from services.console.commands import emit, member, publish, rebuild, rejected, run, topics, verify
from services.console.errors import INTERRUPTED, sentence

_DEBUG = os.environ.get(PREFIX + "LOG_LEVEL") == "debug"


# Typer brings its own Click, and of its usage errors exports only one kind.
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]


class Sentences(TyperGroup):
    """Every error becomes a sentence on standard error and an exit status other than 0."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was typed."""
        try:
            return super().invoke(ctx)
        except _UsageError:
            raise
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read our output has read enough; Python would complain at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(1) from None
        except Exception as error:
            if _DEBUG:
                traceback.print_exc()
            print(sentence(error), file=sys.stderr)
            raise SystemExit(1) from None


app = typer.Typer(
    cls=Sentences,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A loyalty club engine: run a club, feed it, look into it, mend it.",
)
for command in (
    run.run,
    run.up,
    emit.emit,
    member.member,
    topics.topics,
    rejected.rejected,
    publish.publish,
    rebuild.rebuild,
    verify.verify,
):
    app.command()(command)


def main() -> None:
    """The entry point."""
    # What the clients of Kafka and Redis log is for debugging; what it means for us is in our sentence.
    logging.basicConfig(level=logging.DEBUG if _DEBUG else logging.CRITICAL + 1)
    app(prog_name="cercle")


if __name__ == "__main__":
    main()
