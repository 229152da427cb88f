"""Following the club's rulebook topic: every version, and which one judges what."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from cercle.domain.decision import Instant
from cercle.rulebook import Rulebook, RulebookError, compile_rulebook
from cercle.runtime.service import Clock
from cercle.runtime.topics import Topic, topic_name
from cercle.wire import rulebook_pb2

LEAD_SECONDS = 60.0
_POLL_MS = 500
_log = structlog.get_logger("cercle.rulebook")


class Rulebooks:
    """The versions that count, oldest first; a version is void unless it names the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._from: list[Instant] = []
        self._versions: list[Rulebook] = []
        self._head = ""
        self._read_at = float("-inf")

    def add(self, published: rulebook_pb2.RulebookPublished) -> None:
        """Takes the next record of the topic."""
        if not follows(published, self._head):
            _log.warning("rulebook_void", version=published.version, previous=published.previous)
            return
        try:
            version = compile_rulebook(dict(published.files))
        except RulebookError as error:
            _log.error("rulebook_unreadable", version=published.version, reason=str(error))
            raise
        self._head = published.version
        starts = max([published.effective_from_ms, *self._from])
        self._from.append(starts)
        self._versions.append(version)
        _log.info("rulebook", version=version.version, effective_from_ms=starts)

    def read_to_end(self) -> None:
        """The topic holds no more than what was added."""
        self._read_at = self._clock.monotonic()

    @property
    def versions(self) -> list[Rulebook]:
        """All that count, oldest first."""
        return self._versions

    def fresh(self) -> bool:
        """Whether an action may be judged: there are rules, and none can be in effect unseen."""
        return bool(self._versions) and self._clock.monotonic() - self._read_at < LEAD_SECONDS

    def at(self, instant: Instant) -> Rulebook | None:
        """The version for what occurs at `instant`; the first also judges what came before it."""
        if not self._versions:
            return None
        return self._versions[max(0, bisect_right(self._from, instant) - 1)]


def follows(published: rulebook_pb2.RulebookPublished, head: str) -> bool:
    """Whether a record counts after the version `head`, empty before the first; else it is void."""
    return published.previous == head


async def follow(rulebooks: Rulebooks, bootstrap: str, club: str) -> None:
    """Reads the rulebook topic for ever, from its beginning."""
    async for published in published_versions(bootstrap, club):
        if published is None:
            rulebooks.read_to_end()
        else:
            rulebooks.add(published)


async def published_versions(
    bootstrap: str, club: str
) -> AsyncGenerator[rulebook_pb2.RulebookPublished | None, None]:
    """Every record of the rulebook topic; None each time that its end is reached."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        at = TopicPartition(topic_name(club, Topic.RULEBOOK), 0)
        consumer.assign([at])
        position = 0
        while True:
            for record in (await consumer.getmany(at, timeout_ms=_POLL_MS)).get(at, []):
                position = record.offset + 1
                yield rulebook_pb2.RulebookPublished.FromString(record.value)
            highwater = consumer.highwater(at)
            if highwater is not None and position >= highwater:
                yield None
            await asyncio.sleep(0)
    finally:
        await consumer.stop()
