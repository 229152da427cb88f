"""A worker's partitions: one incarnation after another, until they are taken away."""

import asyncio
from types import SimpleNamespace
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


class Calm:
    """An incarnation that serves until it is stopped, or `end` says why it ends."""

    def __init__(self) -> None:
        self.serving = asyncio.Event()
        self.inbox = SimpleNamespace(expected=7)
        self.end: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """As an incarnation: its end is an exception."""
        self.serving.set()
        try:
            raise await self.end
        finally:
            self.serving.clear()


class Group:
    """An ownership, and what it began, by partition."""

    def __init__(self) -> None:
        self.begun: dict[int, list[Calm]] = {}
        self.pointed: list[tuple[int, int]] = []
        self.ownership = Ownership(self._begin, self._go_to, lambda _: place().metrics)

    def _begin(self, partition: int, token: bytes) -> Any:
        self.begun.setdefault(partition, []).append(Calm())
        return self.begun[partition][-1]

    async def _go_to(self, partition: int, offset: int) -> None:
        self.pointed.append((partition, offset))


async def a_moment() -> None:
    """Whatever can run has run."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_what_comes_back_is_not_stopped() -> None:
    """Dealt out anew: the same incarnation serves on, what is lost stops, what is new begins."""

    async def scenario() -> None:
        group = Group()
        ownership = group.ownership
        await ownership.settle({0, 1})
        await a_moment()
        ownership.unsettle()
        await a_moment()
        assert ownership.serving() and ownership.owned == {0, 1}
        await ownership.settle({1, 2})
        await a_moment()
        assert ownership.owned == {1, 2} and ownership.serving()
        assert {p: len(each) for p, each in group.begun.items()} == {0: 1, 1: 1, 2: 1}
        await ownership.point(1)
        await ownership.point(0)
        assert group.pointed.count((1, 7)) == 2 and (0, 7) in group.pointed
        await ownership.revoke({1, 2})

    asyncio.run(scenario())


def test_who_is_fenced_while_partitions_are_dealt_out_waits() -> None:
    """It has probably lost the partition: to acquire it again would only fence the new owner."""

    async def scenario() -> None:
        group = Group()
        await group.ownership.settle({0})
        await a_moment()
        group.ownership.unsettle()
        group.begun[0][0].end.set_result(Fenced())
        await asyncio.sleep(1.0)
        assert len(group.begun[0]) == 1
        await group.ownership.settle({0})
        await a_moment()
        assert len(group.begun[0]) == 2
        await group.ownership.revoke({0})

    asyncio.run(scenario())


def test_worker_without_a_partition_serves_once_it_has_joined() -> None:
    """More workers than partitions: it forwards and reads; before, it cannot know."""

    async def scenario() -> None:
        ownership = Group().ownership
        assert not ownership.serving()
        await ownership.settle(set())
        assert ownership.serving()

    asyncio.run(scenario())
