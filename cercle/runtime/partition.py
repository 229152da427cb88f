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
from cercle.runtime.hearing import failure
from cercle.runtime.inbox import Inbox
from cercle.runtime.lives import Lives
from cercle.runtime.log import PositionLost
from cercle.runtime.posting import Posting
from cercle.runtime.protocol import Cursor
from cercle.runtime.rejected import rejected_record
from cercle.runtime.service import ACTIONS, Clock, Inspection, RulesInTime, Unavailable, Watch, Work
from cercle.runtime.shipping import Cargo, Shipping, answer
from cercle.runtime.store import Change, Footing
from cercle.runtime.taking import Taking

_IDLE_SECONDS = 1.0
_TRIM_SECONDS = 0.1


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
        self._clock = clock
        self._lives = Lives(place.service)
        self._inbox = Inbox(place.service.inputs)
        self._taking = Taking(place, rules, clock, self._inbox, partition_count)
        self._calling = Calling(place.caller, self.submit)
        self._partition_count = partition_count
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
        return self._stands.positions[ACTIONS].offset

    def submit(self, work: Work) -> None:
        """Decides a command or a confirmed read; its reply comes when it is in the log for good."""
        if self._finishing:
            raise Unavailable
        waiting = self._watching if isinstance(work, Watch) else self._waiting
        waiting.add(work.reply)
        work.reply.add_done_callback(waiting.discard)
        self._inbox.put(work)

    def finish(self) -> None:
        """Decides the commands that wait, and nothing else; once all is shipped, `run` raises Finished.

        Who watches for what others have still to bring about asks the next owner.
        """
        self._finishing = True
        for reply in self._watching:
            answer(reply, Unavailable())
        self._inbox.wake()

    def _finished(self) -> bool:
        shipped = self._shipping.believed >= self._shipping.shipped
        posted = self._posting.posted >= self._shipping.believed
        return self._finishing and shipped and posted and not self._waiting

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
            for reply in [*self._waiting, *self._watching]:
                answer(reply, Unavailable())
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
        self._stands = self._taking.begin(ground)
        self._heard = dict(ground.heard)
        self._trimmed = ground.seq_at_fence
        self._settled = -1  # So that the first TRIM saves how far ACQUIRE has read.
        self._deciding = Deciding(place.service, self._lives, ground.epoch)

    # ---- inputs ---------------------------------------------------------------------

    async def _follow(self, topic: str) -> None:
        """Reads an input other than actions."""
        await self.serving.wait()
        async for chunk in self._place.log.read(topic, self._stands.positions[topic].offset):
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
        self._inbox.begin(self._stands.positions)
        self.serving.set()
        while True:
            await self._shipping.room()
            if not await self._step():
                if self._finished():
                    await self._keep()
                    raise Finished
                trim_waits = self._finishing or self._unsaved()
                await self._inbox.changed(_TRIM_SECONDS if trim_waits else _IDLE_SECONDS)
                if not self._inbox.waiting():
                    await self._keep()

    def _unsaved(self) -> bool:
        """Whether a TRIM would say something new."""
        shipping = self._shipping
        return shipping.believed > self._trimmed or shipping.settled > self._settled

    async def _step(self) -> bool:
        """Decides and commits one batch; False when there was nothing to do."""
        taking = self._taking
        items = taking.commands(self._stands) if self._finishing else await taking.all(self._stands)
        if not items:
            return False
        started = self._clock.monotonic() - taking.hearing_seconds
        try:
            batch = await self._decided(items)
        except _Raised:
            for item in items:
                await self._step_alone(item)
            return True
        taking.pace(len(items), self._clock.monotonic() - started)
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
        await load(self._place, self._lives, self._stands.footing, (item.key for item in items if item.key))
        batch = self._begin()
        try:
            for item in items:
                self._deciding.decide(batch, item)
        except Exception as error:
            self._lives.drop(item.key for item in items)
            raise _Raised(error) from error
        return batch

    def _begin(self) -> Batch:
        stands, footing = self._stands, self._stands.footing
        posted = self._posting.posted
        return self._deciding.begin(footing.seq, footing.oe, stands.at, stands.positions, posted)

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
        self._stands.positions, self._stands.at = batch.positions, batch.at
        self._inbox.moved(batch.positions)
        place.metrics.decided(items, batch, self._inbox.lag(batch.positions))
        self._lives.shrink()
        await self._shipping.ship(batch.entries, batch.at, Cargo(batch.answers, batch.lettered, calls))

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
        stands = self._stands
        stands.next_due = await place.store.commit(place.partition, place.token, stands.footing, change)
        place.metrics.committed(self._clock.monotonic() - started)
        stands.footing = change.footing
        self._trimmed = change.trim_to

    async def _keep(self) -> None:
        """TRIM when idle; it also notices a lost footing before anyone asks."""
        stands = self._stands
        await self._write(self._change(stands.footing, stands.positions, stands.at))


def flatten(error: BaseException) -> Iterator[BaseException]:
    """The causes inside exception groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from flatten(inner)
    else:
        yield error
