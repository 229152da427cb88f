"""A partition's decisions judged again, one record after another, from the inputs that its log names.

Pure: records and inputs are given in the order of the log. What differs is told, and the log is
believed: the state goes on by what is recorded, so that one wrong record does not make all after
it wrong. The simulator's laws (tests/simulation/laws.py) judge by a code of their own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cercle.domain.decision import Decision, Instant, Rejection
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import MAX_DEPTH, Cursor
from cercle.runtime.service import Intent, RulesInTime, Service
from cercle.wire import log_pb2
from services.console.judging_hearing import Heard, Hearer
from services.console.judging_letters import LetterBook
from services.console.judging_outcome import (
    Difference,
    Wrong,
    cause_of,
    compared,
    failed_rightly,
    outcome_of,
    place_of,
)

_MOST_SHOWN = 5

Passed = Mapping[str, Sequence[LogRecord]]
"""By topic, what lies between the positions of the record before and those of this one."""


class Judge:
    """One partition. `differing` counts records with a difference; the first of those are in `shown`.

    `unasked` counts commands whose record does not say what was asked: they are not judged again.
    """

    def __init__(
        self, service: Service, rules: RulesInTime, partition: int, count: int, book: LetterBook
    ) -> None:
        self._service = service
        self._rules = rules
        self._partition = partition
        self._book = book
        self.hearer = Hearer(service, rules, count, lambda letter: book.heard(partition, letter))
        self._versions: dict[str, Any] = {}
        self._states: dict[str, Any] = {}
        self._last_seqs: dict[str, int] = {}
        self._at: Instant = 0
        self._record = log_pb2.Record()
        self._offset = -1
        self.cursor = Cursor()
        self.passed: Counter[str] = Counter()
        self.records = self.judged = self.unasked = self.failed = self.refused = self.differing = 0
        self.shown: list[Difference] = []

    # ---- records ----------------------------------------------------------------------

    def take(self, offset: int, record: log_pb2.Record, passed: Passed) -> None:
        """Judges the next valid record, which lies at `offset`, on the inputs passed since the last."""
        before, self._record, self._offset = self._record, record, offset
        wrongs = [*self._chain(before)]
        heard: Heard | None = None
        for position in record.positions:
            found, more = self._pass_topic(position.topic, position, passed.get(position.topic, ()))
            heard = found or heard
            wrongs += more
        wrongs += self._judge(heard)
        self._apply(record)
        self._tell(wrongs)

    def finish(self, positions: Mapping[str, Cursor], passed: Passed) -> None:
        """Inputs that the owner passed after its last record, as its store says: without effect."""
        self._record, self._offset = log_pb2.Record(seq=self.cursor.seq, at_ms=self._at), -1
        wrongs: list[Wrong] = []
        for topic, cursor in positions.items():
            position = log_pb2.Position(
                topic=topic, offset=cursor.offset, fence=cursor.fence, seq=cursor.seq, oe=cursor.oe
            )
            wrongs += self._pass_topic(topic, position, passed.get(topic, ()))[1]
        self._tell(wrongs)

    def note_posted(self, seq: int) -> None:
        """The letters of records up to `seq` were seen in their topic."""
        self._book.posted(self._partition, seq)

    def forget_states(self) -> None:
        """Frees what only judging needs."""
        self._states.clear()
        self._last_seqs.clear()

    def _chain(self, before: log_pb2.Record) -> Sequence[Wrong]:
        """The record stands on the one before, and on its key's."""
        record = self._record
        follows = self._last_seqs.get(record.key, 0) if record.HasField("decision") else record.previous_seq
        pairs = {
            "seq": (record.seq, before.seq + 1),
            "poe": (record.poe, before.oe),
            "previous_seq": (record.previous_seq, follows),
            "at_ms": (record.at_ms, max(record.at_ms, before.at_ms)),
        }
        return [
            Wrong(f"{name} does not follow from the record before", str(found), str(right))
            for name, (found, right) in pairs.items()
            if found != right
        ]

    def _apply(self, record: log_pb2.Record) -> None:
        self.records += 1
        self._at = record.at_ms
        self._book.written(self._partition, record)
        if record.HasField("failed"):
            self.failed += 1
            return
        state = self._state(record.key)
        for event in self._service.decode_events(record.decision):
            state = self._service.evolve(state, event)
        self._states[record.key] = state
        self._last_seqs[record.key] = record.seq

    def _state(self, key: str) -> Any:
        return self._states[key] if key in self._states else self._service.new(key)

    def _tell(self, wrongs: Sequence[Wrong]) -> None:
        if not wrongs:
            return
        self.differing += 1
        record = self._record
        if len(self.shown) < _MOST_SHOWN:
            cause = cause_of(record.cause)
            shown = (
                Difference(record.seq, self._offset, record.at_ms, cause, record.key, *w) for w in wrongs
            )
            self.shown += shown

    # ---- inputs -----------------------------------------------------------------------

    def _pass_topic(
        self, topic: str, position: log_pb2.Position, passed: Sequence[LogRecord]
    ) -> tuple[Heard | None, list[Wrong]]:
        """What the cause asks, should it lie in this topic; and what should not be as it is."""
        cause, wrongs = place_of(self._record.cause), []
        heard: Heard | None = None
        for stored in passed:
            self.passed[topic] += 1
            if heard is not None:
                wrongs.append(Wrong(f"its position in {topic} lies after {stored.offset}, past its cause"))
            found = self.hearer.hear(topic, stored)
            if (topic, stored.offset) == cause:
                heard = found
            else:
                wrongs += self._without_effect(topic, stored, found)
        wrongs += self.hearer.check(position)
        return heard, wrongs

    def _without_effect(self, topic: str, stored: LogRecord, heard: Heard) -> list[Wrong]:
        what, place = heard.what, f"{topic}/{stored.offset}"
        if heard.letter is not None:
            return [Wrong(f"the letter {place} was passed over", judged="it was never heard")]
        now = max(self._at, stored.timestamp)
        if isinstance(what, Intent):
            what = outcome_of(self._service, self._state(what.key), what, what.rules, now)
        if isinstance(what, Rejection):
            self.refused += 1
        elif isinstance(what, Exception):
            return [Wrong(f"{place} was passed over", judged=f"it raises {what!r}")]
        elif isinstance(what, Decision) and what.events:
            return [Wrong(f"{place} was passed over", judged=", ".join(map(str, what.events)))]
        return []

    # ---- judging ----------------------------------------------------------------------

    def _judge(self, heard: Heard | None) -> list[Wrong]:
        record = self._record
        if record.cause.WhichOneof("kind") in ("input", "delivered"):
            if heard is None:
                return [Wrong("its cause does not lie between its positions and those before")]
            return self._judge_heard(heard)
        if record.cause.WhichOneof("kind") == "command" and not record.asked:
            self.unasked += 1
            return []
        return self._judge_heard(self._asked())

    def _asked(self) -> Heard:
        """What a command asks, or due work."""
        record, service = self._record, self._service
        if record.cause.WhichOneof("kind") == "due_ms":
            return Heard(Intent(record.key, service.due_command, self._rules.at(record.cause.due_ms)))
        try:
            command = service.decode_command(record.asked)
        except Exception as error:
            return Heard(error)
        return Heard(Intent(record.key, command, self._rules.at(record.at_ms)))

    def _judge_heard(self, heard: Heard) -> list[Wrong]:
        self.judged += 1
        record, intent, wrongs = self._record, heard.what, self._wrong_letter(heard)
        if not isinstance(intent, Intent):
            if record.HasField("failed") and isinstance(intent, Exception):
                return wrongs
            return [*wrongs, Wrong("its cause asks for nothing", self._events(), _shown(intent))]
        rules, wrong = self._rules_of(intent)
        wrongs += wrong
        outcome = outcome_of(self._service, self._state(intent.key), intent, rules, self._time(heard))
        if record.HasField("failed"):
            return [*wrongs, *failed_rightly(record, self._service, heard, outcome)]
        if intent.key != record.key:
            wrongs.append(Wrong("it is another's", record.key, intent.key))
        if heard.at and record.at_ms > max(self._at, heard.at):
            wrongs.append(Wrong("its time lies ahead of its input", str(record.at_ms), str(heard.at)))
        if heard.depth != record.depth or heard.depth > MAX_DEPTH:
            wrongs.append(Wrong("its depth", str(record.depth), str(heard.depth)))
        return [*wrongs, *compared(record, self._service, outcome)]

    def _time(self, heard: Heard) -> Instant:
        """A Failed record has the time of the record before it: its input came at its own."""
        return max(self._record.at_ms, heard.at) if self._record.HasField("failed") else self._record.at_ms

    def _wrong_letter(self, heard: Heard) -> list[Wrong]:
        said, found = self._record.cause, heard.letter
        if not said.HasField("delivered") or found is None:
            return []
        names = [(e.partition, e.seq, e.index) for e in (said.delivered, found)]
        return [Wrong("it is another letter", *map(str, names))] if names[0] != names[1] else []

    def _rules_of(self, intent: Intent) -> tuple[Any, list[Wrong]]:
        """The version that the record names; it must be the one in force for its cause."""
        named = self._record.rulebook
        right = intent.rules.version if intent.rules is not None else ""
        if named == right:
            return intent.rules, []
        wrong = Wrong("it was judged by another version of the rules", named or "(none)", right or "(none)")
        if named not in self._versions:
            self._versions = {version.version: version for version in self._rules.versions}
        return self._versions.get(named, intent.rules), [wrong]

    def _events(self) -> str:
        record = self._record
        if record.HasField("failed"):
            return f"{record.failed.code}: {record.failed.sentence}"
        return ", ".join(map(str, self._service.decode_events(record.decision)))


def _shown(what: Any) -> str:
    return "nothing" if what is None else repr(what)
