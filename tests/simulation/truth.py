"""What a topic of decisions says: a reader of its own, written from docs/protocol.md and not from the code.

It folds what the reader rule accepts, and remembers every state that a key has been in.
"""

from typing import Any, NamedTuple

from cercle.runtime.service import Service
from cercle.wire import log_pb2
from tests.simulation.memory_log import Topic


class Valid(NamedTuple):
    """A record that counts, and where it lies."""

    offset: int
    record: log_pb2.Record


class Reader:
    """The reader rule: what counts in a topic, and what it remembers after each offset."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._read = 0
        self.fence = self.seq = self.oe = 0
        self.valid: list[Valid] = []
        self.gaps = 0
        self.memory: dict[int, tuple[int, int, int]] = {0: (0, 0, 0)}

    def update(self) -> "list[Valid]":
        """Reads on to the end; answers what is new and counts."""
        fresh = []
        for stored in self._topic.records[self._read :]:
            entry = log_pb2.Entry.FromString(stored.value or b"")
            if self._counts(stored.offset, entry):
                fresh.append(Valid(stored.offset, entry.record))
            self.memory[stored.offset + 1] = (self.fence, self.seq, self.oe)
        self._read = len(self._topic.records)
        self.valid += fresh
        return fresh

    def _counts(self, offset: int, entry: log_pb2.Entry) -> bool:
        if entry.HasField("fence"):
            self.fence = offset
            return False
        record = entry.record
        if record.epoch < self.fence or record.seq <= self.seq:
            return False
        if record.seq != self.seq + 1:
            self.gaps += 1
            return False
        self.seq, self.oe = record.seq, record.oe
        return True


def name_of(record: log_pb2.Record) -> str:
    """A record's cause in a word: no two may have the same.

    A key may be due twice at the same time, but not on the same state.
    """
    cause = record.cause
    match cause.WhichOneof("kind"):
        case "input":
            return f"{cause.input.topic}/{cause.input.offset}"
        case "command":
            return f"command {cause.command}"
        case "delivered":
            return letter_name(cause.delivered)
    return f"due {record.key} {cause.due_ms} after {record.previous_seq}"


def letter_name(letter: "log_pb2.Delivered | log_pb2.Delivery") -> str:
    """Which letter it is, among all of a service's."""
    return f"letter {letter.partition}/{letter.seq}/{letter.index}"


class Truth:
    """The fold of a service's own topic, as far as it was written."""

    def __init__(self, service: Service, topic: Topic) -> None:
        self.service = service
        self.reader = Reader(topic)
        self.states: dict[str, Any] = {}
        self.first_seq: dict[str, int] = {}
        self.last_seq: dict[str, int] = {}
        self.been: dict[str, set[bytes]] = {}
        self.causes: dict[str, log_pb2.Record] = {}

    def update(self) -> None:
        """Folds what is new. A cause that comes twice is against the law."""
        for _, record in self.reader.update():
            name = name_of(record)
            assert name not in self.causes, f"{name} is in the log twice"
            self.causes[name] = record
            if record.HasField("decision"):
                self._fold(record)

    def _fold(self, record: log_pb2.Record) -> None:
        state = self.state(record.key)
        for event in self.service.decode_events(record.decision):
            state = self.service.evolve(state, event)
        self.states[record.key] = state
        self.first_seq.setdefault(record.key, record.seq)
        self.last_seq[record.key] = record.seq
        self.been.setdefault(record.key, set()).add(self.service.encode_state(state))

    def state(self, key: str) -> Any:
        """The key's state; a new one that nobody keeps for a key that has none."""
        return self.states[key] if key in self.states else self.service.new(key)

    def was(self, key: str, encoded: bytes) -> bool:
        """Whether the key has ever been in this state."""
        return encoded in self.been.get(key, set()) or encoded == self.service.encode_state(
            self.service.new(key)
        )
