"""ACQUIRE, case by case: what the log says and what the store says are brought together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from cercle.runtime.acquire import Ground, Place, acquire, packed
from cercle.runtime.lives import Lives, joined
from cercle.runtime.log import Outgoing, SendFailed
from cercle.runtime.protocol import Cursor, committed_entry, epoch_suffix, fence_entry, position_bytes
from cercle.runtime.store import Change, Fenced, Footing
from cercle.wire import log_pb2
from tests.contract.memory_store import MemoryStore
from tests.simulation.memory_log import Broker, MemoryLog
from tests.simulation.slots import SLOTS, Event, State, evolve
from tests.unit.runtime.places import NOON, place

EARLIER = b"earlier"


class Partition:
    """A log and a store that are written by hand; `states[n]` is ana's after n records of epoch 0."""

    def __init__(self) -> None:
        self.broker = Broker()
        self.store = MemoryStore()
        self.topic = self.broker.topic("points")
        self.states = [State()]
        self.topic.append([Outgoing(None, fence_entry(EARLIER, "there"), NOON)])

    def entry(self, seq: int, oe: int = 0, poe: int = 0, **more: Any) -> bytes:
        """Record `seq` as it is committed: ana is told the number `seq`."""
        before = self.states[seq - 1]
        event = Event("told", before.fingerprint, NOON + seq, str(seq))
        if len(self.states) == seq:
            self.states.append(evolve(msgspec.structs.replace(before), event))
        record = log_pb2.Record(seq=seq, oe=oe, poe=poe, key="ana", at_ms=NOON + seq)
        record.decision = SLOTS.encode_events((event,))
        record.MergeFrom(log_pb2.Record(**more))
        return committed_entry(record, position_bytes("actions", Cursor(10 * seq)))

    def write(self, *entries: bytes, epoch: int = 0) -> None:
        """Entries arrive in the log."""
        self.topic.append([Outgoing(b"ana", entry + epoch_suffix(epoch), NOON) for entry in entries])

    async def commit(
        self, seq: int, oe: int = 0, position: int = 0, outbox: "list[bytes] | None" = None
    ) -> None:
        """The store stands at (seq, oe)."""
        await self.store.take(0, EARLIER, "there")
        state = {"ana": joined(seq, SLOTS.encode_state(self.states[seq]))} if seq else {}
        positions = msgspec.msgpack.encode({"actions": Cursor(position or 10 * seq)})
        change = Change(Footing(seq, oe), positions, NOON + seq, states=state)
        change.outbox = packed(outbox) if outbox else b""
        await self.store.commit(0, EARLIER, Footing(), change)

    @property
    def place(self) -> Place:
        """Ours."""
        return place()._replace(store=self.store, log=MemoryLog(self.broker, "points"))

    async def acquired(self) -> Ground:
        """Where we stand."""
        return await acquire(self.place, Lives(SLOTS))

    def check(self, seq: int, oe: int = 0) -> None:
        """The store is the fold of `seq` records, and open to readers."""
        found = self.store.contents(0)
        assert (found.footing, found.ready) == (Footing(seq, oe), True)
        assert found.states == {"ana": joined(seq, SLOTS.encode_state(self.states[seq]))}


def run(test: "Coroutine[Any, Any, None]") -> None:
    """In an event loop."""
    asyncio.run(asyncio.wait_for(test, 5))


def test_store_behind_the_log_is_brought_forward() -> None:
    """R < T: records are evolved; positions are the last record's, also when the store's were further."""

    async def law() -> None:
        there = Partition()
        entries = [there.entry(seq) for seq in (1, 2, 3)]
        there.write(*entries)
        await there.commit(1, position=25, outbox=entries[:1])
        ground = await there.acquired()
        there.check(3)
        assert (ground.epoch, ground.seq_at_fence, ground.reship) == (4, 3, [])
        assert ground.positions["actions"] == Cursor(30)
        assert there.store.contents(0).outbox == []

    run(law())


