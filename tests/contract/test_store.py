"""The contract of every store: in Redis 7, in the embedded Redis, and in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from redis.asyncio import Redis

from cercle.runtime.redis_store import RedisStore
from cercle.runtime.store import Change, Fenced, Footing, NotReady, Reading, RolledBack, Standing, Store
from tests.contract.memory_store import MemoryStore
from tests.servers import Server

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]
MINE, OTHERS = bytes(range(16)), b"\x00\xff" * 8
NOTHING = Footing()
EVERY_BYTE = bytes(range(256))
AWKWARD_KEYS = ["élodie", "a:b{c}*", "with space", "%d\\n", "\n", "0", "x" * 128]


@pytest.fixture(params=["memory", "redis_server", "embedded_redis"])
def open_store(request: pytest.FixtureRequest, club: str) -> OpenStore:
    """The store of one service of a club of this test alone."""

    @asynccontextmanager
    async def memory() -> AsyncIterator[Store]:
        yield MemoryStore()

    @asynccontextmanager
    async def redis() -> AsyncIterator[Store]:
        server: Server = request.getfixturevalue(request.param)
        async with Redis.from_url(server.address) as client:
            yield RedisStore(client, club, "points")

    return memory if request.param == "memory" else redis


def law(test: Callable[[Store], Awaitable[None]]) -> Callable[[OpenStore], None]:
    """A test of every store."""

    def run(open_store: OpenStore) -> None:
        async def opened() -> None:
            async with open_store() as store:
                await test(store)

        asyncio.run(opened())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def change(seq: int, oe: int = 7, **what: object) -> Change:
    """A COMMIT that brings the partition to (seq, oe)."""
    return Change(Footing(seq, oe), b"positions %d" % seq, 1_000 + seq, **what)  # type: ignore[arg-type]


async def taken(store: Store, partition: int = 0) -> None:
    """Ours, and open to readers."""
    await store.take(partition, MINE, "here:1")
    await store.serve(partition, MINE, NOTHING, b"epochs")


@law
async def test_nothing_stands_where_nobody_was(store: Store) -> None:
    """A partition begins empty, not ready, at seq 0."""
    assert await store.standing(0) == Standing(NOTHING, b"", 0, b"", [], b"")
    await store.take(0, MINE, "here:1")
    assert await store.look(0, MINE) == Standing(NOTHING, b"", 0, b"", [], b"")
    for asked in (store.read(0, "ana"), store.address(0), store.epochs(0), store.top(0, "board", 3)):
        with pytest.raises(NotReady):
            await asked


@law
async def test_commit_is_all_there(store: Store) -> None:
    """What one COMMIT writes stands there together, byte for byte, and its next due time is answered."""
    await taken(store)
    written = change(
        2,
        outbox=EVERY_BYTE,
        checkpoint=b"\x00:checkpoint",
        states={"ana": EVERY_BYTE, "bob": b""},
        due={"ana": 500, "bob": 400},
        ranks={"points": {"ana": 3}},
    )
    assert await store.commit(0, MINE, NOTHING, written) == 400
    assert await store.look(0, MINE) == Standing(
        Footing(2, 7), b"positions 2", 1_002, b"\x00:checkpoint", [EVERY_BYTE], b"epochs"
    )
    assert await store.load(0, MINE, Footing(2, 7), ["bob", "nobody", "ana"]) == [b"", None, EVERY_BYTE]
    assert await store.read(0, "ana") == Reading(EVERY_BYTE, 2, 1_002)
    assert await store.read(0, "nobody") == Reading(None, 2, 1_002)
    assert await store.top(0, "points", 10) == [("ana", 3)]


@law
async def test_positions_move_without_a_record(store: Store) -> None:
    """Inputs without effect: the same (seq, oe), other positions, and nothing else is touched."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(1, outbox=b"one", checkpoint=b"c", states={"ana": b"1"}))
    on = Footing(1, 7)
    await store.commit(0, MINE, on, Change(on, b"further", 2_000))
    assert await store.look(0, MINE) == Standing(on, b"further", 2_000, b"c", [b"one"], b"epochs")
    assert await store.load(0, MINE, on, ["ana"]) == [b"1"]


