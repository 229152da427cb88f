"""Whether the services have decided everything, and what they still have to do.

An input is drained when its position stands at its end: for actions the offset that follows
the last acknowledged record, for another service's decisions that service's own last seq.
The ends are given or read from the stores, since not every broker tells them rightly; that of
letters only if it is given.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from cercle.runtime.protocol import Cursor
from cercle.runtime.service import ACTIONS, LETTERS
from cercle.runtime.store import Footing
from services.console.services import SERVICES, Stores

_positions = msgspec.msgpack.Decoder(dict[str, Cursor])


class Stand(NamedTuple):
    """Where one service stands in one partition; `unshipped`: batches not yet known to be in its log."""

    footing: Footing
    positions: dict[str, Cursor]
    unshipped: int


Stands = dict[str, list[Stand]]
"""By service, then by partition."""


async def stands(stores: Stores, partitions: int) -> Stands:
    """What the stores say now. Each service is read before the next: `drained` needs no more."""
    return {
        name: list(await asyncio.gather(*(_stand(stores, name, p) for p in range(partitions))))
        for name in SERVICES
    }


async def _stand(stores: Stores, name: str, partition: int) -> Stand:
    standing = await stores[name].standing(partition)
    positions = _positions.decode(standing.positions) if standing.positions else {}
    return Stand(standing.footing, positions, len(standing.outbox))


Ends = Mapping[int, int]
"""The offset that follows the last record, by partition."""


def lag(found: Stands, ends: Ends, letters: Ends = MappingProxyType({})) -> dict[str, int]:
    """Records that each service has not decided. `ends`: of actions."""
    return {
        name: sum(_behind(found, name, p, {ACTIONS: ends, LETTERS: letters}) for p in range(len(found[name])))
        for name in found
    }


def _behind(found: Stands, name: str, partition: int, ends: Mapping[str, Ends]) -> int:
    positions = found[name][partition].positions
    behind = 0
    for topic in SERVICES[name].inputs:
        at = positions.get(topic, Cursor())
        if topic in ends:
            behind += max(0, ends[topic].get(partition, 0) - at.offset)
        else:
            behind += max(0, found[topic][partition].footing.seq - at.seq)
    return behind


def drained(found: Stands, ends: Ends, letters: Ends = MappingProxyType({})) -> bool:
    """Whether nothing is left to decide, and all decisions are in the logs.

    Services read one after another cannot hide work from each other: what a service read
    early had left to do could only come from one that was read later, and shows in its footing.
    """
    shipped = all(not stand.unshipped for each in found.values() for stand in each)
    return shipped and not any(lag(found, ends, letters).values())


def actions_judged(found: Stands, name: str) -> int:
    """How many actions the service is past."""
    return sum(stand.positions.get(ACTIONS, Cursor()).offset for stand in found[name])
