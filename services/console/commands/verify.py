"""`cercle verify`: the log folded from nothing, against what the store holds."""

import asyncio
import hashlib
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cercle.runtime.service import Service
from cercle.runtime.settings import Settings
from cercle.runtime.topics import partition_count
from services.console import output
from services.console.addresses import find_settings
from services.console.services import open_stores, service_named
from services.console.verifying import Verified, verify_partition

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="points, badges or offers.")]
_SHOWN_HASH = 16


def verify(
    service: Name,
    club: output.Club = None,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    as_json: output.Json = False,
) -> None:
    """Compare a service's store with its log, partition by partition. Exits with 1 when they differ."""
    chosen = service_named(service)
    settings = find_settings(club, kafka, redis)
    count = partition_count(settings.kafka, settings.club)
    found = asyncio.run(_verify(settings, chosen, count))
    equal = all(each.equal for each in found)
    log, store = _overall([each.log_hash for each in found]), _overall([each.store_hash for each in found])
    if as_json:
        parts = [each.as_json() for each in found]
        output.print_json(
            {"service": service, "equal": equal, "log_hash": log, "store_hash": store, "partitions": parts}
        )
    else:
        _show(output.console(), service, found, log, store)
    if not equal:
        raise typer.Exit(1)


async def _verify(settings: Settings, service: Service, count: int) -> list[Verified]:
    async with open_stores(settings) as stores:
        store = stores[service.name]
        return [await verify_partition(settings, service, store, partition) for partition in range(count)]


def _overall(hashes: list[str]) -> str:
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _show(console: Console, service: str, found: list[Verified], log: str, store: str) -> None:
    table = Table(box=None)
    for column in ("partition", "keys", "records", "log", "store", ""):
        table.add_column(column, justify="right" if column in ("partition", "keys", "records") else "left")
    for each in found:
        hashes = each.log_hash[:_SHOWN_HASH], each.store_hash[:_SHOWN_HASH]
        table.add_row(
            str(each.partition),
            f"{each.keys:,}",
            f"{each.log.seq:,}",
            *hashes,
            "equal" if each.equal else "NOT EQUAL",
        )
    console.print(table)
    console.print(f"log   {log}\nstore {store}")
    for each in found:
        if not each.equal:
            console.print(_difference(service, each))
    if all(each.equal for each in found):
        console.print(f"{service}: the store is what the log says.")


def _difference(service: str, found: Verified) -> str:
    parts = [f"Partition {found.partition} differs:"]
    if found.log != found.store:
        parts.append(f"the log stands at record {found.log.seq}, the store at {found.store.seq};")
    if found.differing:
        first = ", ".join(found.differing[:5])
        parts.append(f"{len(found.differing):,} states differ, the first: {first};")
    if found.boards:
        parts.append(f"the leaderboards {', '.join(found.boards)} differ or cannot be read yet;")
    return " ".join([*parts, f"`cercle rebuild {service} --partition {found.partition}` mends it."])