def test_store_level_with_the_log_keeps_its_positions() -> None:
    """R = T: inputs without effect are not judged again."""

    async def law() -> None:
        there = Partition()
        entries = [there.entry(seq) for seq in (1, 2)]
        there.write(*entries)
        await there.commit(2, position=29, outbox=entries)
        ground = await there.acquired()
        there.check(2)
        assert ground.positions["actions"] == Cursor(29)
        assert there.store.contents(0).outbox == []

    run(law())


def test_store_ahead_of_the_log_sends_the_rest_again() -> None:
    """R > T: what the outbox holds after T, in order, and it stays there until it is believed."""

    async def law() -> None:
        there = Partition()
        entries = [there.entry(seq) for seq in (1, 2, 3)]
        there.write(entries[0])
        await there.commit(3, outbox=entries)
        ground = await there.acquired()
        there.check(3)
        assert (ground.seq_at_fence, ground.reship) == (1, entries[1:])
        assert there.store.contents(0).outbox == [(3, packed(entries))]

    run(law())


@pytest.mark.parametrize(
    ("log", "seq", "oe", "outbox"),
    [
        pytest.param([(1, 0, 0), (2, 0, 0)], 2, 5, [], id="same seq, another origin"),
        pytest.param([(1, 0, 0), (2, 0, 7)], 1, 0, [], id="the next record stands on another"),
        pytest.param([(1, 0, 0), (2, 0, 0), (3, 0, 0)], 1, 9, [], id="another origin, and behind"),
        pytest.param([(1, 0, 0)], 3, 0, [(3, 0, 0)], id="the outbox does not reach the log"),
        pytest.param([(1, 0, 0)], 2, 0, [(2, 0, 8)], id="the outbox stands on another record"),
        pytest.param([(1, 0, 0)], 2, 0, [], id="the outbox is gone"),
    ],
)
def test_store_with_another_story_is_rebuilt(
    log: "list[tuple[int, int, int]]", seq: int, oe: int, outbox: "list[tuple[int, int, int]]"
) -> None:
    """Whatever does not fit the log is wiped, and the log is folded from its beginning."""

    async def law() -> None:
        there = Partition()
        for one in range(1, 4):
            there.entry(one)
        there.write(*[there.entry(*record) for record in log])
        await there.commit(seq, oe, outbox=[there.entry(*record) for record in outbox])
        ground = await there.acquired()
        there.check(len(log))
        assert (ground.seq_at_fence, ground.reship) == (len(log), [])

    run(law())


def test_zombie_in_the_log_is_not_folded() -> None:
    """A record of an earlier epoch after a fence is void for recovery too."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1))
        there.topic.append([Outgoing(None, fence_entry(b"other", "elsewhere"), NOON)])
        there.write(there.entry(2), epoch=0)
        await there.acquired()
        there.check(1)

    run(law())


def test_recovery_begins_at_the_checkpoint() -> None:
    """Records before it are not read: here they could not even be parsed."""

    async def law() -> None:
        there = Partition()
        there.topic.append([Outgoing(b"ana", b"\xff\xff", NOON)])
        there.entry(1)
        there.write(there.entry(2))
        await there.commit(1)
        there.store.contents(0).checkpoint = msgspec.msgpack.encode(Cursor(2, 0, 1, 0))
        await there.acquired()
        there.check(2)

    run(law())


def test_fence_that_nobody_can_find_is_a_failure() -> None:
    """An ack without an offset: the log would be read for ever."""

    async def law() -> None:
        there = Partition()
        lost = there.place

        async def fence(value: bytes) -> int:
            return -1

        lost.log.fence = fence  # type: ignore[method-assign]
        with pytest.raises(SendFailed):
            await acquire(lost, Lives(SLOTS))

    run(law())


def test_second_owner_in_the_middle_fences_us() -> None:
    """Another took the partition while we waited for our fence: nothing is written."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1))
        ours = there.place
        land = ours.log.fence

        async def fence(value: bytes) -> int:
            await there.store.take(0, b"somebody", "elsewhere")
            return await land(value)

        ours.log.fence = fence  # type: ignore[method-assign]
        with pytest.raises(Fenced):
            await acquire(ours, Lives(SLOTS))
        assert there.store.contents(0).footing == Footing()

    run(law())