@law
async def test_last_letters_heard_are_kept(store: Store) -> None:
    """Byte for byte, until others are written; a COMMIT that says nothing of them leaves them."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(1, heard=EVERY_BYTE))
    assert (await store.look(0, MINE)).heard == EVERY_BYTE
    assert (await store.standing(0)).heard == EVERY_BYTE
    await store.commit(0, MINE, Footing(1, 7), change(2, states={"ana": b"2"}))
    await store.commit(0, MINE, Footing(2, 7), Change(Footing(2, 7), b"further", 2_000))
    assert (await store.look(0, MINE)).heard == EVERY_BYTE
    await store.commit(0, MINE, Footing(2, 7), change(3, heard=b"\x00newer"))
    await store.take(0, OTHERS, "there:2")
    assert (await store.look(0, OTHERS)).heard == b"\x00newer"
    await store.wipe(0, OTHERS)
    assert (await store.look(0, OTHERS)).heard == b""


@law
async def test_letters_heard_are_not_written_on_another_footing(store: Store) -> None:
    """They go with the COMMIT that they belong to, or not at all."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(1, heard=b"one"))
    with pytest.raises(RolledBack):
        await store.commit(0, MINE, NOTHING, change(2, heard=b"two"))
    with pytest.raises(Fenced):
        await store.commit(0, OTHERS, Footing(1, 7), change(2, heard=b"two"))
    assert (await store.look(0, MINE)).heard == b"one"
    await store.forget(0)
    assert (await store.standing(0)).heard == b""


@law
async def test_second_owner_fences_the_first(store: Store) -> None:
    """After `take` every call of the token before raises Fenced and writes nothing."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(1, states={"ana": b"1"}))
    await store.take(0, OTHERS, "there:2")
    on, late = Footing(1, 7), change(2, states={"ana": b"2"}, outbox=b"late")
    for call in (
        store.look(0, MINE),
        store.wipe(0, MINE),
        store.commit(0, MINE, on, late),
        store.serve(0, MINE, on, b"late"),
        store.load(0, MINE, on, ["ana"]),
        store.due(0, MINE, on, 9_999, 9),
    ):
        with pytest.raises(Fenced):
            await call
    assert await store.look(0, OTHERS) == Standing(on, b"positions 1", 1_001, b"", [], b"epochs")
    assert await store.load(0, OTHERS, on, ["ana"]) == [b"1"]


@law
async def test_taking_closes_the_partition_to_readers(store: Store) -> None:
    """Not ready from `take` to `serve`: an absent key would not mean zero."""
    await taken(store)
    assert await store.address(0) == "here:1"
    await store.take(0, OTHERS, "there:2")
    for asked in (store.read(0, "ana"), store.address(0), store.top(0, "board", 3)):
        with pytest.raises(NotReady):
            await asked
    await store.serve(0, OTHERS, NOTHING, b"newer")
    assert await store.read(0, "ana") == Reading(None, 0, 0)
    assert (await store.address(0), await store.epochs(0)) == ("there:2", b"newer")


@law
async def test_other_footing_is_a_rollback(store: Store) -> None:
    """A write or a read on another seq, or the same seq of another origin, raises and changes nothing."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(3, states={"ana": b"3"}, due={"ana": 5}))
    before = await store.look(0, MINE)
    for on in (Footing(2, 7), Footing(4, 7), Footing(3, 6), NOTHING):
        for call in (
            store.commit(0, MINE, on, change(4, states={"ana": b"4"}, outbox=b"4")),
            store.serve(0, MINE, on, b"x"),
            store.load(0, MINE, on, ["ana"]),
            store.due(0, MINE, on, 9_999, 9),
        ):
            with pytest.raises(RolledBack):
                await call
    assert await store.look(0, MINE) == before
    assert await store.load(0, MINE, Footing(3, 7), ["ana"]) == [b"3"]


