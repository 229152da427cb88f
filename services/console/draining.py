"""Whether the services have decided everything, and what they still have to do.

An input is drained when its position stands at its end: for actions the offset that follows
the last acknowledged record, for another service's decisions that service's own last seq.
The ends are given or read from the stores, since not every broker tells them rightly.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from cercle.runtime.protocol import Cursor
from cercle.runtime.service import ACTIONS
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


def lag(found: Stands, ends: Mapping[int, int]) -> dict[str, int]:
    """Records that each service has not decided. `ends`: of actions, by partition."""
    return {name: sum(_behind(found, name, p, ends) for p in range(len(found[name]))) for name in found}


def _behind(found: Stands, name: str, partition: int, ends: Mapping[int, int]) -> int:
    positions = found[name][partition].positions
    actions = ends.get(partition, 0) - positions.get(ACTIONS, Cursor()).offset
    decisions = (
        found[topic][partition].footing.seq - positions.get(topic, Cursor()).seq
        for topic in SERVICES[name].inputs
        if topic != ACTIONS
    )
    return max(0, actions) + sum(max(0, behind) for behind in decisions)


def drained(found: Stands, ends: Mapping[int, int]) -> bool:
    """Whether nothing is left to decide, and all decisions are in the logs.

    Services read one after another cannot hide work from each other: what a service read
    early had left to do could only come from one that was read later, and shows in its footing.
    """
    shipped = all(not stand.unshipped for each in found.values() for stand in each)
    return shipped and not any(lag(found, ends).values())


def actions_judged(found: Stands, name: str) -> int:
    """How many actions the service is past."""
    return sum(stand.positions.get(ACTIONS, Cursor()).offset for stand in found[name])
