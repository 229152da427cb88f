"""`cercle verify`: the log folded from nothing against the store; or judged again from its inputs."""

import asyncio
import hashlib
import logging
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cercle.runtime.service import ACTIONS, Service
from cercle.runtime.settings import Settings
from cercle.runtime.topics import partition_count
from services.console import output
from services.console.addresses import find_settings
from services.console.judging import Judge
from services.console.judging_outcome import Difference
from services.console.judging_partitions import JudgedAgain, judge_again
from services.console.services import open_stores, service_named
from services.console.verifying import Verified, verify_partition

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="points, badges or offers.")]
FromActions = Annotated[
    bool,
    typer.Option("--from-actions", help="Judge all inputs again, and compare every decision with the log."),
]
_SHOWN_HASH = 16
_SHOWN_CHARACTERS = 400
_SHOWN_DIFFERENCES = 10


def verify(
    service: Name,
    from_actions: FromActions = False,
    club: output.Club = None,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    as_json: output.Json = False,
) -> None:
    """Compare a service's store with its log, or its log with its inputs. Exits with 1 when they differ."""
    chosen = service_named(service)
    settings = find_settings(club, kafka, redis)
    count = partition_count(settings.kafka, settings.club)
    equal = (_from_actions if from_actions else _from_log)(settings, chosen, count, as_json)
    if not equal:
        raise typer.Exit(1)


# ---- the log against the store ----------------------------------------------------------


def _from_log(settings: Settings, chosen: Service, count: int, as_json: bool) -> bool:
    found = asyncio.run(_verify(settings, chosen, count))
    equal = all(each.equal for each in found)
    log, store = _overall([each.log_hash for each in found]), _overall([each.store_hash for each in found])
    if as_json:
        parts = [each.as_json() for each in found]
        whole = {"service": chosen.name, "equal": equal, "log_hash": log, "store_hash": store}
        output.print_json({**whole, "partitions": parts})
    else:
        _show(output.console(), chosen.name, found, log, store)
    return equal


async def _verify(settings: Settings, service: Service, count: int) -> list[Verified]:
    async with open_stores(settings) as stores:
        store = stores[service.name]
        return [await verify_partition(settings, service, store, partition) for partition in range(count)]


def _overall(hashes: list[str]) -> str:
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _show(console: Console, service: str, found: list[Verified], log: str, store: str) -> None:
    table = _table("partition", "keys", "records", "log", "store", "", left=("log", "store", ""))
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


def _table(*columns: str, left: tuple[str, ...]) -> Table:
    table = Table(box=None)
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right")
    return table


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


# ---- the log against its inputs ---------------------------------------------------------


def _from_actions(settings: Settings, chosen: Service, count: int, as_json: bool) -> bool:
    # What services log of the rulebook would lie between our own lines.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = asyncio.run(_judge(settings, chosen, count))
    if as_json:
        output.print_json({"service": chosen.name, **found.as_json()})
    else:
        _show_judged(output.console(), chosen.name, found)
    return found.equal


async def _judge(settings: Settings, service: Service, count: int) -> JudgedAgain:
    columns = TextColumn("{task.description:>12}"), BarColumn(bar_width=30), MofNCompleteColumn()
    screen = Console(stderr=True)
    bars = Progress(
        *columns, TimeRemainingColumn(), console=screen, transient=True, disable=not screen.is_terminal
    )
    tasks = [bars.add_task(f"partition {partition}", total=None) for partition in range(count)]

    def progress(partition: int, offset: int, end: int) -> None:
        bars.update(tasks[partition], completed=offset, total=end)

    async with open_stores(settings) as stores:
        with bars:
            return await judge_again(settings, service, stores[service.name], count, progress)


def _show_judged(console: Console, service: str, found: JudgedAgain) -> None:
    columns = "partition", "records", "actions", "other inputs", "rejected", "not judged again", "differ", ""
    table = _table(*columns, left=("",))
    for number, judge in enumerate(found.judges):
        table.add_row(str(number), *_figures(judge), "NOT EQUAL" if judge.differing else "equal")
    console.print(table)
    book = found.book
    if book.written_count or book.heard_count:
        way = f", {book.under_way:,} under way" if book.under_way else ""
        console.print(f"letters: {book.written_count:,} written, {book.heard_count:,} heard{way}")
    rate = f"{found.actions / max(found.seconds, 1e-6):,.0f} actions/s"
    console.print(f"{found.actions:,} actions in {found.seconds:.1f} s, {rate}")
    shown = [(number, each) for number, judge in enumerate(found.judges) for each in judge.shown]
    for number, each in shown[:_SHOWN_DIFFERENCES]:
        console.print(_told(number, each))
    for sentence in found.letters:
        console.print(f"Letters {sentence}.")
    if found.equal:
        console.print(f"{service}: every decision is what its inputs and rules bring about.")


def _figures(judge: Judge) -> list[str]:
    actions = judge.passed[ACTIONS]
    others = judge.passed.total() - actions
    numbers = judge.records, actions, others, judge.refused, judge.unasked, judge.differing
    return [f"{number:,}" for number in numbers]


def _told(partition: int, each: Difference) -> str:
    where = f"record {each.seq} at offset {each.offset}" if each.offset >= 0 else f"after record {each.seq}"
    whose = f" of {each.key}" if each.key else ""
    lines = [f"Partition {partition}, {where}{whose}, caused by {each.cause}: {each.reason}."]
    if each.recorded:
        lines.append(f"  recorded: {each.recorded[:_SHOWN_CHARACTERS]}")
    if each.judged:
        lines.append(f"  judged:   {each.judged[:_SHOWN_CHARACTERS]}")
    return "\n".join(lines)
