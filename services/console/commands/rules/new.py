"""`cercle rules new`: a small club to begin with, every line explained."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from services.console import output
from services.console.errors import CommandError

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Name = Annotated[
    str, typer.Argument(help="The club's id, and its folder's name: small letters, digits and `-`.")
]


def new(name: Name) -> None:
    """Make a folder NAME with a small club, its remarks and its scenarios, to change as you like."""
    folder = Path(name)
    if not _ID.fullmatch(folder.name):
        raise CommandError(
            f"`{folder.name}` cannot be a club's id: write small letters, digits and `-`, "
            "a letter or digit first, such as `my-club`."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandError(f"{folder} is there already, and nothing was changed: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(files("services.console").joinpath("starter").iterdir(), key=lambda each: each.name):
        text = source.read_text(encoding="utf-8")
        if source.name == "club.yaml":
            text = text.replace("club: starter ", f"club: {folder.name} ", 1)
        (folder / source.name).write_text(text, encoding="utf-8")
        print(folder / source.name)
    rules = f"{output.program()} rules"
    print(f"\nNow try `{rules} check {name}` and `{rules} test {name}`, then change what you like.")
