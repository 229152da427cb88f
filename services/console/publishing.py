"""Publishing a club's rules: one record on the rulebook topic, naming the version before it."""

import asyncio
import getpass
import time
from contextlib import aclosing
from datetime import tzinfo
from typing import NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from cercle.actions.instants import local_time
from cercle.domain.decision import MINUTE, SECOND, Instant
from cercle.runtime.rulebooks import EndSeen, Line, published_versions, share_of_lead
from cercle.runtime.settings import Settings
from cercle.runtime.topics import Topic, check_topics, topic_name
from cercle.wire import rulebook_pb2
from services.console.clubs import Club
from services.console.errors import CommandError
from services.console.scenarios import run_scenarios
from services.console.topic_reading import published

_ANSWER_SECONDS = 10.0
_MOST_LETTERS = 500
_MOST_NAMES = 3


class Publication(NamedTuple):
    """`published` is False when the newest version says the same already."""

    version: str
    previous: str
    effective_from: Instant
    published: bool


class Wish(NamedTuple):
    """How to publish. `starts`: from when the rules count (None: as soon as may be); `message`: why."""

    starts: Instant | None = None
    message: str = ""
    accept_inactive: bool = False


AT_ONCE = Wish()


def publish(settings: Settings, club: Club, wish: Wish = AT_ONCE) -> Publication:
    """Publishes the folder's rules, and sees that they count.

    Raises CommandError when a scenario fails, when the rules hold what this version does not act on
    and that is not accepted, when they would count so soon that a service might judge by the old
    ones, and when another version came first.
    """
    if club.id != settings.club:
        raise CommandError(
            f"The rules in {club.folder} are those of {club.id}, and the club is {settings.club}: "
            f"name the folder of {settings.club}."
        )
    _check(club, wish)
    check_topics(settings.kafka, settings.club)
    versions = asyncio.run(published(settings))
    head = versions[-1] if versions else None
    if head is not None and head.version == club.rules.version:
        return Publication(head.version, head.previous, head.effective_from_ms, False)
    record = _send_next(settings, club, head, wish)
    _see_that_it_counts(settings, club.rules.club.time_zone, record)
    return Publication(record.version, record.previous, record.effective_from_ms, True)


def _check(club: Club, wish: Wish) -> None:
    if len(wish.message) > _MOST_LETTERS:
        raise CommandError(f"A message has at most {_MOST_LETTERS} letters, this one {len(wish.message)}.")
    _check_scenarios(club)
    if club.rules.inactive and not wish.accept_inactive:
        told = "\n".join(map(str, club.rules.inactive))
        raise CommandError(
            f"The rules in {club.folder} hold what this version of Cercle does not act on yet:\n{told}\n"
            "Take it out, or say --accept-inactive to publish the rules all the same."
        )


def _check_scenarios(club: Club) -> None:
    report = run_scenarios({**club.files, **club.scenarios}, club.rules)
    if report.errors:
        what = "their scenarios cannot be played"
    elif report.failed:
        number = len(report.failed)
        names = ", ".join(f"`{failure.name}`" for failure in report.failed[:_MOST_NAMES])
        what = f"{number} of their scenarios failed ({names}{', ...' if number > _MOST_NAMES else ''})"
    else:
        return
    raise CommandError(
        f"The rules in {club.folder} are not published, since {what}: "
        f"`cercle rules test {club.folder}` shows why."
    )


def next_version(
    club: Club, head: rulebook_pb2.RulebookPublished | None, wish: Wish, now: Instant, lead_seconds: float
) -> rulebook_pb2.RulebookPublished:
    """The record that follows `head`. Raises CommandError when it would count too soon."""
    earliest = now
    if head is not None:
        # The first version judges everything; a later one must have reached every owner before it counts.
        earliest = max(now + int(lead_seconds * SECOND), head.effective_from_ms)
        if wish.starts is not None and wish.starts < earliest:
            raise CommandError(_too_soon(club, head, wish.starts, earliest, lead_seconds))
    return rulebook_pb2.RulebookPublished(
        version=club.rules.version,
        previous=head.version if head is not None else "",
        effective_from_ms=earliest if wish.starts is None else wish.starts,
        files=club.files,
        published_at_ms=now,
        published_by=_person(),
        message=wish.message,
        accepts_inactive=wish.accept_inactive and bool(club.rules.inactive),
    )


