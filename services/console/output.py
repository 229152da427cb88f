"""How commands print: text for people, or one JSON value on standard output."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Club = Annotated[
    str | None,
    typer.Option("--club", help="The club's id; by default CERCLE_CLUB, or the one that runs here."),
]
Kafka = Annotated[str | None, typer.Option("--kafka", help="Kafka's address; by default CERCLE_KAFKA.")]
Redis = Annotated[str | None, typer.Option("--redis", help="Redis's URL; by default CERCLE_REDIS.")]


def console() -> Console:
    """Standard output; as wide as it needs where there is no terminal."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=160)


def print_json(value: Any) -> None:
    """One JSON value."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def program() -> str:
    """What to type for this command: `cercle`, or where it is."""
    if shutil.which("cercle"):
        return "cercle"
    script = Path(sys.executable).parent / "cercle"
    return os.path.relpath(script) if script.exists() else "python -m services.console"
