"""The owner of a partition: everything that changes it goes through here, one at a time.

An `Incarnation` is one acquisition (docs/protocol.md). It decides what waits in its inbox,
COMMITs to the store, SHIPs to the log, believes acks in order, answers, TRIMs; on any doubt
it stops for good, and another begins. No lock, no thread; clock, store and log are given.
"""

import asyncio
from asyncio import Future
from collections.abc import Iterator
from typing import Any

import msgspec

from cercle.actions.partition import partition_of
from cercle.domain.decision import Instant
from cercle.runtime.acquire import Ground, Place, acquire, load, note_heard, packed
from cercle.runtime.calling import Calling
from cercle.runtime.deciding import Batch, Deciding, Item
from cercle.runtime.hearing import Hearing, failure
from cercle.runtime.inbox import Inbox
from cercle.runtime.lives import Lives
from cercle.runtime.log import PositionLost
from cercle.runtime.posting import Posting
from cercle.runtime.protocol import Cursor
from cercle.runtime.rejected import rejected_record
from cercle.runtime.service import ACTIONS, Clock, Command, Inspection, RulesInTime, Unavailable, Watch, Work
from cercle.runtime.shipping import Cargo, Shipping, answer
from cercle.runtime.store import Change, Footing
from cercle.wire import log_pb2

_DECIDING_SECONDS = 0.010
_FEWEST_RECORDS, _MOST_RECORDS = 200, 2_000
_IDLE_SECONDS = 1.0
_TRIM_SECONDS = 0.1
_DUE_KEYS = 200
_MOST_COMMANDS = 1_000


class Finished(Exception):
    """The incarnation was told to finish, and all that it began is in the log and answered."""


