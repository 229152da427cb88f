"""Topics in memory, judged again; and small lives of the tiny domain to judge."""

from collections.abc import Mapping, Sequence
from typing import Any

from cercle.domain.decision import Decision
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.service import LETTERS, RulesInTime, Service
from cercle.wire import log_pb2
from services.console.judging import Judge
from services.console.judging_letters import LetterBook
from tests.simulation.memory_log import Stored
from tests.simulation.slots import SLOTS, Take
from tests.unit.runtime.places import NOON, Rules

Topics = Mapping[str, Sequence[Stored]]


def judged(
    service: Service,
    topics: Topics,
    rules: "RulesInTime | None" = None,
    book: "LetterBook | None" = None,
    partition: int = 0,
) -> Judge:
    """One partition, from its first record to its last."""
    book = LetterBook(service.name, lambda key: 0) if book is None else book
    judge = Judge(service, rules or Rules(), partition, 1, book)
    at = dict.fromkeys(topics, 0)
    for stored in topics[service.name]:
        entry = log_pb2.Entry.FromString(stored.value or b"")
        if read(judge.cursor, stored.offset, entry) is Verdict.APPLIES:
            ends = {position.topic: position.offset for position in entry.record.positions}
            passed = {
                topic: [each for each in topics[topic] if at[topic] <= each.offset < end]
                for topic, end in ends.items()
            }
            at.update(ends)
            judge.take(stored.offset, entry.record, passed)
    return judge


def finished(judge: Judge, topics: Topics, memory: Mapping[str, Cursor]) -> None:
    """All inputs were passed, as the owner's store says."""
    positions = dict(memory)
    judge.finish(
        positions,
        {
            topic: [each for each in topics[topic] if each.offset >= judge.hearer.position(topic)]
            for topic in memory
        },
    )


def waiting(judge: Judge, book: LetterBook, topics: Topics, partition: int = 0) -> None:
    """Tells the book which letters lie after all that was judged."""
    start = judge.hearer.position(LETTERS)
    for stored in topics[LETTERS]:
        delivery = log_pb2.Delivery.FromString(stored.value or b"")
        if stored.offset >= start and judge.hearer.is_new(delivery):
            book.waits(partition, delivery)


class Life:
    """A partition of the tiny domain, decided by hand: records as its owner would have written them."""

    def __init__(self, service: Service = SLOTS) -> None:
        self.service = service
        self.topics: dict[str, list[Stored]] = {topic: [] for topic in (*service.inputs, service.name)}
        self.states: dict[str, Any] = {}
        self.last = log_pb2.Record()
        self._last_seqs: dict[str, int] = {}

    def put(self, topic: str, value: bytes) -> int:
        """Appends to an input; its offset."""
        records = self.topics[topic]
        records.append(Stored(topic, 0, len(records), NOON, None, value, ()))
        return len(records) - 1

    def post(self, letter: log_pb2.Letter, seq: int, index: int = 0, partition: int = 0) -> log_pb2.Cause:
        """Appends a letter of the record `seq` to the topic of letters; the cause that it is."""
        delivery = log_pb2.Delivery(
            service=self.service.name, partition=partition, seq=seq, index=index, sender="ana", letter=letter
        )
        delivery.rulebook = "v1"
        offset = self.put("letters", delivery.SerializeToString())
        delivered = log_pb2.Delivered(offset=offset, partition=partition, seq=seq, index=index)
        return log_pb2.Cause(delivered=delivered)

    def record(self, key: str, cause: log_pb2.Cause, command: object, /, **more: Any) -> log_pb2.Record:
        """What the cause brings about now, after all inputs that there are; `more` is set wrongly."""
        state = self.states.setdefault(key, self.service.new(key))
        outcome = self.service.decide(state, command, None, NOON)
        assert isinstance(outcome, Decision)
        record = log_pb2.Record(seq=self.last.seq + 1, key=key, cause=cause, at_ms=NOON, rulebook="v1")
        record.previous_seq = self._last_seqs.get(key, 0)
        for topic in self.service.inputs:
            record.positions.add(topic=topic, offset=len(self.topics[topic]))
        record.decision = self.service.encode_events(outcome.events)
        for letter in outcome.letters:
            record.letters.add(to=letter.to, body=self.service.encode_command(letter.command))
        for name, value in more.items():
            setattr(record, name, value)
        self.append(record)
        return record

    def append(self, record: log_pb2.Record) -> None:
        """The record as it is; the states follow it."""
        self.put(self.service.name, log_pb2.Entry(record=record).SerializeToString())
        self.last = record
        if record.HasField("decision"):
            self._last_seqs[record.key] = record.seq
        for event in self.service.decode_events(record.decision) if record.decision else ():
            state = self.states.setdefault(record.key, self.service.new(record.key))
            self.states[record.key] = self.service.evolve(state, event)

    def acts(self, key: str, /, **more: Any) -> log_pb2.Record:
        """An action takes a slot, and its record."""
        offset = self.put("actions", f"{key} x".encode())
        return self.record(key, acted(offset), Take("x"), **more)


def acted(offset: int) -> log_pb2.Cause:
    """An action is the cause."""
    return log_pb2.Cause(input=log_pb2.Input(topic="actions", offset=offset))