def _too_soon(
    club: Club,
    head: rulebook_pb2.RulebookPublished,
    starts: Instant,
    earliest: Instant,
    lead_seconds: float,
) -> str:
    zone = club.rules.club.time_zone
    if earliest == head.effective_from_ms:
        proposed = earliest
        reason = f"the version before it, {head.version}, counts from {when(earliest, zone)} on"
    else:
        proposed = (earliest // MINUTE + 2) * MINUTE  # To the minute, and with time to type it.
        reason = (
            f"services must have read new rules before they count, {lead_seconds:g} s from now at the soonest"
        )
    return (
        f"The rules cannot count from {when(starts, zone)}: {reason}. "
        f'Say --from "{when(proposed, zone)}" or later, or leave it out.'
    )


def when(instant: Instant, zone: tzinfo) -> str:
    """By the clocks of `zone`, as --from is written; with seconds where they are not zero."""
    moment = local_time(instant, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _send_next(
    settings: Settings, club: Club, head: rulebook_pb2.RulebookPublished | None, wish: Wish
) -> rulebook_pb2.RulebookPublished:
    """Within its share of the lead, or not at all."""
    patience_seconds = min(_ANSWER_SECONDS, share_of_lead(settings.lead_seconds))
    patience_ms = int(patience_seconds * 1000)
    topic = topic_name(settings.club, Topic.RULEBOOK)
    producer = KafkaProducer(
        bootstrap_servers=settings.kafka,
        acks="all",
        enable_idempotence=settings.idempotent,
        request_timeout_ms=patience_ms,
        delivery_timeout_ms=patience_ms,
    )
    try:
        producer.partitions_for(topic)  # What may take long is done before the clock is read.
        record = next_version(club, head, wish, time.time_ns() // 1_000_000, settings.lead_seconds)
        producer.send(topic, record.SerializeToString(), partition=0).get(patience_seconds)
    except KafkaError as error:
        raise CommandError(
            f"Kafka did not say in time whether it has the rules ({type(error).__name__}): "
            "`cercle rules history` shows whether they are published; if not, publish again."
        ) from error
    finally:
        producer.close(timeout=0)  # What has not come to lie in the topic by now must not do so later.
    return record


def _see_that_it_counts(settings: Settings, zone: tzinfo, record: rulebook_pb2.RulebookPublished) -> None:
    first = asyncio.run(_first_to_follow(settings, record))
    if first != record:
        why = f' ("{first.message}")' if first.message else ""
        raise CommandError(
            f"Version {record.version} is void: version {first.version} was published first, "
            f"by {first.published_by or 'somebody'} at {when(first.published_at_ms, zone)}{why}, "
            f"and counts from {when(first.effective_from_ms, zone)} on. "
            "See whether your rules are still what is wanted after it, then publish again."
        )


async def _first_to_follow(
    settings: Settings, record: rulebook_pb2.RulebookPublished
) -> rulebook_pb2.RulebookPublished:
    """Of all that name the same version before them, up to this very record: the one that counts."""
    line, first = Line(), record
    try:
        async with (
            asyncio.timeout(_ANSWER_SECONDS),
            aclosing(published_versions(settings.kafka, settings.club)) as told,
        ):
            async for each in told:
                if isinstance(each, EndSeen):
                    continue
                counts = line.take(each) is not None
                if counts and each.previous == record.previous:
                    first = each
                if each == record:
                    return first
    except TimeoutError:
        pass
    raise CommandError(
        "Kafka does not show the rules that it was sent: `cercle rules history` shows whether they count."
    )
