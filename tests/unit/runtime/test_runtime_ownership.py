"""A worker's partitions: one incarnation after another, until they are taken away."""

import asyncio
from typing import Any

from cercle.runtime.ownership import Ownership
from cercle.runtime.store import Fenced
from tests.unit.runtime.places import place


class Stubborn:
    """An incarnation one of whose tasks fails at the very moment when it is cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.serving = asyncio.Event()
        self.served = True

    async def run(self) -> None:
        """Ends by the failure, as a task group does: it forgets that it was cancelled."""
        self.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ExceptionGroup("both at once", [Fenced()]) from None


async def never(partition: int, offset: int) -> None:
    """Nobody reads here."""


def test_revoked_partition_is_given_up_whatever_fails_meanwhile() -> None:
    """No new incarnation begins after a revocation, and the revocation ends."""

    async def revoked() -> int:
        begun: list[Stubborn] = []

        def begin(partition: int, token: bytes) -> Any:
            begun.append(Stubborn())
            return begun[-1]

        ownership = Ownership(begin, never, lambda _: place().metrics)
        ownership.assign({0})
        await asyncio.sleep(0)
        await begun[0].begun.wait()
        await asyncio.wait_for(ownership.revoke({0}), 5)
        return len(begun)

    assert asyncio.run(revoked()) == 1
