"""`cercle publish`: a club's rules, from its folder to its services."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cercle.actions.instants import format_instant, parse_instant, start_of_day
from cercle.domain.decision import Instant
from services.console import output
from services.console.addresses import find_settings
from services.console.clubs import Club, read_club
from services.console.errors import CommandError
from services.console.publishing import publish as publish_rules

Folder = Annotated[Path, typer.Argument(help="The club's folder.")]
From = Annotated[
    str | None,
    typer.Option("--from", help="When the rules begin to count: 2026-03-02, or RFC 3339 with a zone."),
]


def publish(
    folder: Folder,
    starts: From = None,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """Publish a club's rules. Rules that are the newest already are not published again."""
    club = read_club(folder)
    settings = find_settings(club.id, kafka)
    done = publish_rules(settings, club, _instant(club, starts) if starts else None)
    if as_json:
        output.print_json({**done._asdict(), "effective_from": format_instant(done.effective_from)})
        return
    if done.published:
        begin = (
            "from the first action on"
            if not done.previous
            else f"from {format_instant(done.effective_from)} on"
        )
        output.console().print(f"Version {done.version} is published and counts {begin}.")
    else:
        output.console().print(f"Version {done.version} is the newest already; nothing was published.")


def _instant(club: Club, text: str) -> Instant:
    instant = parse_instant(text)
    if instant is not None:
        return instant
    try:
        return start_of_day(date.fromisoformat(text), club.rules.club.time_zone)
    except ValueError:
        raise CommandError(
            f"--from {text} is no time: write a date such as 2026-03-02, or RFC 3339 with a zone such as "
            "2026-03-02T10:00:00-05:00."
        ) from None
