"""The runtime with one part of the protocol taken out: the simulation must notice each of them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from cercle.runtime import acquire, deciding, hearing, partition, posting, protocol, shipping
from cercle.runtime.lives import Lives
from cercle.runtime.protocol import Cursor, Verdict
from cercle.runtime.rejected import rejected_record
from cercle.runtime.store import Change, Footing
from cercle.wire import log_pb2
from tests.contract.memory_store import Contents, MemoryStore
from tests.simulation.runs import Live
from tests.simulation.slots_club import live, live_alone, live_apart
from tests.simulation.weather import Climate

STORM = Climate(
    moves=40,
    rollbacks=12,
    branches=True,
    store_fails=0.01,
    store_late=0.3,
    ack_lost=0.05,
    repeated=0.1,
    lost=0.1,
    slow=0.15,
)
"""Everything at once, much of it."""


FAILOVERS = Climate(moves=60, rollbacks=120, branches=True, store_late=0.5)
"""Redis comes back as it was every other moment."""

BRANCHES = Climate(moves=30, rollbacks=60, branches=True, lost=0.2, slow=0.1)
"""Redis comes back on histories that the log has not got."""


class Mutation(NamedTuple):
    """`take_out` is the change; `weather` and `live` where it shows soon."""

    take_out: Callable[[], AbstractContextManager[Any]]
    weather: Climate = STORM
    live: Live = live


def every_ack_is_believed() -> "AbstractContextManager[Any]":
    """VALIDATED ACK."""
    return patch.object(shipping, "believed", lambda *_: True)


@contextmanager
def store_without_cas() -> Iterator[None]:
    """COMMIT checks the token only."""

    def stands(self: MemoryStore, at: int, token: bytes, on: Footing) -> Contents:
        return self._owned(at, token)

    with patch.object(MemoryStore, "_stands", stands):
        yield


@contextmanager
def acquire_without_lineage() -> Iterator[None]:
    """ACQUIRE asks only whether the outbox bridges."""

    def take(self: Any, record: log_pb2.Record) -> None:
        if record.seq > self._standing.footing.seq:
            self._pending.append(record)

    with (
        patch.object(acquire._Recovery, "_check_lineage", lambda *_: None),
        patch.object(acquire._Recovery, "_take", take),
    ):
        yield


def positions_by_maximum() -> "AbstractContextManager[Any]":
    """Recovery takes the greater of two positions, the store's and the record's."""
    real = acquire._Recovery._positions_bytes

    def positions_bytes(self: Any) -> bytes:
        found = self._standing.positions
        before = msgspec.msgpack.decode(found, type=dict[str, Cursor]) if found else {}
        pairs = {topic: (at, before.get(topic, at)) for topic, at in self._positions.items()}
        self._positions = {topic: max(pair, key=lambda at: at.offset) for topic, pair in pairs.items()}
        return real(self)

    return patch.object(acquire._Recovery, "_positions_bytes", positions_bytes)


def zombies_count() -> "AbstractContextManager[Any]":
    """The reader rule of recovery without epochs."""
    return patch.object(acquire, "read", _read_without_epochs)


def zombies_of_inputs_count() -> "AbstractContextManager[Any]":
    """The reader rule of inputs without epochs."""
    return patch.object(hearing, "read", _read_without_epochs)


def _read_without_epochs(cursor: Cursor, offset: int, entry: log_pb2.Entry) -> Verdict:
    fence, cursor.fence = cursor.fence, 0
    verdict = protocol.read(cursor, offset, entry)
    cursor.fence = cursor.fence or fence
    return verdict


@contextmanager
def gaps_are_applied() -> Iterator[None]:
    """A record over a gap counts."""

    def read(cursor: Cursor, offset: int, entry: log_pb2.Entry) -> Verdict:
        verdict = protocol.read(cursor, offset, entry)
        if verdict is Verdict.GAP:
            cursor.seq, cursor.oe = entry.record.seq, entry.record.oe
            return Verdict.APPLIES
        return verdict

    with patch.object(hearing, "read", read):
        yield


@contextmanager
def chunk_without_its_seq() -> Iterator[None]:
    """Recovery writes the states of its chunks first, and seq only at the end."""
    commit, bridge = acquire._Recovery._commit, acquire._Recovery._bridge

    async def commit_later(self: Any, change: Change) -> Any:
        if change.states:
            self._reached, change.footing = change.footing, self._footing
        elif hasattr(self, "_reached"):
            change.footing = self._reached
        return await commit(self, change)

    def bridge_later(self: Any) -> "list[bytes]":
        written, self._footing = self._footing, getattr(self, "_reached", self._footing)
        found = bridge(self)
        self._footing = written
        return found

    with (
        patch.object(acquire._Recovery, "_commit", commit_later),
        patch.object(acquire._Recovery, "_bridge", bridge_later),
    ):
        yield


def answers_before_acks() -> "AbstractContextManager[Any]":
    """RPCs are answered when they are committed."""
    real = shipping.Shipping.ship

    async def ship(self: Any, entries: Any, at: Any, cargo: Any) -> None:
        for reply, value in cargo.answers:
            shipping.answer(reply, value)
        await real(self, entries, at, cargo._replace(answers=()))

    return patch.object(shipping.Shipping, "ship", ship)


def known_keys_at_once() -> "AbstractContextManager[Any]":
    """What needs no record is answered without waiting for the records before it."""
    real = shipping.Shipping.ship

    async def ship(self: Any, entries: Any, at: Any, cargo: Any) -> None:
        if not entries:
            for reply, value in cargo.answers:
                shipping.answer(reply, value)
        await real(self, entries, at, cargo)

    return patch.object(shipping.Shipping, "ship", ship)


def checkpoint_of_what_was_sent() -> "AbstractContextManager[Any]":
    """Recovery reads from after records that may not be there."""

    def checkpoint(self: Any) -> bytes:
        ground, seq = self._ground, self.shipped
        offset = seq + ground.epoch - ground.seq_at_fence + 1
        return msgspec.msgpack.encode(Cursor(offset, ground.epoch, seq, self._oe_of(seq)))

    return patch.object(shipping.Shipping, "checkpoint", checkpoint)


def reports_after_commit() -> "AbstractContextManager[Any]":
    """A rejected input is reported when its position has been passed already."""
    real = partition.Incarnation._commit

    async def commit(self: Any, batch: Any, items: Any) -> None:
        refused, batch.refused = batch.refused, []
        await real(self, batch, items)
        if refused:
            await self._place.log.reject([rejected_record(*each) for each in refused])

    return patch.object(partition.Incarnation, "_commit", commit)


def readers_forget() -> "AbstractContextManager[Any]":
    """Only the offset of an input is saved, not the reader rule's memory."""

    def bare(topic: str, cursor: Cursor) -> bytes:
        return protocol.position_bytes(topic, Cursor(cursor.offset))

    return patch.object(deciding, "position_bytes", bare)