# ---- letters ----------------------------------------------------------------------------

TOLD = [log_pb2.Letter(to="bob", body=b"x")]


def delivered(partition: int, seq: int, index: int = 0) -> log_pb2.Cause:
    """A letter is the cause."""
    return log_pb2.Cause(delivered=log_pb2.Delivered(partition=partition, seq=seq, index=index))


def test_letters_heard_are_rebuilt_from_the_causes() -> None:
    """An empty store: the last of each sender; the records of other causes change nothing."""

    async def law() -> None:
        there = Partition()
        causes = [delivered(2, 4), delivered(0, 9, 1), delivered(2, 5, 3), log_pb2.Cause(command="k")]
        there.write(*[there.entry(seq, cause=cause) for seq, cause in enumerate(causes, 1)])
        ground = await there.acquired()
        assert ground.heard == {2: (5, 3), 0: (9, 1)}
        kept = msgspec.msgpack.decode(there.store.contents(0).heard, type=dict[int, tuple[int, int]])
        assert kept == ground.heard

    run(law())


def test_letters_heard_that_the_store_has_are_moved_on() -> None:
    """R < T: those of the store, and after them those of the records that it lacks."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1, cause=delivered(2, 4)), there.entry(2, cause=delivered(0, 9)))
        await there.commit(1)
        there.store.contents(0).heard = msgspec.msgpack.encode({2: (4, 0), 7: (1, 0)})
        assert (await there.acquired()).heard == {2: (4, 0), 7: (1, 0), 0: (9, 0)}

    run(law())


def test_letters_heard_stand_beyond_the_log_with_their_records() -> None:
    """R > T: the store has heard what the records say that are sent again."""

    async def law() -> None:
        there = Partition()
        entries = [there.entry(1, cause=delivered(2, 4)), there.entry(2, cause=delivered(2, 5))]
        there.write(entries[0])
        await there.commit(2, outbox=entries)
        there.store.contents(0).heard = msgspec.msgpack.encode({2: (5, 0)})
        ground = await there.acquired()
        assert (ground.heard, ground.reship) == ({2: (5, 0)}, entries[1:])

    run(law())


def test_store_with_another_story_has_heard_nothing() -> None:
    """Wiped with the rest: what it heard is what the log says."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1, cause=delivered(2, 4)))
        await there.commit(1, oe=5)
        there.store.contents(0).heard = msgspec.msgpack.encode({2: (8, 0)})
        assert (await there.acquired()).heard == {2: (4, 0)}

    run(law())


def test_letters_that_may_not_be_posted_are_found_in_the_log() -> None:
    """From the first on that no later record says to be in the topic; records without letters are passed."""

    async def law() -> None:
        there = Partition()
        there.write(
            there.entry(1, letters=TOLD),
            there.entry(2, letters=TOLD),
            there.entry(3, posted=1),
            there.entry(4, letters=TOLD, posted=1),
        )
        ground = await there.acquired()
        assert [record.seq for record in ground.unposted] == [2, 4]
        assert ground.posted == Footing(1, 0)

    run(law())


def test_nothing_is_unposted_when_the_log_says_so() -> None:
    """The last record names all that were before."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1, letters=TOLD), there.entry(2, posted=1))
        ground = await there.acquired()
        assert (ground.unposted, ground.posted) == ([], Footing(1, 0))

    run(law())


def test_checkpoint_vouches_for_the_letters_before_it() -> None:
    """It names only what is settled: recovery does not look for letters of before."""

    async def law() -> None:
        there = Partition()
        there.write(there.entry(1, letters=TOLD), there.entry(2, letters=TOLD))
        await there.commit(2)
        there.store.contents(0).checkpoint = msgspec.msgpack.encode(Cursor(2, 0, 1, 0))
        ground = await there.acquired()
        assert [record.seq for record in ground.unposted] == [2]
        assert ground.posted == Footing(1, 0)

    run(law())
