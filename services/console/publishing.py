"""Publishing a club's rules: one record on the rulebook topic, naming the version before it."""

import asyncio
import getpass
import time
from typing import NamedTuple

from kafka import KafkaProducer

from cercle.actions.instants import format_instant
from cercle.domain.decision import SECOND, Instant
from cercle.runtime.rulebooks import LEAD_SECONDS
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, check_topics, topic_name
from cercle.wire import rulebook_pb2
from services.console.clubs import Club
from services.console.errors import CommandError
from services.console.topic_reading import published

_ANSWER_SECONDS = 10.0


class Publication(NamedTuple):
    """`published` is False when the newest version says the same already."""

    version: str
    previous: str
    effective_from: Instant
    published: bool


def publish(settings: Settings, club: Club, starts: Instant | None = None) -> Publication:
    """Publishes the folder's rules, to judge what occurs from `starts` on (None: as soon as may be).

    Raises CommandError when `starts` is so soon that a service might judge by the old rules.
    """
    if club.id != settings.club:
        raise CommandError(
            f"The rules in {club.folder} are those of {club.id}, and the club is {settings.club}: "
            f"name the folder of {settings.club}."
        )
    check_topics(settings.kafka, settings.club)
    versions = asyncio.run(published(settings))
    head = versions[-1] if versions else None
    if head is not None and head.version == club.rules.version:
        return Publication(head.version, head.previous, head.effective_from_ms, False)
    record = next_version(club, head, starts, time.time_ns() // 1_000_000)
    _send(settings, record)
    return Publication(record.version, record.previous, record.effective_from_ms, True)


def next_version(
    club: Club, head: rulebook_pb2.RulebookPublished | None, starts: Instant | None, now: Instant
) -> rulebook_pb2.RulebookPublished:
    """The record that follows `head`. Raises CommandError when `starts` is too soon."""
    # The first version judges everything; a later one must have reached every owner before it counts.
    earliest = now if head is None else max(now + int(LEAD_SECONDS * SECOND), head.effective_from_ms)
    if starts is not None and starts < earliest:
        raise CommandError(
            f"The rules cannot count from {format_instant(starts)}: services learn of them within "
            f"{LEAD_SECONDS:.0f} s, and versions follow each other. "
            f"Say --from {format_instant(earliest + SECOND)} or later, or leave it out."
        )
    return rulebook_pb2.RulebookPublished(
        version=club.rules.version,
        previous=head.version if head is not None else "",
        effective_from_ms=earliest if starts is None else starts,
        files=club.files,
        published_at_ms=now,
        published_by=_person(),
    )


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _send(settings: Settings, record: rulebook_pb2.RulebookPublished) -> None:
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=settings.idempotent
    )
    try:
        topic = topic_name(settings.club, Topic.RULEBOOK)
        producer.send(topic, record.SerializeToString(), partition=0).get(_ANSWER_SECONDS)
    finally:
        producer.close(timeout=_ANSWER_SECONDS)