def poison_is_skipped() -> "AbstractContextManager[Any]":
    """What raises leaves no record."""
    return patch.object(hearing, "failure", lambda error: None)


def half_evolved_states_stay() -> "AbstractContextManager[Any]":
    """A batch that raised leaves its states in memory."""
    return patch.object(Lives, "drop", lambda self, keys: None)


@contextmanager
def positions_of_the_batch() -> Iterator[None]:
    """Every record of a batch has the positions of its end."""
    real = partition.Incarnation._decided

    async def decided(self: Any, items: Any) -> Any:
        ends = {item.after[0]: item.after for item in items if item.after}
        batch = await real(
            self, [each._replace(after=ends[each.after[0]]) if each.after else each for each in items]
        )
        return batch

    with patch.object(partition.Incarnation, "_decided", decided):
        yield


def outbox_is_dropped() -> "AbstractContextManager[Any]":
    """ACQUIRE drops the outbox instead of sending it again."""
    real = acquire._Recovery._bridge

    def bridge(self: Any) -> "list[bytes]":
        real(self)
        return []

    return patch.object(acquire._Recovery, "_bridge", bridge)


@contextmanager
def letters_are_heard_again() -> Iterator[None]:
    """Whoever hears a letter does not ask whether it was heard before."""
    real = hearing.Hearing._hear_letter

    def hear(self: Any, record: Any) -> Any:
        heard, self.heard = self.heard, {}
        found = real(self, record)
        self.heard = heard
        return found

    with patch.object(hearing.Hearing, "_hear_letter", hear):
        yield


