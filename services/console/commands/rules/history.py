"""`cercle rules history`: the versions of a club's rules, as they were published."""

import asyncio
import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from cercle.actions.instants import format_instant
from cercle.domain.decision import Instant
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.folder import Folder
from cercle.runtime.rulebooks import Line
from cercle.runtime.settings import Settings
from cercle.runtime.topics import check_topics
from cercle.wire import rulebook_pb2
from services.console import output
from services.console.addresses import find_settings
from services.console.clubs import read_rules
from services.console.publishing import when
from services.console.topic_reading import rulebook_records

Name = Annotated[str | None, typer.Argument(metavar="[CLUB]", help="The club's id, or its folder.")]


class State(StrEnum):
    """What a version is good for now."""

    PAST = "past"
    IN_FORCE = "in force"
    TO_COME = "to come"
    REPLACED = "replaced before it counted"
    VOID = "void: another came first"


class Entry(NamedTuple):
    """A record of the rulebook topic; `starts` None: it is void."""

    record: rulebook_pb2.RulebookPublished
    starts: Instant | None
    state: State


def history(
    name: Name = None,
    club: output.Club = None,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """Show the versions of a club's rules, newest first: from when, published when, by whom and why."""
    settings = find_settings(_club_id(name) if name else club, kafka)
    check_topics(settings.kafka, settings.club)
    entries = judged(asyncio.run(_records(settings)), time.time_ns() // 1_000_000)
    if as_json:
        output.print_json([_as_json(entry) for entry in reversed(entries)])
    elif entries:
        output.console().print(_table(entries))
    else:
        typer.echo(f"No rules of {settings.club} are published yet: `cercle rules publish` does it.")


def _club_id(name: str) -> str:
    folder = Path(name)
    found = _club_file(read_rules(folder)) if (folder / "club.yaml").is_file() else None
    return found.club if found is not None else name


def _club_file(files: dict[str, str]) -> ClubFile | None:
    """What can be read of club.yaml, whatever the other files are like."""
    only = {name: text for name, text in files.items() if name == "club.yaml"}
    return Folder(only, Findings()).of(ClubFile)


async def _records(settings: Settings) -> list[rulebook_pb2.RulebookPublished]:
    return [record async for record in rulebook_records(settings)]


def judged(records: Iterable[rulebook_pb2.RulebookPublished], now: Instant) -> list[Entry]:
    """The records in their order, each with from when it counts and what it is good for at `now`."""
    line = Line()
    starts = [(record, line.take(record)) for record in records]
    counting = [(at, begin) for at, (_, begin) in enumerate(starts) if begin is not None]
    # The first version also judges what came before it.
    in_force = max((at for at, begin in counting if begin <= now), default=counting[0][0] if counting else -1)
    entries = []
    for at, (record, begin) in enumerate(starts):
        follower = next((each for later, each in counting if later > at), None)
        entries.append(Entry(record, begin, _state(at, begin, follower, in_force)))
    return entries


def _state(at: int, begin: Instant | None, follower: Instant | None, in_force: int) -> State:
    if begin is None:
        return State.VOID
    if at == in_force:
        return State.IN_FORCE
    if begin == follower:
        return State.REPLACED
    return State.PAST if at < in_force else State.TO_COME


def _as_json(entry: Entry) -> dict[str, Any]:
    record = entry.record
    return {
        "version": record.version,
        "previous": record.previous,
        "counts": entry.starts is not None,
        "in_force": entry.state is State.IN_FORCE,
        "state": str(entry.state),
        "effective_from": format_instant(record.effective_from_ms if entry.starts is None else entry.starts),
        "published_at": format_instant(record.published_at_ms),
        "published_by": record.published_by,
        "message": record.message,
        "accepts_inactive": record.accepts_inactive,
    }


def _table(entries: list[Entry]) -> Table:
    """Times by the clocks of the club as the newest version has them."""
    counting = [entry for entry in entries if entry.starts is not None]
    club = _club_file(dict(counting[-1].record.files)) if counting else None
    zone = ZoneInfo(club.time_zone if club is not None else "UTC")
    table = Table(box=None)
    for column in ("version", f"from ({zone})", "published", "by", "state", "message"):
        table.add_column(column, overflow="fold")
    for entry in reversed(entries):
        record = entry.record
        begin = "" if entry.starts is None else when(entry.starts, zone)
        said = (record.published_by, str(entry.state), record.message)
        table.add_row(
            record.version,
            "the first action" if counting and entry is counting[0] else begin,
            when(record.published_at_ms, zone),
            *map(escape, said),
        )
    return table
