"""What the inputs of a partition ask, heard once more: the reader rule, letters once, decoding. Pure."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Heard as LastLetters
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.service import ACTIONS, LETTERS, Intent, RulesInTime, Service, rules_for_consequences
from cercle.wire import log_pb2
from services.console.judging_outcome import Wrong


class Heard(NamedTuple):
    """What a record asks: an Intent, a Rejection, the exception that it raises, or None.

    `at` is its record's time; `letter` is set for one that was not heard before.
    """

    what: Any
    depth: int = 0
    at: Instant = 0
    letter: "log_pb2.Delivery | None" = None


class Hearer:
    """Hears every input record of one partition once, in order; `note` is told each letter that counts."""

    def __init__(
        self,
        service: Service,
        rules: RulesInTime,
        partition_count: int,
        note: Callable[[log_pb2.Delivery], None],
    ) -> None:
        self._service = service
        self._rules = rules
        self._partition_count = partition_count
        self._note = note
        self._cursors: dict[str, Cursor] = {}
        self._last_letters: LastLetters = {}

    def position(self, topic: str) -> int:
        """The next offset."""
        return self._cursor(topic).offset

    def _cursor(self, topic: str) -> Cursor:
        return self._cursors.setdefault(topic, Cursor())

    def hear(self, topic: str, stored: LogRecord) -> Heard:
        """What the record asks, whatever it raises."""
        cursor = self._cursor(topic)
        try:
            heard = self._hear(topic, stored, cursor)
        except Exception as error:
            heard = Heard(error, at=stored.timestamp)
        cursor.offset = stored.offset + 1
        return heard

    def _hear(self, topic: str, stored: LogRecord, cursor: Cursor) -> Heard:
        if topic == ACTIONS:
            listened = self._service.listen(stored, self._rules, self._partition_count)
            return Heard(listened, 0, stored.timestamp)
        if topic == LETTERS:
            return self._hear_letter(stored)
        entry = log_pb2.Entry.FromString(stored.value or b"")
        applies = read(cursor, stored.offset, entry) is Verdict.APPLIES
        if not applies or not entry.record.HasField("decision"):
            return Heard(None)
        asked = self._service.hear(topic, entry.record, self._rules)
        return Heard(asked, entry.record.depth + 1, stored.timestamp)

    def _hear_letter(self, stored: LogRecord) -> Heard:
        delivery = log_pb2.Delivery.FromString(stored.value or b"")
        if not self.is_new(delivery):
            return Heard(None)
        self._note(delivery)
        what: Any
        try:
            command = self._service.decode_command(delivery.letter.body)
            rules = rules_for_consequences(self._rules, stored.timestamp, delivery)
            what = Intent(delivery.letter.to, command, rules)
        except Exception as error:
            what = error
        return Heard(what, delivery.depth + 1, stored.timestamp, delivery)

    def is_new(self, delivery: log_pb2.Delivery) -> bool:
        """Whether it is this service's, and beyond all that was heard of its sender; then it is heard."""
        last = self._last_letters.get(delivery.partition, (0, 0))
        if delivery.service != self._service.name or (delivery.seq, delivery.index) <= last:
            return False
        self._last_letters[delivery.partition] = delivery.seq, delivery.index
        return True

    def check(self, position: log_pb2.Position) -> list[Wrong]:
        """Whether the position is where this reader stands, with what it remembers there."""
        topic, found = position.topic, (position.offset, position.fence, position.seq, position.oe)
        cursor = self._cursor(topic)
        wrong = []
        if position.offset < cursor.offset:
            wrong.append(
                Wrong(f"its position in {topic} goes back", str(position.offset), str(cursor.offset))
            )
        # Offsets without a record, as a transaction's marker takes one, are passed as well.
        cursor.offset = max(cursor.offset, position.offset)
        if topic not in (ACTIONS, LETTERS) and found[1:] != (cursor.fence, cursor.seq, cursor.oe):
            mine = (cursor.offset, cursor.fence, cursor.seq, cursor.oe)
            wrong.append(Wrong(f"what its reader remembers of {topic}", str(found), str(mine)))
        return wrong