class _Raised(Exception):
    """The domain raised; nothing of the batch was kept."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Incarnation:
    """One acquisition of one partition by one service, from ACQUIRE until it stops."""

    def __init__(self, place: Place, rules: RulesInTime, clock: Clock, partition_count: int) -> None:
        self._place = place
        self._rules = rules
        self._clock = clock
        self._hearing = Hearing(place, rules, clock, partition_count)
        self._lives = Lives(place.service)
        self._inbox = Inbox(place.service.inputs)
        self._calling = Calling(place.caller, self.submit)
        self._partition_count = partition_count
        self._batch_records = _FEWEST_RECORDS
        self._turns = 0
        self._hearing_seconds = 0.0
        self._waiting: set[Future[Any]] = set()
        self._watching: set[Future[Any]] = set()
        self._finishing = False
        self.serving = asyncio.Event()

    @property
    def inbox(self) -> Inbox:
        """Where chunks of actions, commands and reads are put."""
        return self._inbox

    @property
    def position(self) -> int:
        """The next offset of actions; meaningful once serving."""
        return self._positions[ACTIONS].offset

    def submit(self, work: Work) -> None:
        """Decides a command or a confirmed read; its reply comes when it is in the log for good."""
        if self._finishing:
            raise Unavailable
        if isinstance(work, Watch):
            self._watching.add(work.reply)
            work.reply.add_done_callback(self._watching.discard)
        self._waiting.add(work.reply)
        work.reply.add_done_callback(self._waiting.discard)
        self._inbox.put(work)

    def finish(self) -> None:
        """Decides the commands that wait, and nothing else; once all is shipped, `run` raises Finished."""
        self._finishing = True
        for reply in list(self._watching):
            answer(reply, Unavailable())  # What they wait for may never come here.
        self._inbox.wake()

    def _finished(self) -> bool:
        shipped = self._shipping.believed >= self._shipping.shipped
        return self._finishing and shipped and not self._waiting

    async def run(self) -> None:
        """Serves until it must stop, which is always by an exception."""
        try:
            await self._place.log.start()
            self._stand(await acquire(self._place, self._lives))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._shipping.believe())
                tasks.create_task(self._posting.run())
                for topic in self._place.service.inputs[1:]:
                    tasks.create_task(self._follow(topic))
                tasks.create_task(self._serve())
        finally:
            self.serving.clear()
            self._inbox.close()
            self._calling.stop()
            for reply in list(self._waiting):
                if not reply.done():
                    reply.set_exception(Unavailable())
            await self._place.log.close()

    def _stand(self, ground: Ground) -> None:
        place = self._place
        self._posting = Posting(
            place.log,
            place.service.name,
            place.partition,
            lambda key: partition_of(key.encode(), self._partition_count),
            ground.posted.seq,
            ground.posted.oe,
        )
        self._shipping = Shipping(place, ground, self._clock, self._posting, self._calling)
        self._hearing.heard = dict(ground.heard)
        self._heard = dict(ground.heard)
        self._footing = ground.footing
        self._positions = {t: ground.positions.get(t, Cursor()) for t in self._place.service.inputs}
        self._at = ground.at
        self._next_due = ground.next_due
        self._trimmed = ground.seq_at_fence
        self._settled = -1  # So that the first TRIM saves how far ACQUIRE has read.
        self._deciding = Deciding(place.service, self._lives, ground.epoch)
        self._last_input_at = ground.at

    # ---- inputs ---------------------------------------------------------------------

    async def _follow(self, topic: str) -> None:
        """Reads an input other than actions."""
        await self.serving.wait()
        async for chunk in self._place.log.read(topic, self._positions[topic].offset):
            await self._inbox.offer(chunk)

    async def _check_actions(self) -> None:
        """A position that retention has passed is an alarm, never silently skipped."""
        earliest = await self._place.log.earliest(ACTIONS)
        if earliest > self.position:
            raise PositionLost(
                f"actions of partition {self._place.partition} begin at {earliest}, "
                f"but {self.position} was to be read next: retention removed what was never judged"
            )

    # ---- SERVE ----------------------------------------------------------------------

    async def _serve(self) -> None:
        await self._check_actions()
        await self._shipping.reship()
        self._inbox.begin(self._positions)
        self.serving.set()
        while True:
            await self._shipping.room()
            if not await self._step():
                if self._finished():
                    await self._keep()
                    raise Finished
                shipping = self._shipping
                unsettled = shipping.believed > self._trimmed or shipping.settled > self._settled
                trim_waits = self._finishing or unsettled
                await self._inbox.changed(_TRIM_SECONDS if trim_waits else _IDLE_SECONDS)
                if not self._inbox.waiting():
                    await self._keep()

    async def _step(self) -> bool:
        """Decides and commits one batch; False when there was nothing to do."""
        items = await self._all()
        if not items:
            return False
        started = self._clock.monotonic() - self._hearing_seconds
        try:
            batch = await self._decided(items)
        except _Raised:
            for item in items:
                await self._step_alone(item)
            return True
        self._pace(len(items), self._clock.monotonic() - started)
        await self._commit(batch, items)
        return True

    async def _step_alone(self, item: Item) -> None:
        """Some item of a batch raised: whoever does so again, alone, is poison."""
        try:
            batch = await self._decided([item])
        except _Raised as raised:
            await self._set_aside(item, raised.error)
        else:
            await self._commit(batch, [item])

    async def _decided(self, items: list[Item]) -> Batch:
        await load(self._place, self._lives, self._footing, (item.key for item in items if item.key))
        batch = self._begin()
        try:
            for item in items:
                self._deciding.decide(batch, item)
        except Exception as error:
            self._lives.drop(item.key for item in items)
            raise _Raised(error) from error
        return batch

    def _begin(self) -> Batch:
        footing = self._footing
        return self._deciding.begin(footing.seq, footing.oe, self._at, self._positions, self._posting.posted)

    async def _all(self) -> list[Item]:
        """Commands first, then as many inputs as a batch takes, then what is due."""
        if self._finishing:
            return self._commands(_MOST_COMMANDS)
        return [
            *self._commands(_MOST_COMMANDS),
            *self._inputs(self._batch_records),
            *await self._due(_DUE_KEYS),
        ]

    def _commands(self, limit: int) -> list[Item]:
        items: list[Item] = []
        while self._inbox.commands and len(items) < limit:
            work = self._inbox.commands.popleft()
            if work.reply.done():
                continue
            items.append(self._command_item(work))
        return items

    def _command_item(self, work: Work) -> Item:
        now = self._tick()
        if not isinstance(work, Command):
            return Item(log_pb2.Cause(), work.member_id, work, None, now)
        cause = log_pb2.Cause(command=work.key)
        return Item(cause, work.member_id, work.command, self._rules.at(now), now, reply=work.reply)

    def _inputs(self, limit: int) -> list[Item]:
        if not self._rules.fresh():
            return []
        items: list[Item] = []
        started = self._clock.monotonic()
        self._turns += 1
        for topic in _rotated(self._place.service.inputs, self._turns):
            position = self._positions[topic]
            cursor = Cursor(position.offset, position.fence, position.seq, position.oe)
            for record, end in self._inbox.records(topic, cursor.offset, limit - len(items)):
                item = self._hearing.item(topic, record, cursor, end)
                self._last_input_at = max(self._last_input_at, item.now)
                items.append(item)
        self._hearing_seconds = self._clock.monotonic() - started
        return items

    async def _due(self, limit: int) -> list[Item]:
        now = self._tick()
        if self._next_due is None or self._next_due > now:
            return []
        place = self._place
        keys = await place.store.due(place.partition, place.token, self._footing, now, limit)
        cause = log_pb2.Cause(due_ms=now)
        return [Item(cause, key, place.service.due_command, self._rules.at(now), now) for key in keys]

    def _tick(self) -> Instant:
        """The wall clock only when every input is read to its end; never falls."""
        caught_up = self._inbox.read_to_the_end(self._positions)
        return max(self._at, self._clock.now() if caught_up else self._last_input_at)

    async def _set_aside(self, item: Item, error: Exception) -> None:
        """Poison: an input becomes a Failed record, whoever waits gets the error, nothing else changes."""
        place = self._place
        place.metrics.failed(item.after[0] if item.after else "command", 0, error)
        reply = item.command.reply if isinstance(item.command, Inspection | Watch) else item.reply
        if reply is not None:
            answer(reply, error)
            return
        batch = self._begin()
        self._deciding.decide(batch, item._replace(key="", command=failure(error)))
        await self._commit(batch, [item])

    def _pace(self, decided: int, seconds: float) -> None:
        """As many records a batch as are heard and decided within the time budget."""
        if decided >= self._batch_records:
            fit = decided * _DECIDING_SECONDS / max(seconds, 1e-6)
            wanted = min(2 * self._batch_records, int(fit))
            self._batch_records = max(_FEWEST_RECORDS, min(_MOST_RECORDS, wanted))

    # ---- COMMIT, SHIP, belief, TRIM --------------------------------------------------

    async def _commit(self, batch: Batch, items: list[Item]) -> None:
        place = self._place
        if batch.refused:
            await place.log.reject([rejected_record(record, why) for record, why in batch.refused])
        entries = [entry for _, entry in batch.entries]
        change = self._change(Footing(batch.seq, batch.oe), batch.positions, batch.at)
        change.outbox = packed(entries) if entries else b""
        for item in items:
            if item.command is place.service.due_command is not None:
                # Also when nothing came of it: what stays in the schedule would come back at once.
                change.due[item.key] = self._lives.due_of(item.key)
            if item.cause.HasField("delivered"):
                note_heard(self._heard, item.cause)
                change.heard = msgspec.msgpack.encode(self._heard)
        self._lives.put_into(change, batch.keys)
        asks = place.service.calls
        calls = [(key, call) for key in batch.keys for call in asks(self._lives[key].state)]
        await self._write(change)
        self._positions, self._at = batch.positions, batch.at
        self._inbox.moved(self._positions)
        place.metrics.decided(items, batch, self._inbox.lag(self._positions))
        self._lives.shrink()
        await self._shipping.ship(batch.entries, self._at, Cargo(batch.answers, batch.lettered, calls))

    def _change(self, footing: Footing, positions: dict[str, Cursor], at: Instant) -> Change:
        """A COMMIT that changes no state, with the TRIM that rides on it."""
        shipping = self._shipping
        checkpoint = shipping.checkpoint() if shipping.settled > self._settled else b""
        self._settled = max(self._settled, shipping.settled)  # Should the COMMIT fail, all of this ends.
        encoded = msgspec.msgpack.encode(positions)
        return Change(footing, encoded, at, trim_to=shipping.believed, checkpoint=checkpoint)

    async def _write(self, change: Change) -> None:
        place = self._place
        started = self._clock.monotonic()
        self._next_due = await place.store.commit(place.partition, place.token, self._footing, change)
        place.metrics.committed(self._clock.monotonic() - started)
        self._footing = change.footing
        self._trimmed = change.trim_to

    async def _keep(self) -> None:
        """TRIM when idle; it also notices a lost footing before anyone asks."""
        await self._write(self._change(self._footing, self._positions, self._at))


def _rotated(topics: tuple[str, ...], turns: int) -> tuple[str, ...]:
    """Each topic is first in its turn, so that a long one starves none."""
    first = turns % len(topics)
    return topics[first:] + topics[:first]


def flatten(error: BaseException) -> Iterator[BaseException]:
    """The causes inside exception groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from flatten(inner)
    else:
        yield error
