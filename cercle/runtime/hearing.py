"""From input records to items to decide: the reader rule, letters once, decoding, and poison set aside."""

from typing import Any, NamedTuple

from cercle.runtime.acquire import Heard, Place, note_heard
from cercle.runtime.deciding import Item
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.service import (
    ACTIONS,
    LETTERS,
    Clock,
    Intent,
    RulesInTime,
    rules_for_consequences,
)
from cercle.wire import log_pb2

_ATTEMPTS = 2
_SENTENCE_LENGTH = 300


class _Heard(NamedTuple):
    """What a record asks (None: nothing), how deep it lies, and which letter it is."""

    what: Any
    depth: int = 0
    letter: "log_pb2.Delivery | None" = None


_NOTHING = _Heard(None)


class Hearing:
    """Hears the inputs of one partition. `heard`: the last letter of each sender that was taken."""

    def __init__(self, place: Place, rules: RulesInTime, clock: Clock, partition_count: int) -> None:
        self._place = place
        self._rules = rules
        self._clock = clock
        self._partition_count = partition_count
        self.heard: Heard = {}

    def item(self, topic: str, record: LogRecord, cursor: Cursor, end: int) -> Item:
        """What the record asks; moves `cursor` past it, to `end`.

        A record that raises when it is decoded, twice, is a Failed.
        """
        now = min(record.timestamp, self._clock.now())
        (what, depth, letter), moved = self._patiently(topic, record, cursor)
        cursor.offset, cursor.fence, cursor.seq, cursor.oe = end, moved.fence, moved.seq, moved.oe
        after = (topic, _copy(cursor))
        # Field by field: with keyword arguments, protobuf takes three times as long.
        cause = log_pb2.Cause()
        if letter is not None:
            _fill(cause.delivered, record.offset, letter)
            note_heard(self.heard, cause)
        else:
            heard = cause.input
            heard.topic, heard.offset = topic, record.offset
        if isinstance(what, Intent):
            return Item(cause, what.key, what.command, what.rules, now, depth, after, record)
        return Item(cause, "", what, None, now, 0, after, record)

    def _patiently(self, topic: str, record: LogRecord, cursor: Cursor) -> tuple[_Heard, Cursor]:
        """What is heard, and the reader after it: also past what cannot be judged."""
        error: Exception
        for _ in range(_ATTEMPTS):
            moved = _copy(cursor)
            try:
                return self._hear(topic, record, moved), moved
            except Exception as raised:
                error = raised
        self._place.metrics.failed(topic, record.offset, error)
        return _Heard(failure(error)), moved

    def _hear(self, topic: str, record: LogRecord, cursor: Cursor) -> _Heard:
        service = self._place.service
        if topic == ACTIONS:
            return _Heard(service.listen(record, self._rules, self._partition_count))
        if topic == LETTERS:
            return self._hear_letter(record)
        entry = log_pb2.Entry.FromString(record.value or b"")
        verdict = read(cursor, record.offset, entry)
        if verdict is Verdict.APPLIES and entry.record.WhichOneof("body") == "decision":
            return _Heard(service.hear(topic, entry.record, self._rules), entry.record.depth + 1)
        if verdict in (Verdict.VOID, Verdict.GAP):
            self._place.metrics.void(topic, verdict)
        return _NOTHING

    def _hear_letter(self, record: LogRecord) -> _Heard:
        """A letter to a key of this service, the first time that it comes."""
        delivery = log_pb2.Delivery.FromString(record.value or b"")
        service, letter = self._place.service, delivery.letter
        if delivery.service != service.name:
            return _NOTHING
        if (delivery.seq, delivery.index) <= self.heard.get(delivery.partition, (0, 0)):
            return _NOTHING
        rules = rules_for_consequences(self._rules, record.timestamp, delivery)
        try:
            what: Any = Intent(letter.to, service.decode_command(letter.body), rules)
        except Exception as error:  # Its sender is passed all the same.
            self._place.metrics.failed(LETTERS, record.offset, error)
            what = failure(error)
        return _Heard(what, delivery.depth + 1, delivery)


def _fill(delivered: log_pb2.Delivered, offset: int, letter: log_pb2.Delivery) -> None:
    delivered.offset = offset
    delivered.partition, delivered.seq, delivered.index = letter.partition, letter.seq, letter.index


def _copy(cursor: Cursor) -> Cursor:
    return Cursor(cursor.offset, cursor.fence, cursor.seq, cursor.oe)


def failure(error: Exception) -> log_pb2.Failed:
    """What is recorded of an input that cannot be judged."""
    sentence = f"{type(error).__name__}: {error}"
    return log_pb2.Failed(code="exception", sentence=sentence[:_SENTENCE_LENGTH])
