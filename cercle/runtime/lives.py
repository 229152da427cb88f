"""The states that an owner keeps in memory: it is the only writer, so they are the newest.

In the store a state is 8 bytes (the seq of the key's last record, little endian) and then
the service's own bytes.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from cercle.domain.decision import Instant
from cercle.runtime.service import Service
from cercle.runtime.store import Change


class Life(msgspec.Struct):
    """One key's state, and what the store's schedule and boards say of it."""

    last_seq: int
    state: Any
    due: Instant | None
    ranks: dict[str, int]


class Lives:
    """Bounded; dropped with the incarnation."""

    def __init__(self, service: Service, limit: int = 200_000) -> None:
        self._service = service
        self._limit = limit
        self._lives: dict[str, Life] = {}

    def __getitem__(self, key: str) -> Life:
        return self._lives[key]

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Which of the keys must be loaded first, each once."""
        return [key for key in dict.fromkeys(keys) if key not in self._lives]

    def add(self, keys: Iterable[str], found: Iterable[bytes | None]) -> None:
        """Takes what the store answered for the keys."""
        for key, stored in zip(keys, found, strict=True):
            self._lives[key] = self._decoded(key, stored)

    def _decoded(self, key: str, stored: bytes | None) -> Life:
        if stored is None:
            return Life(0, self._service.new(key), None, {})
        last_seq, state = split(stored)
        decoded = self._service.decode_state(key, state)
        return Life(last_seq, decoded, self._service.due_at(decoded), dict(self._service.ranks(decoded)))

    def drop(self, keys: Iterable[str]) -> None:
        """Forgets keys whose state may be half evolved."""
        for key in keys:
            self._lives.pop(key, None)

    def clear(self) -> None:
        """Forgets everything."""
        self._lives.clear()

    def shrink(self) -> None:
        """Back under the bound: the longest kept go first."""
        while len(self._lives) > self._limit:
            del self._lives[next(iter(self._lives))]

    def due_of(self, key: str) -> Instant | None:
        """When the key is due next; None also for one whose state could not be decided."""
        life = self._lives.get(key)
        return self._service.due_at(life.state) if life is not None else None

    def put_into(self, change: Change, keys: Iterable[str]) -> None:
        """Adds the states of changed keys to a COMMIT, with what changed in schedule and boards."""
        for key in keys:
            life = self._lives[key]
            change.states[key] = joined(life.last_seq, self._service.encode_state(life.state))
            due = self._service.due_at(life.state)
            if due != life.due:
                change.due[key] = life.due = due
            for board, score in self._service.ranks(life.state).items():
                if life.ranks.get(board) != score:
                    change.ranks.setdefault(board, {})[key] = life.ranks[board] = score


def joined(last_seq: int, state: bytes) -> bytes:
    """As the store keeps it."""
    return last_seq.to_bytes(8, "little") + state


def split(stored: bytes) -> tuple[int, bytes]:
    """(seq of the key's last record, the service's bytes)."""
    return int.from_bytes(stored[:8], "little"), stored[8:]
