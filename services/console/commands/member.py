"""`cercle member`: one member's card."""

import asyncio
from typing import Annotated

import typer

from cercle.rulebook import compile_rulebook
from cercle.runtime.settings import Settings
from cercle.runtime.topics import partition_count
from services.console import output
from services.console.addresses import find_settings
from services.console.cards import Card, addresses_of, fetch_card, fetch_on_the_way, partition_of_member
from services.console.errors import CommandError
from services.console.reporting import card
from services.console.services import open_stores
from services.console.topic_reading import published

Member = Annotated[str, typer.Argument(metavar="ID", help="The member's id.")]
Language = Annotated[
    str, typer.Option("--language", "-l", help="en, fr...; by default the club's first language.")
]


def member(
    member_id: Member,
    language: Language = "",
    club: output.Club = None,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    as_json: output.Json = False,
) -> None:
    """Show a member's points, tier, badges, offers and vouchers."""
    if not 0 < len(member_id) <= 128:
        raise CommandError("A member's id has 1 to 128 characters.")
    settings = find_settings(club, kafka, redis)
    partitions = partition_count(settings.kafka, settings.club)
    found = asyncio.run(_card(settings, partitions, member_id, language))
    if as_json:
        output.print_json(found.as_json())
        return
    rules = compile_rulebook(dict(asyncio.run(published(settings))[-1].files)).club
    output.console().print(card(found, language or rules.languages[0], rules.time_zone))


async def _card(settings: Settings, partitions: int, member_id: str, language: str) -> Card:
    async with open_stores(settings) as stores:
        addresses = await addresses_of(stores, partition_of_member(member_id, partitions))
    found, sent = await asyncio.gather(
        fetch_card(addresses, member_id, language), fetch_on_the_way(addresses, member_id)
    )
    return found._replace(on_the_way=sent)
