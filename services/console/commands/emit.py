"""`cercle emit`: actions from a file into a club, through the SDK that brands use."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cercle.domain.action import RawAction
from cercle.rulebook import Rulebook, compile_rulebook
from cercle.runtime.settings import Settings
from cercle.runtime.topics import check_topics
from services.console import output
from services.console.addresses import find_settings
from services.console.clubs import read_actions, read_club, until_yesterday
from services.console.emission import Emission
from services.console.errors import CommandError
from services.console.topic_reading import published

ClubOrFolder = Annotated[str, typer.Argument(metavar="CLUB", help="The club's id, or its folder.")]
File = Annotated[
    Path, typer.Argument(help="JSON lines or CSV, also .gz; - is standard input.", allow_dash=True)
]
Source = Annotated[
    str | None, typer.Option("--source", help="Of actions that name none; by default the file's name.")
]
History = Annotated[
    bool,
    typer.Option("--history", help="Stamp records with when it happened, so that old actions are not late."),
]
Shift = Annotated[bool, typer.Option("--shift", help="Move the dates so that the last one is yesterday.")]


def emit(
    club: ClubOrFolder,
    file: File,
    history: History = False,
    shift: Shift = False,
    source: Source = None,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """Send a file of actions to a club. Sending it again changes nothing."""
    settings, rules = _club(club, kafka)
    actions: Iterable[RawAction] = read_actions(file, rules, source)
    if shift:
        actions = until_yesterday(list(actions), rules, datetime.now(UTC))
    emission = Emission(settings, actions, history)
    emission.start()
    try:
        emission.finish()
    finally:
        emission.stop()
        emission.wait()
        if as_json:
            output.print_json({"club": settings.club, "sent": emission.sent, "types": dict(emission.types)})
        else:
            plural = "" if emission.sent == 1 else "s"
            output.console().print(f"{emission.sent:,} action{plural} sent to {settings.club}.")


def _club(club: str, kafka: str | None) -> tuple[Settings, Rulebook]:
    """By id: the rules are those that are published, since they will judge."""
    if Path(club).is_dir():
        rules = read_club(Path(club)).rules
        settings = find_settings(rules.club.id, kafka)
        check_topics(settings.kafka, settings.club)
        return settings, rules
    settings = find_settings(club, kafka)
    check_topics(settings.kafka, settings.club)
    versions = asyncio.run(published(settings))
    if not versions:
        raise CommandError(
            f"{club} has no rules yet: `cercle rules publish` its folder first, "
            "or name the folder instead of the id."
        )
    return settings, compile_rulebook(dict(versions[-1].files))
