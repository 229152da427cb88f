"""`cercle rejected`: what could not be accepted, and why."""

import asyncio
import base64
from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from cercle.actions.instants import format_instant
from cercle.domain.decision import Instant
from cercle.runtime.log import LogRecord
from cercle.runtime.rejected import Rejected, read_rejected
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, partition_count
from services.console import output
from services.console.addresses import find_settings
from services.console.topic_reading import read_to_end

Name = Annotated[str | None, typer.Argument(metavar="[CLUB]", help="The club's id.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")]


class Found(NamedTuple):
    """An entry, and the timestamp of the input's record."""

    at: Instant
    entry: Rejected


def rejected(
    club: Name = None,
    limit: Limit = 20,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """List what could not be accepted: when, why, and where the original lies."""
    settings = find_settings(club, kafka)
    count = partition_count(settings.kafka, settings.club)
    found = asyncio.run(_read(settings, count))
    shown = found[-limit:]
    if as_json:
        output.print_json({"rejected": len(found), "entries": [_plain(each) for each in shown]})
        return
    console = output.console()
    if shown:
        console.print(_table(shown))
    console.print(f"{len(found):,} rejected in all." if found else "Nothing was rejected.")


async def _read(settings: Settings, count: int) -> list[Found]:
    parts = await asyncio.gather(*(_partition(settings, partition) for partition in range(count)))
    return entries(record for part in parts for record in part)


async def _partition(settings: Settings, partition: int) -> list[LogRecord]:
    chunks = read_to_end(settings, Topic.REJECTED, partition)
    return [record async for records in chunks for record in records]


def entries(records: Iterable[LogRecord]) -> list[Found]:
    """Oldest first, each place once: a repeat is the same input, reported again after a crash."""
    by_place: dict[tuple[str, int, int], Found] = {}
    for record in records:
        entry = read_rejected(record.value, list(record.headers))
        by_place.setdefault((entry.topic, entry.partition, entry.offset), Found(record.timestamp, entry))
    return sorted(
        by_place.values(),
        key=lambda each: (each.at, each.entry.topic, each.entry.partition, each.entry.offset),
    )


def _table(found: list[Found]) -> Table:
    table = Table(box=None)
    for column in ("when", "code", "sentence", "place"):
        table.add_column(column, overflow="fold")
    for at, entry in found:
        place = f"{entry.topic}/{entry.partition}/{entry.offset}"
        table.add_row(format_instant(at), entry.code, entry.sentence, place)
    return table


def _plain(found: Found) -> dict[str, Any]:
    entry = found.entry
    return {
        "at": format_instant(found.at),
        "code": entry.code,
        "sentence": entry.sentence,
        "field": entry.field,
        "topic": entry.topic,
        "partition": entry.partition,
        "offset": entry.offset,
        "key_base64": _base64(entry.key),
        "value_base64": _base64(entry.value),
        "headers": [{"name": name, "value_base64": _base64(data)} for name, data in entry.headers],
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
