"""`cercle rules publish`: a club's rules, from its folder to its services."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from cercle.actions.instants import format_instant, parse_instant
from cercle.domain.decision import Instant
from cercle.rulebook import ClubRules
from cercle.rulebook.entries.values import moment
from cercle.rulebook.times import instant
from services.console import output
from services.console.addresses import find_settings
from services.console.clubs import read_club
from services.console.errors import CommandError
from services.console.publishing import Publication, Wish, when
from services.console.publishing import publish as publish_rules

Folder = Annotated[Path, typer.Argument(help="The club's folder.")]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        help='When the rules begin to count: "2026-12-01" or "2026-12-01 00:00" by the club\'s clocks, '
        "or RFC 3339 with a zone. By default as soon as may be.",
    ),
]
Message = Annotated[str, typer.Option("--message", "-m", help="Why; `cercle rules history` shows it.")]
AcceptInactive = Annotated[
    bool,
    typer.Option("--accept-inactive", help="Even if this version of Cercle does not act on all of it."),
]


def publish(
    club: Folder,
    starts: From = None,
    message: Message = "",
    accept_inactive: AcceptInactive = False,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """Publish a club's rules: what occurs from then on is judged by them.

    Rules that are the newest already are not published again.
    """
    found = read_club(club)
    settings = find_settings(found.id, kafka)
    begin = parse_from(starts, found.rules.club) if starts is not None else None
    done = publish_rules(settings, found, Wish(begin, message, accept_inactive))
    if as_json:
        output.print_json({**done._asdict(), "effective_from": format_instant(done.effective_from)})
    else:
        typer.echo(said(done, begin, found.rules.club))


def said(done: Publication, asked: Instant | None, club: ClubRules) -> str:
    """What was done; `asked`: from when the rules should count, where somebody said so."""
    begin = f"{when(done.effective_from, club.time_zone)} ({club.time_zone.key})"
    counts = f"counts from {begin if done.previous else 'the first action'} on"
    if done.published:
        return f"Version {done.version} is published and {counts}."
    known = f"Version {done.version} is the newest already and {counts}; nothing was published"
    if asked is None or asked == done.effective_from:
        return f"{known}."
    return (
        f'{known}, so that --from "{when(asked, club.time_zone)}" was not followed: '
        "the same rules cannot begin to count again at another time."
    )


def parse_from(text: str, club: ClubRules) -> Instant:
    """A local date or time, or RFC 3339 with a zone, to an instant. Raises CommandError.

    A time that the club's clocks skip is the first one after the gap, one that they show twice the first.
    """
    found = parse_instant(text)
    if found is not None:
        return found
    try:
        return instant(moment(text), club.time_zone)
    except PydanticCustomError as error:
        raise CommandError(f"--from: {error.message()}.") from None
