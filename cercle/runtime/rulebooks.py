"""Following the club's rulebook topic: every version, and which one judges what."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import NamedTuple, Union

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from cercle.domain.decision import Instant
from cercle.rulebook import MemberFacts, Rulebook, RulebookError, compile_rulebook
from cercle.runtime.service import Clock
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import rulebook_pb2

LEAD_SECONDS = 60.0
"""Unless set otherwise (CERCLE_LEAD_SECONDS)."""
_SLOWEST_POLL_SECONDS = 0.5
_POLLS_PER_LEAD = 16
_log = structlog.get_logger("cercle.rulebook")


class Line:
    """Which records of the topic count: those that name the version before them. The others are void.

    It is told the records in their order, so that whoever reads the topic finds the same.
    """

    def __init__(self) -> None:
        self.head = ""
        self.starts: Instant | None = None

    def take(self, published: rulebook_pb2.RulebookPublished) -> Instant | None:
        """From when the next record judges, never before the one before it; None: it is void."""
        if published.previous != self.head:
            return None
        starts = published.effective_from_ms
        self.head = published.version
        self.starts = starts if self.starts is None else max(starts, self.starts)
        return self.starts


def share_of_lead(lead_seconds: float) -> float:
    """Seconds: half of the lead is for a version to get into the topic, half for services to see it.

    A publisher that says "a lead from now" may send for so long. Who has read the topic to its
    end less than so long ago knows every version that can be in effect.
    """
    return lead_seconds / 2


class Rulebooks:
    """The versions that count, oldest first."""

    def __init__(self, clock: Clock, lead_seconds: float = LEAD_SECONDS) -> None:
        self._clock = clock
        self._fresh_seconds = share_of_lead(lead_seconds)
        self.poll_seconds = min(_SLOWEST_POLL_SECONDS, lead_seconds / _POLLS_PER_LEAD)
        self._line = Line()
        self._from: list[Instant] = []
        self._versions: list[Rulebook] = []
        self._read_at = float("-inf")

    def add(self, published: rulebook_pb2.RulebookPublished) -> None:
        """Takes the next record of the topic. Raises RulebookError, InactiveError."""
        starts = self._starts(published)
        if starts is not None:
            self._put(readable(published), starts)

    async def add_beside(self, published: rulebook_pb2.RulebookPublished) -> None:
        """The same, while the event loop goes on: a large rulebook takes seconds to compile."""
        starts = self._starts(published)
        if starts is not None:
            self._put(await asyncio.to_thread(readable, published), starts)

    def _starts(self, published: rulebook_pb2.RulebookPublished) -> Instant | None:
        head = self._line.head
        starts = self._line.take(published)
        if starts is None:
            said = {"version": published.version, "previous": published.previous, "head": head}
            _log.warning("rulebook_void", **said, published_by=published.published_by)
        return starts

    def _put(self, version: Rulebook, starts: Instant) -> None:
        self._from.append(starts)
        self._versions.append(version)
        _log.info("rulebook", version=version.version, effective_from_ms=starts)

    def read_to_end(self, seconds_ago: float = 0.0) -> None:
        """So long ago the topic held no more than what was added."""
        self._read_at = max(self._read_at, self._clock.monotonic() - seconds_ago)

    @property
    def versions(self) -> list[Rulebook]:
        """All that count, oldest first."""
        return self._versions

    def fresh(self) -> bool:
        """Whether an action may be judged: there are rules, and none can be in effect unseen."""
        return bool(self._versions) and self._clock.monotonic() - self._read_at < self._fresh_seconds

    def at(self, instant: Instant) -> Rulebook | None:
        """The version for what occurs at `instant`; the first also judges what came before it."""
        if not self._versions:
            return None
        return self._versions[max(0, bisect_right(self._from, instant) - 1)]


class InactiveError(Exception):
    """A version holds keys that this Cercle does not act on, and its publisher has not accepted that."""


def readable(published: rulebook_pb2.RulebookPublished) -> Rulebook:
    """The version, ready to judge, under the name that it was published by. Pure, but for the log.

    A Cercle that would name it otherwise still writes that name into its decisions. Raises
    RulebookError, InactiveError: whatever this Cercle cannot judge as was meant, it does not judge.
    """
    try:
        version = replace(compile_rulebook(dict(published.files)), version=published.version)
    except RulebookError as error:
        _log.error("rulebook_unreadable", version=published.version, reason=str(error))
        raise
    if version.inactive and not published.accepts_inactive:
        reason = "\n".join(map(str, version.inactive))
        _log.error("rulebook_inactive", version=published.version, reason=reason)
        raise InactiveError(reason)
    _warm(version)
    return version


def _warm(version: Rulebook) -> None:
    """Conditions take far longer the first time that they are evaluated."""
    points, badges, offers = version.points, version.badges, version.offers
    for rules in (points.by_action, points.referrals, badges.by_action, offers.by_trigger):
        for guarded in rules.values():
            guarded.select({}, 0, MemberFacts())
    for metrics in (points.metrics, badges.metrics, offers.metrics):
        for fed in metrics.by_action.values():
            fed.select({}, 0, MemberFacts())


async def follow(rulebooks: Rulebooks, bootstrap: str, club: str) -> None:
    """Reads the rulebook topic for ever, from its beginning."""
    async for told in published_versions(bootstrap, club, rulebooks.poll_seconds):
        if isinstance(told, EndSeen):
            rulebooks.read_to_end(told.seconds_ago)
        else:
            await rulebooks.add_beside(told)


class EndSeen(NamedTuple):
    """So long ago the broker said that the topic holds no more than what was read."""

    seconds_ago: float


async def published_versions(
    bootstrap: str, club: str, poll_seconds: float = _SLOWEST_POLL_SECONDS
) -> AsyncGenerator[Union[rulebook_pb2.RulebookPublished, EndSeen], None]:
    """Every record of the rulebook topic; EndSeen whenever all are read, as of the broker's last answer.

    While the broker is silent that answer only grows older: what is in the topic is not known.
    """
    poll_ms = int(poll_seconds * 1000)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=poll_ms,
    )
    await consumer.start()
    try:
        at = TopicPartition(topic_name(club, Topic.RULEBOOK), 0)
        consumer.assign([at])
        position = 0
        while True:
            for record in (await consumer.getmany(at, timeout_ms=poll_ms)).get(at, []):
                position = record.offset + 1
                yield rulebook_pb2.RulebookPublished.FromString(record.value)
            highwater, answered = consumer.highwater(at), consumer.last_poll_timestamp(at)
            if highwater is not None and position >= highwater:
                yield EndSeen(max(0.0, time.time() - answered / 1000))
            await asyncio.sleep(0)
    finally:
        await consumer.stop()
