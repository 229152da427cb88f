"""`cercle run` and `cercle up`: a whole club on this machine."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cercle.actions.instants import format_instant
from cercle.rulebook import Rulebook
from services.console import output
from services.console.addresses import Running
from services.console.clubs import Club, read_club
from services.console.errors import INTERRUPTED, TERMINATED
from services.console.processes import Processes
from services.console.publishing import Wish
from services.console.reporting import show_result
from services.console.running import Result, run_club
from services.console.screen import Screen

Folder = Annotated[Path, typer.Argument(help="The club's folder: rules files, and sample actions if any.")]
Shift = Annotated[bool, typer.Option("--shift", help="Move the dates so that the last one is yesterday.")]
Partitions = Annotated[
    int, typer.Option("--partitions", min=1, max=1000, help="Of every topic; fixed for good.")
]
Workers = Annotated[
    int,
    typer.Option("--workers", min=1, max=32, help="Processes of each service, which share the partitions."),
]
AcceptInactive = Annotated[
    bool, typer.Option("--accept-inactive", help="Also run rules that this version does not act on in full.")
]
_WATCH_SECONDS = 0.5


def run(
    club: Folder = Path("clubs/records"),
    shift: Shift = False,
    partitions: Partitions = 4,
    workers: Workers = 1,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    accept_inactive: AcceptInactive = False,
    as_json: output.Json = False,
) -> None:
    """Run a club's sample actions through everything, once, and print the club in numbers."""
    with _whole_club(club, shift, partitions, workers, kafka, redis, accept_inactive, as_json):
        pass


def up(
    club: Folder = Path("clubs/records"),
    shift: Shift = False,
    partitions: Partitions = 4,
    workers: Workers = 1,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    accept_inactive: AcceptInactive = False,
    as_json: output.Json = False,
) -> None:
    """The same, and keep serving until Ctrl-C."""
    with _whole_club(club, shift, partitions, workers, kafka, redis, accept_inactive, as_json) as (
        found,
        result,
        processes,
    ):
        _serve(found, result, processes, as_json)


@contextmanager
def _whole_club(
    club: Path,
    shift: bool,
    partitions: int,
    workers: int,
    kafka: output.Kafka,
    redis: output.Redis,
    accept_inactive: bool,
    as_json: bool,
) -> Iterator[tuple[Club, Result, Processes]]:
    """Everything done once and printed; all processes still run, until the block ends."""
    _end_on_signals()
    found = read_club(club)
    with Processes(found.id, kafka, redis, workers) as processes:
        result = run_club(
            found, partitions, shift, processes, Screen(), Wish(accept_inactive=accept_inactive)
        )
        _print(result, found.rules, as_json)
        yield found, result, processes


def _print(result: Result, rules: Rulebook, as_json: bool) -> None:
    if as_json:
        output.print_json(result.as_json())
    else:
        show_result(output.console(), result, rules)


def _serve(club: Club, result: Result, processes: Processes, as_json: bool) -> None:
    """Until Ctrl-C or SIGTERM, which is how it is meant to end."""
    settings = result.settings
    running = Running(
        club.id,
        str(club.folder.resolve()),
        settings.kafka,
        settings.redis,
        settings.idempotent,
        dict(processes.workers),
        os.getpid(),
        settings.lead_seconds,
    )
    path = running.write()
    try:
        _print_commands(
            Console(stderr=as_json, highlight=False, soft_wrap=True), running, club.rules, _example(result)
        )
        while True:
            processes.check()
            time.sleep(_WATCH_SECONDS)
    except SystemExit:
        Console(stderr=True).print("Stopping")
    finally:
        path.unlink(missing_ok=True)


def _example(result: Result) -> str:
    return result.card.standing.member_id if result.card is not None else "ana"


def _print_commands(console: Console, running: Running, rules: Rulebook, member_id: str) -> None:
    cercle = output.program()
    console.print(f"\nKafka {running.kafka}, Redis {running.redis}")
    for name, addresses in running.workers.items():
        console.print(f"{name} {', '.join(addresses)}")
    console.print("\n[bold]Try, in another terminal:[/bold]")
    for line in (
        f"{cercle} member {member_id}",
        f"echo '{example_line(rules, member_id, datetime.now(UTC))}' | {cercle} emit {running.club} -",
        f'grpcurl -plaintext -d \'{{"member_id": "{member_id}"}}\' {running.workers["points"][0]} '
        "cercle.points.v1.Points/GetBalance",
    ):
        console.print(f"  {line}", markup=False)
    console.print("\nServing until Ctrl-C.")


_SAMPLES = {"text": '"text"', "integer": "2", "boolean": "true"}


def example_line(rules: Rulebook, member_id: str, now: datetime) -> str:
    """A JSON line of an action that the club accepts, of its first type."""
    name, action = sorted(rules.actions.items())[0]
    amount = f'"20.00 {rules.club.currency}"'
    fields = ", ".join(
        f'"{field}": {_SAMPLES.get(kind, amount) if isinstance(kind, str) else "[]"}'
        for field, kind in action.fields.items()
    )
    moment = int(now.timestamp() * 1000)
    return (
        f'{{"id": "try-{moment}", "source": "me", "type": "{name}", "member_id": "{member_id}", '
        f'"occurred_at": "{format_instant(moment)}", "fields": {{{fields}}}}}'
    )


def _end_on_signals() -> None:
    """Everything is stopped on the way out.

    Also for Ctrl-C: asyncio would cancel what is awaited, which some library may swallow.
    """

    def end(number: int, _: object) -> NoReturn:
        raise SystemExit(INTERRUPTED if number == signal.SIGINT else TERMINATED)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
