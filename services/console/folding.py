"""A partition's states made anew, in memory, from nothing but the service's own topic."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from cercle.runtime.lives import joined
from cercle.runtime.log import LogRecord
from cercle.runtime.protocol import Cursor, Verdict, read
from cercle.runtime.service import Service
from cercle.runtime.store import Footing
from cercle.wire import log_pb2


class Fold:
    """Takes the records of one partition in order, by the reader rule. `failed` counts inputs set aside."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._states: dict[str, Any] = {}
        self._last_seqs: dict[str, int] = {}
        self.cursor = Cursor()
        self.records = 0
        self.failed = 0

    def take(self, records: Iterable[LogRecord]) -> None:
        """Evolves what the records say."""
        for record in records:
            entry = log_pb2.Entry.FromString(record.value or b"")
            if read(self.cursor, record.offset, entry) is Verdict.APPLIES:
                self._apply(entry.record)

    def _apply(self, record: log_pb2.Record) -> None:
        self.records += 1
        if record.WhichOneof("body") == "failed":
            self.failed += 1
            return
        state = self._states.get(record.key)
        if state is None:
            state = self._service.new(record.key)
        for event in self._service.decode_events(record.decision):
            state = self._service.evolve(state, event)
        self._states[record.key] = state
        self._last_seqs[record.key] = record.seq

    @property
    def footing(self) -> Footing:
        """Of the last record that counts."""
        return Footing(self.cursor.seq, self.cursor.oe)

    def stored(self) -> dict[str, bytes]:
        """The states as the store keeps them."""
        encode = self._service.encode_state
        return {key: joined(self._last_seqs[key], encode(state)) for key, state in self._states.items()}

    def boards(self) -> dict[str, dict[str, int]]:
        """What the leaderboards must hold."""
        boards: dict[str, dict[str, int]] = {}
        for key, state in self._states.items():
            for board, score in self._service.ranks(state).items():
                boards.setdefault(board, {})[key] = score
        return boards


def digest(states: Mapping[str, bytes], footing: Footing) -> str:
    """SHA-256 over the footing and every (key, bytes) in the order of keys; each length comes first."""
    hashed = hashlib.sha256(f"{footing.seq},{footing.oe};".encode())
    for key in sorted(states):
        name, state = key.encode(), states[key]
        hashed.update(b"%d,%d:" % (len(name), len(state)) + name + state)
    return hashed.hexdigest()
