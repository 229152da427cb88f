"""Whether the store says what the log says: the log folded from nothing, beside a scan of the store."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from cercle.runtime.redis_store import RedisStore
from cercle.runtime.service import Service
from cercle.runtime.settings import Settings
from cercle.runtime.store import Footing, NotReady
from cercle.runtime.topics import Topic
from services.console.folding import Fold, digest
from services.console.topic_reading import read_to_end

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.5
_SHOWN = 5


@dataclass
class Verified:
    """One partition. `differing`: keys whose bytes differ; `boards`: leaderboards that do."""

    partition: int
    keys: int
    log: Footing
    store: Footing
    log_hash: str
    store_hash: str
    failed: int
    differing: list[str] = field(default_factory=list)
    boards: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Footing, every state and every leaderboard."""
        return self.log_hash == self.store_hash and not self.boards

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "partition": self.partition,
            "equal": self.equal,
            "keys": self.keys,
            "log": {"seq": self.log.seq, "oe": self.log.oe, "hash": self.log_hash},
            "store": {"seq": self.store.seq, "oe": self.store.oe, "hash": self.store_hash},
            "failed_inputs": self.failed,
            "differing_keys": self.differing[:_SHOWN],
            "differing": len(self.differing),
            "differing_boards": self.boards,
        }


async def verify_partition(
    settings: Settings, service: Service, store: RedisStore, partition: int
) -> Verified:
    """Folds and compares.

    While the service decides, it looks again until log and store stand at the same record.
    """
    fold = Fold(service)
    for attempt in range(1, _ATTEMPTS + 1):
        async for records in read_to_end(settings, Topic(service.name), partition, fold.cursor.offset):
            fold.take(records)
        before = await store.standing(partition)
        stored = {key: state async for key, state in store.scan(partition)}
        after = await store.standing(partition)
        settled = before.footing == after.footing == fold.footing
        if settled or attempt == _ATTEMPTS or (not before.footing.seq and not stored):
            return await _compare(fold, store, partition, after.footing, stored)
        await asyncio.sleep(_PAUSE_SECONDS)
    raise AssertionError("the last attempt answers")


async def _compare(
    fold: Fold, store: RedisStore, partition: int, footing: Footing, stored: dict[str, bytes]
) -> Verified:
    folded = fold.stored()
    boards = sorted(fold.boards().items())
    return Verified(
        partition,
        len(folded),
        fold.footing,
        footing,
        digest(folded, fold.footing),
        digest(stored, footing),
        fold.failed,
        sorted(key for key in folded.keys() | stored.keys() if folded.get(key) != stored.get(key)),
        [name for name, scores in boards if not await _same(store, partition, name, scores)],
    )


async def _same(store: RedisStore, partition: int, board: str, scores: dict[str, int]) -> bool:
    try:
        found = await store.top(partition, board, len(scores) + 1)
    except NotReady:
        return False
    return dict(found) == scores
