"""From input records to items to decide: the reader rule, decoding, and poison set aside."""

from typing import Any

from cercle.runtime.acquire import Place
from cercle.runtime.deciding import Item
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.service import ACTIONS, Clock, Intent, RulesInTime
from cercle.wire import log_pb2

_ATTEMPTS = 2
_SENTENCE_LENGTH = 300


class Hearing:
    """Hears the inputs of one partition."""

    def __init__(self, place: Place, rules: RulesInTime, clock: Clock, partition_count: int) -> None:
        self._place = place
        self._rules = rules
        self._clock = clock
        self._partition_count = partition_count

    def item(self, topic: str, record: LogRecord, cursor: Cursor, end: int) -> Item:
        """What the record asks; moves `cursor` past it, to `end`.

        A record that raises when it is decoded, twice, is a Failed.
        """
        now = min(record.timestamp, self._clock.now())
        what, depth, moved = self._patiently(topic, record, cursor)
        cursor.offset, cursor.fence, cursor.seq, cursor.oe = end, moved.fence, moved.seq, moved.oe
        after = (topic, _copy(cursor))
        # Field by field: with keyword arguments, protobuf takes three times as long.
        cause = log_pb2.Cause()
        heard = cause.input
        heard.topic, heard.offset = topic, record.offset
        if isinstance(what, Intent):
            return Item(cause, what.key, what.command, what.rules, now, depth, after, record)
        return Item(cause, "", what, None, now, 0, after, record)

    def _patiently(self, topic: str, record: LogRecord, cursor: Cursor) -> tuple[Any, int, Cursor]:
        """What is heard, its depth, and the reader after it: also past what cannot be judged."""
        error: Exception
        for _ in range(_ATTEMPTS):
            moved = _copy(cursor)
            try:
                return *self._hear(topic, record, moved), moved
            except Exception as raised:
                error = raised
        self._place.metrics.failed(topic, record.offset, error)
        return failure(error), 0, moved

    def _hear(self, topic: str, record: LogRecord, cursor: Cursor) -> tuple[Any, int]:
        service = self._place.service
        if topic == ACTIONS:
            return service.listen(record, self._rules, self._partition_count), 0
        entry = log_pb2.Entry.FromString(record.value or b"")
        verdict = read(cursor, record.offset, entry)
        if verdict is Verdict.APPLIES and entry.record.WhichOneof("body") == "decision":
            return service.hear(topic, entry.record, self._rules), entry.record.depth + 1
        if verdict in (Verdict.VOID, Verdict.GAP):
            self._place.metrics.void(topic, verdict)
        return None, 0


def _copy(cursor: Cursor) -> Cursor:
    return Cursor(cursor.offset, cursor.fence, cursor.seq, cursor.oe)


def failure(error: Exception) -> log_pb2.Failed:
    """What is recorded of an input that cannot be judged."""
    sentence = f"{type(error).__name__}: {error}"
    return log_pb2.Failed(code="exception", sentence=sentence[:_SENTENCE_LENGTH])