def owners_forget_what_they_heard() -> "AbstractContextManager[Any]":
    """The next owner hears everything as if for the first time."""
    real = partition.Incarnation._stand

    def stand(self: Any, ground: Any) -> None:
        real(self, ground._replace(heard={}))

    return patch.object(partition.Incarnation, "_stand", stand)


def letters_before_belief() -> "AbstractContextManager[Any]":
    """Letters go out when their record is sent."""
    real = shipping.Shipping.ship

    async def ship(self: Any, entries: Any, at: Any, cargo: Any) -> None:
        if cargo.lettered:
            last = cargo.lettered[-1]
            self._posting.offer(posting.Post(last.seq, last.oe, cargo.lettered))
        await real(self, entries, at, cargo._replace(lettered=()))

    return patch.object(shipping.Shipping, "ship", ship)


def letters_of_earlier_owners_are_lost() -> "AbstractContextManager[Any]":
    """A new owner posts only what it decides itself."""
    real = partition.Incarnation._stand

    def stand(self: Any, ground: Any) -> None:
        real(self, ground._replace(unposted=[]))

    return patch.object(partition.Incarnation, "_stand", stand)


def checkpoint_of_what_is_believed() -> "AbstractContextManager[Any]":
    """Recovery reads from after records whose letters may not be posted."""

    def checkpoint(self: Any) -> bytes:
        ground, seq = self._ground, self.believed
        offset = seq + ground.epoch - ground.seq_at_fence + 1
        return msgspec.msgpack.encode(Cursor(offset, ground.epoch, seq, self._oe_of(seq)))

    return patch.object(shipping.Shipping, "checkpoint", checkpoint)


class _OneForAll(dict[int, tuple[int, int]]):
    """The last letter of whomever."""

    def __setitem__(self, partition: int, letter: "tuple[int, int]") -> None:
        super().__setitem__(0, letter)

    def get(self, partition: int, otherwise: Any = None) -> Any:
        return super().get(0, otherwise)


def senders_are_taken_for_one() -> "AbstractContextManager[Any]":
    """The receiver does not ask which partition a letter comes from."""
    real = partition.Incarnation._stand

    def stand(self: Any, ground: Any) -> None:
        real(self, ground)
        self._hearing.heard = _OneForAll()

    return patch.object(partition.Incarnation, "_stand", stand)


def letters_do_not_wait() -> "AbstractContextManager[Any]":
    """The next letters go before those before are acked, and whether they are."""
    real = posting.Posting._post

    async def post(self: Any, batch: Any) -> None:
        sent = asyncio.ensure_future(real(self, batch))
        sent.add_done_callback(lambda done: done.cancelled() or done.exception())

    return patch.object(posting.Posting, "_post", post)


def watches_are_shown_at_once() -> "AbstractContextManager[Any]":
    """Who waits for a state is told when it is decided."""
    real = deciding.Deciding._show

    def show(self: Any, batch: Any, key: str, now: Any) -> None:
        told = len(batch.answers)
        real(self, batch, key, now)
        while len(batch.answers) > told:
            shipping.answer(*batch.answers.pop())

    return patch.object(deciding.Deciding, "_show", show)


MUTATIONS = {
    mutation.take_out.__name__: mutation
    for mutation in (
        Mutation(every_ack_is_believed),
        Mutation(store_without_cas, FAILOVERS, live_alone),
        Mutation(acquire_without_lineage, BRANCHES),
        Mutation(positions_by_maximum, FAILOVERS, live_alone),
        Mutation(zombies_count),
        Mutation(zombies_of_inputs_count),
        Mutation(gaps_are_applied),
        Mutation(chunk_without_its_seq),
        Mutation(answers_before_acks),
        Mutation(known_keys_at_once),
        Mutation(checkpoint_of_what_was_sent),
        Mutation(reports_after_commit),
        Mutation(readers_forget),
        Mutation(poison_is_skipped),
        Mutation(half_evolved_states_stay),
        Mutation(positions_of_the_batch),
        Mutation(outbox_is_dropped),
        Mutation(letters_are_heard_again),
        Mutation(owners_forget_what_they_heard),
        Mutation(letters_before_belief),
        Mutation(letters_of_earlier_owners_are_lost),
        Mutation(checkpoint_of_what_is_believed),
        Mutation(senders_are_taken_for_one, live=live_apart),
        Mutation(letters_do_not_wait, live=live_apart),
        Mutation(watches_are_shown_at_once),
    )
}