@law
async def test_outbox_keeps_order_and_is_trimmed_from_its_head(store: Store) -> None:
    """Batches stay until their last seq is trimmed; trimming rides on a commit that appends one."""
    await taken(store)
    on = NOTHING
    for seq in (2, 5, 6, 10):
        await store.commit(0, MINE, on, change(seq, outbox=b"%d:" % seq))
        on = Footing(seq, 7)
    await store.commit(0, MINE, on, Change(on, b"p", 0, trim_to=4))
    assert (await store.look(0, MINE)).outbox == [b"5:", b"6:", b"10:"]
    await store.commit(0, MINE, on, change(12, outbox=b"12:", trim_to=6))
    assert (await store.look(0, MINE)).outbox == [b"10:", b"12:"]
    await store.commit(0, MINE, Footing(12, 7), Change(Footing(12, 7), b"p", 0, trim_to=12))
    assert (await store.look(0, MINE)).outbox == []


@law
async def test_outbox_is_cleared_before_the_new_batch(store: Store) -> None:
    """`clear_outbox` empties what was there; a batch of the same commit stays."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(1, outbox=b"old"))
    await store.commit(0, MINE, Footing(1, 7), change(2, outbox=b"new", clear_outbox=True))
    assert (await store.look(0, MINE)).outbox == [b"new"]
    await store.commit(0, MINE, Footing(2, 7), change(2, clear_outbox=True))
    assert (await store.look(0, MINE)).outbox == []


@law
async def test_due_keys_come_earliest_first(store: Store) -> None:
    """Only what is due by then, at most `limit`; equal times by key; a new time or None moves a key."""
    await taken(store)
    now = 1_800_000_000_123
    due = {"d": now + 1, "c": now, "b": now - 5, "a": now - 5, "e": -3}
    assert await store.commit(0, MINE, NOTHING, change(1, due=due)) == -3
    on = Footing(1, 7)
    assert await store.due(0, MINE, on, now, 9) == ["e", "a", "b", "c"]
    assert await store.due(0, MINE, on, now, 2) == ["e", "a"]
    assert await store.due(0, MINE, on, -4, 9) == []
    moved = change(2, due={"e": None, "a": now + 9, "b": None, "nobody": None})
    assert await store.commit(0, MINE, on, moved) == now
    assert await store.due(0, MINE, Footing(2, 7), now + 9, 9) == ["c", "d", "a"]
    last = change(3, due={"a": None, "c": None, "d": None})
    assert await store.commit(0, MINE, Footing(2, 7), last) is None


@law
async def test_top_is_best_first_then_by_key(store: Store) -> None:
    """Ties at the limit are cut by key; scores are absolute: writing one again changes nothing."""
    await taken(store)
    scores = {"dan": 5, "bob": 7, "eve": 5, "ana": 5, "cid": 0, "low": -2, "max": 2**53 - 1}
    await store.commit(0, MINE, NOTHING, change(1, ranks={"points": scores, "badges": {"ana": 1}}))
    best = [("max", 2**53 - 1), ("bob", 7), ("ana", 5), ("dan", 5), ("eve", 5), ("cid", 0), ("low", -2)]
    for limit in (1, 2, 3, 4, 7, 100):
        assert await store.top(0, "points", limit) == best[:limit]
    await store.commit(0, MINE, Footing(1, 7), change(2, ranks={"points": {"bob": 4, "dan": 5}}))
    assert await store.top(0, "points", 4) == [best[0], ("ana", 5), ("dan", 5), ("eve", 5)]
    assert await store.top(0, "badges", 9) == [("ana", 1)]
    assert await store.top(0, "nobody's", 9) == []


@law
async def test_wipe_leaves_the_owner_only(store: Store) -> None:
    """Everything goes but owner and address: the owner starts again from nothing."""
    await taken(store)
    full = change(
        4, outbox=b"4", checkpoint=b"c", states={"ana": b"4"}, due={"ana": 5}, ranks={"b": {"ana": 1}}
    )
    await store.commit(0, MINE, NOTHING, full)
    await store.wipe(0, MINE)
    assert await store.look(0, MINE) == Standing(NOTHING, b"", 0, b"", [], b"")
    assert await store.load(0, MINE, NOTHING, ["ana"]) == [None]
    assert await store.due(0, MINE, NOTHING, 9_999, 9) == []
    with pytest.raises(NotReady):
        await store.read(0, "ana")
    await store.serve(0, MINE, NOTHING, b"epochs")
    assert await store.top(0, "b", 9) == []
    assert [found async for found in store.scan(0)] == []
    assert await store.address(0) == "here:1"


@law
async def test_forgotten_partition_is_noticed_by_its_owner(store: Store) -> None:
    """An operator's `forget` needs no token; the owner is fenced by it, and acquires anew."""
    await taken(store)
    await store.commit(0, MINE, NOTHING, change(4, states={"ana": b"4"}))
    await store.forget(0)
    with pytest.raises(Fenced):
        await store.commit(0, MINE, Footing(4, 7), change(5))
    with pytest.raises(NotReady):
        await store.read(0, "ana")


