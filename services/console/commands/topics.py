"""`cercle topics`: what the club's log is made of."""

import asyncio
from typing import Annotated, Any

import typer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from rich.table import Table

from cercle.runtime.settings import Settings
from cercle.runtime.topics import KEEP_ALL, Topic, check_topics, create_topics, partition_count, topic_name
from services.console import output
from services.console.addresses import find_settings
from services.console.topic_reading import extents

Name = Annotated[str | None, typer.Argument(metavar="[CLUB]", help="The club's id.")]
Create = Annotated[bool, typer.Option("--create", help="Create the topics that are missing.")]
Partitions = Annotated[
    int, typer.Option("--partitions", min=1, max=1000, help="Of every topic when created; fixed for good.")
]


def topics(
    club: Name = None,
    create: Create = False,
    partitions: Partitions = 8,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """List the club's topics: partitions, records, settings."""
    settings = find_settings(club, kafka)
    if create:
        create_topics(settings.kafka, settings.club, partitions)
    count = partition_count(settings.kafka, settings.club)
    found = _describe(settings, count)
    if as_json:
        output.print_json({"club": settings.club, "partitions": count, "topics": found})
    else:
        output.console().print(_table(found))
    check_topics(settings.kafka, settings.club)


def _describe(settings: Settings, count: int) -> list[dict[str, Any]]:
    counts = {topic: 1 if topic is Topic.RULEBOOK else count for topic in Topic}
    kept = _kept(settings)
    found = asyncio.run(extents(settings, counts))
    return [
        {
            "topic": topic_name(settings.club, topic),
            "partitions": [
                {"partition": p, "first": first, "end": end} for p, (first, end) in enumerate(found[topic])
            ],
            "records": sum(end - first for first, end in found[topic]),
            "settings": kept[topic],
        }
        for topic in Topic
    ]


def _kept(settings: Settings) -> dict[Topic, dict[str, str]]:
    """The settings that decide whether anything is deleted, as far as the broker tells them."""
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        names = {topic_name(settings.club, topic): topic for topic in Topic}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        told = admin.describe_configs(resources, config_filter="all").get("topic", {})
    finally:
        admin.close()
    return {
        topic: {key: str(told[name][key]["value"]) for key in KEEP_ALL if key in told.get(name, {})}
        for name, topic in names.items()
    }


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for column in ("topic", "partitions", "records", "ends by partition", "settings"):
        table.add_column(column, justify="right" if column in ("partitions", "records") else "left")
    for topic in found:
        table.add_row(
            topic["topic"],
            str(len(topic["partitions"])),
            f"{topic['records']:,}",
            " ".join(str(each["end"]) for each in topic["partitions"]),
            " ".join(f"{key}={value}" for key, value in topic["settings"].items()),
        )
    return table
