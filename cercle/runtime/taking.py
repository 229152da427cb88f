"""What the next batch is made of: commands first, then inputs, then what is due; and what time it is.

Whatever a rule may decide waits while a newer version of the rules may be in effect unseen.
"""

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Ground, Place
from cercle.runtime.deciding import Item
from cercle.runtime.hearing import Hearing
from cercle.runtime.inbox import Inbox
from cercle.runtime.protocol import Cursor
from cercle.runtime.service import Clock, Command, RulesInTime, Work
from cercle.runtime.store import Footing
from cercle.wire import log_pb2

_DECIDING_SECONDS = 0.010
_FEWEST_RECORDS, _MOST_RECORDS = 200, 2_000
_DUE_KEYS = 200
_MOST_COMMANDS = 1_000


class Stand(msgspec.Struct):
    """Where an incarnation stands after its last COMMIT. `at`: the time of its last decision."""

    footing: Footing
    positions: dict[str, Cursor]
    at: Instant
    next_due: Instant | None


class Taking:
    """Takes from one partition's inbox and schedule."""

    def __init__(
        self, place: Place, rules: RulesInTime, clock: Clock, inbox: Inbox, partition_count: int
    ) -> None:
        self._place = place
        self._rules = rules
        self._clock = clock
        self._inbox = inbox
        self._hearing = Hearing(place, rules, clock, partition_count)
        self._batch_records = _FEWEST_RECORDS
        self._turns = 0
        self._last_input_at: Instant = 0
        self.hearing_seconds = 0.0

    def begin(self, ground: Ground) -> Stand:
        """From where the owner stands."""
        self._hearing.heard = dict(ground.heard)
        self._last_input_at = ground.at
        positions = {topic: ground.positions.get(topic, Cursor()) for topic in self._place.service.inputs}
        return Stand(ground.footing, positions, ground.at, ground.next_due)

    async def all(self, stand: Stand) -> list[Item]:
        """Commands first, then as many inputs as a batch takes, then what is due."""
        self.hearing_seconds = 0.0
        commands = self.commands(stand)
        if not self._rules.fresh():
            return commands
        return [*commands, *self._inputs(stand), *await self._due(stand)]

    def commands(self, stand: Stand) -> list[Item]:
        """Commands and reads alone; without fresh rules, reads."""
        items: list[Item] = []
        waiting: list[Work] = []
        fresh = self._rules.fresh()
        while self._inbox.commands and len(items) < _MOST_COMMANDS:
            work = self._inbox.commands.popleft()
            if work.reply.done():
                continue
            if fresh or not isinstance(work, Command):
                items.append(self._command(work, stand))
            else:
                waiting.append(work)
        self._inbox.commands.extendleft(reversed(waiting))
        return items

    def _command(self, work: Work, stand: Stand) -> Item:
        now = self._tick(stand)
        if not isinstance(work, Command):
            return Item(log_pb2.Cause(), work.member_id, work, None, now)
        cause = log_pb2.Cause(command=work.key)
        return Item(cause, work.member_id, work.command, self._rules.at(now), now, reply=work.reply)

    def _inputs(self, stand: Stand) -> list[Item]:
        items: list[Item] = []
        started = self._clock.monotonic()
        self._turns += 1
        for topic in _rotated(self._place.service.inputs, self._turns):
            position = stand.positions[topic]
            cursor = Cursor(position.offset, position.fence, position.seq, position.oe)
            limit = self._batch_records - len(items)
            for record, end in self._inbox.records(topic, cursor.offset, limit):
                item = self._hearing.item(topic, record, cursor, end)
                self._last_input_at = max(self._last_input_at, item.now)
                items.append(item)
        self.hearing_seconds = self._clock.monotonic() - started
        return items

    async def _due(self, stand: Stand) -> list[Item]:
        now = self._tick(stand)
        if stand.next_due is None or stand.next_due > now:
            return []
        place, rules = self._place, self._rules.at(now)
        keys = await place.store.due(place.partition, place.token, stand.footing, now, _DUE_KEYS)
        cause, command = log_pb2.Cause(due_ms=now), place.service.due_command
        return [Item(cause, key, command, rules, now) for key in keys]

    def _tick(self, stand: Stand) -> Instant:
        """The wall clock only when every input is read to its end; never falls."""
        caught_up = self._inbox.read_to_the_end(stand.positions)
        return max(stand.at, self._clock.now() if caught_up else self._last_input_at)

    def pace(self, decided: int, seconds: float) -> None:
        """As many records a batch as are heard and decided within the time budget."""
        if decided >= self._batch_records:
            fit = decided * _DECIDING_SECONDS / max(seconds, 1e-6)
            wanted = min(2 * self._batch_records, int(fit))
            self._batch_records = max(_FEWEST_RECORDS, min(_MOST_RECORDS, wanted))


def _rotated(topics: tuple[str, ...], turns: int) -> tuple[str, ...]:
    """Each topic is first in its turn, so that a long one starves none."""
    first = turns % len(topics)
    return topics[first:] + topics[:first]
