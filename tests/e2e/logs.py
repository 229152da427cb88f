"""The services' own topics, read to their ends by the reader rule, beside what Redis holds."""

import asyncio
from collections import Counter
from typing import NamedTuple

from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.topics import Topic
from cercle.wire import log_pb2
from services.console.folding import Fold, digest
from services.console.services import SERVICES, open_stores
from services.console.topic_reading import read_to_end
from tests.e2e.club import Club

Place = tuple[str, int]
"""A service and a partition."""


class Told(NamedTuple):
    """What one partition's log says, and what the store says."""

    verdicts: Counter[Verdict]
    log: str
    store: str


def tell(club: Club, *services: str) -> dict[Place, Told]:
    """Both stories of every partition of the services, or of all, for a club at rest."""
    return asyncio.run(_tell(club, services or tuple(SERVICES)))


async def _tell(club: Club, services: tuple[str, ...]) -> dict[Place, Told]:
    return {(name, p): await _told(club, name, p) for name in services for p in range(club.partitions)}


async def _told(club: Club, name: str, partition: int) -> Told:
    fold, cursor, verdicts = Fold(SERVICES[name]), Cursor(), Counter[Verdict]()
    async for records in read_to_end(club.settings, Topic(name), partition):
        fold.take(records)
        verdicts.update(
            read(cursor, record.offset, log_pb2.Entry.FromString(record.value or b"")) for record in records
        )
    async with open_stores(club.settings) as stores:
        standing = await stores[name].standing(partition)
        states = {key: state async for key, state in stores[name].scan(partition)}
    return Told(verdicts, digest(fold.stored(), fold.footing), digest(states, standing.footing))


def hashes(told: dict[Place, Told]) -> dict[Place, str]:
    """The hash of every partition; log and store must tell the same, and no reader sees a gap."""
    assert {place: each.log for place, each in told.items()} == {
        place: each.store for place, each in told.items()
    }
    assert not any(each.verdicts[Verdict.GAP] for each in told.values())
    return {place: each.store for place, each in told.items()}


def fences(told: dict[Place, Told]) -> dict[Place, int]:
    """How many owners every partition has had."""
    return {place: each.verdicts[Verdict.FENCE] for place, each in told.items()}


def decisions(club: Club, service: str) -> dict[str, list[log_pb2.Record]]:
    """Every member's records that count, oldest first, for a club at rest."""
    return asyncio.run(_decisions(club, service))


async def _decisions(club: Club, service: str) -> dict[str, list[log_pb2.Record]]:
    found: dict[str, list[log_pb2.Record]] = {}
    for partition in range(club.partitions):
        cursor = Cursor()
        async for records in read_to_end(club.settings, Topic(service), partition):
            for record in records:
                entry = log_pb2.Entry.FromString(record.value or b"")
                if read(cursor, record.offset, entry) is Verdict.APPLIES:
                    found.setdefault(entry.record.key, []).append(entry.record)
    return found