@law
async def test_partitions_do_not_meet(store: Store) -> None:
    """A number is not a prefix of another: 1 and 11 are two partitions in everything."""
    await taken(store, 1)
    await taken(store, 11)
    await store.commit(
        11, MINE, NOTHING, change(1, states={"ana": b"11"}, due={"ana": 1}, ranks={"b": {"x": 1}})
    )
    await store.commit(1, MINE, NOTHING, change(2, states={"ana": b"1"}, ranks={"b": {"y": 1}}))
    await store.wipe(1, MINE)
    assert await store.load(11, MINE, Footing(1, 7), ["ana"]) == [b"11"]
    assert await store.due(11, MINE, Footing(1, 7), 9, 9) == ["ana"]
    assert await store.top(11, "b", 9) == [("x", 1)]


@law
async def test_awkward_keys_and_values(store: Store) -> None:
    """Keys are any text, values any bytes."""
    await taken(store)
    states = {key: EVERY_BYTE + key.encode() for key in AWKWARD_KEYS}
    due = dict.fromkeys(AWKWARD_KEYS, 5)
    ranks = {"[bo*rd]?": dict.fromkeys(AWKWARD_KEYS, 1)}
    await store.commit(0, MINE, NOTHING, change(1, states=states, due=dict(due), ranks=ranks))
    on = Footing(1, 7)
    assert await store.load(0, MINE, on, AWKWARD_KEYS) == list(states.values())
    assert sorted(await store.due(0, MINE, on, 5, 99)) == sorted(AWKWARD_KEYS)
    assert [key for key, _ in await store.top(0, "[bo*rd]?", 99)] == sorted(AWKWARD_KEYS)
    assert {key: state async for key, state in store.scan(0)} == states
    await store.wipe(0, MINE)
    await store.serve(0, MINE, NOTHING, b"epochs")
    assert await store.top(0, "[bo*rd]?", 99) == []


@law
async def test_one_commit_may_touch_twenty_thousand_keys(store: Store) -> None:
    """No limit of the store's language shows: states, schedule and boards, written and removed at once."""
    await taken(store)
    keys = [f"member-{number}" for number in range(20_001)]
    states = {key: key.encode() * 3 for key in keys}
    written = change(20_001, states=states, due=dict.fromkeys(keys, 9), ranks={"b": dict.fromkeys(keys, 1)})
    assert await store.commit(0, MINE, NOTHING, written) == 9
    on = Footing(20_001, 7)
    assert await store.load(0, MINE, on, [*keys, "nobody"]) == [*states.values(), None]
    assert len(await store.due(0, MINE, on, 9, 50_000)) == 20_001
    assert {key async for key, _ in store.scan(0)} == set(keys)
    assert await store.commit(0, MINE, on, change(20_002, due=dict.fromkeys(keys))) is None


@law
async def test_large_numbers_survive(store: Store) -> None:
    """Offsets and seqs are 64 bits, times are milliseconds: none is rounded."""
    await taken(store)
    far = Change(Footing(2**62 + 1, 2**62 + 3), b"", 253_000_000_000_001, due={"ana": 253_000_000_000_001})
    assert await store.commit(0, MINE, NOTHING, far) == 253_000_000_000_001
    standing = await store.look(0, MINE)
    assert (standing.footing, standing.at) == (far.footing, far.at)
    with pytest.raises(RolledBack):
        await store.commit(0, MINE, Footing(2**62 + 2, 2**62 + 3), change(1))
