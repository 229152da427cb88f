"""`cercle rules explain`: one action, rule by rule."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cercle.actions.files import FileError, read_json_lines
from cercle.domain.action import RawAction
from cercle.rulebook import Rulebook
from services.console import output
from services.console.clubs import read_actions
from services.console.commands.rules.folder import UNREADABLE, Format, read_or_exit
from services.console.diagnosing import printable
from services.console.errors import CommandError
from services.console.scenarios.catalogue import catalogue
from services.console.scenarios.explaining import Unexplained, explain_action
from services.console.scenarios.json_text import json_fault
from services.console.scenarios.state import StateError, read_state
from services.console.sentences import sentence

Folder = Annotated[Path, typer.Argument(metavar="CLUB", help="The club's folder.")]
Action = Annotated[
    str,
    typer.Option(
        "--action",
        metavar="FILE|JSON",
        help="The action as JSON, as in docs/emitting-actions.md, or a file that holds it.",
    ),
]
State = Annotated[
    str,
    typer.Option(
        "--member",
        metavar="STATE",
        help='The member as JSON, such as \'{"tier": "gold", "metrics": {"answers": 3}}\', '
        "or a file that holds it; by default a new member.",
    ),
]
_NEEDED = ("type", "member_id", "occurred_at")
_EXAMPLE = (
    '{"type": "purchase", "member_id": "ana", "occurred_at": "2026-03-07", "fields": {"amount": "42.90 USD"}}'
)
Form = Annotated[Format, typer.Option("--format", help="plain is for people, json for machines.")]


def explain(folder: Folder, action: Action, member: State = "{}", form: Form = Format.PLAIN) -> None:
    """Say of every rule on an action whether it fires, by which value, and what it gives.

    Exit status: 0 explained; 2 the rules, the action or the member cannot be read.
    """
    club = read_or_exit(folder)
    try:
        known = catalogue(club.files, club.rules)
        state = read_state(_text(member), club.rules, known)
        explained = explain_action(_action(action, club.rules), state, club.rules, known)
    except (StateError, Unexplained) as error:
        _refuse(str(error))
    except (CommandError, FileError, OSError, UnicodeDecodeError) as error:
        _refuse(sentence(error))
    if form is Format.JSON:
        output.print_json(explained.as_json())
    else:
        for line in explained.lines():
            print(printable(line))


def _only(text: str, rules: Rulebook) -> list[RawAction]:
    """The action in a JSON object, on as many lines as may be; nobody need make up an id for it."""
    if fault := json_fault(text):
        raise CommandError(_unread(fault))
    value = json.loads(text)
    if fault := _wrong_keys(value):
        raise CommandError(_unread(fault))
    line = json.dumps({"id": "explained", **value})
    try:
        return list(read_json_lines([line], rules.club.time_zone, "explained"))
    except FileError as error:
        raise CommandError(_unread(str(error).removeprefix("line 1: "))) from None


def _wrong_keys(value: object) -> str:
    """What an action in JSON lacks, or says where it cannot stand; empty, if nothing."""
    if not isinstance(value, dict):
        return "an action stands in braces, { and }"
    for key in _NEEDED:
        if key not in value:
            return f"`{key}` is missing"
    for key in value.keys() - {*_NEEDED, "id", "source", "fields"}:
        return f"`{key}` cannot stand there; the action's own fields stand within `fields`"
    return ""


def _unread(why: str) -> str:
    return f"The action cannot be read: {why}. Write it as in {_EXAMPLE}."


def _refuse(why: str) -> NoReturn:
    typer.echo(printable(why), err=True)
    raise typer.Exit(UNREADABLE)


def _is_json(word: str) -> bool:
    return word.lstrip().startswith(("{", "["))


def _text(word: str) -> str:
    return word if _is_json(word) else Path(word).read_text(encoding="utf-8")


def _action(word: str, rules: Rulebook) -> RawAction:
    is_json = _is_json(word) or word.endswith(".json")
    found = _only(_text(word), rules) if is_json else list(read_actions(Path(word), rules))
    if len(found) != 1:
        raise CommandError(f"One action is explained, and {word} holds {len(found)}.")
    return found[0]
