"""Emitting many actions through the SDK that brands use, and knowing where they came to lie."""

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from cercle.actions.emitter import Emitter
from cercle.domain.action import RawAction
from cercle.runtime.settings import Settings
from services.console.errors import CommandError


class Emission:
    """Emits `actions` in a thread.

    `sent`: acknowledged so far; `types`: emitted by type; `ends`: the offset after the last
    acknowledged one, by partition.
    """

    def __init__(self, settings: Settings, actions: Iterable[RawAction], as_history: bool) -> None:
        self._settings = settings
        self._actions = actions
        self._as_history = as_history
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="emission", daemon=True)
        self.sent = 0
        self.types: Counter[str] = Counter()
        self.ends: dict[int, int] = {}

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends early, with what was sent so far."""
        self._stopped.set()

    def wait(self) -> None:
        """Returns when the thread has ended, however it went."""
        self._thread.join()

    def done(self) -> bool:
        """Whether everything is acknowledged. Raises EmitterError, FileError and what else went wrong."""
        if self._thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True

    def finish(self) -> None:
        """Waits until everything is acknowledged. Raises as `done` does."""
        while not self.done():
            self._thread.join(0.2)

    def _run(self) -> None:
        settings = self._settings
        try:
            with Emitter(settings.kafka, settings.club, idempotent=settings.idempotent) as emitter:
                for action in self._actions:
                    if self._stopped.is_set():
                        return
                    emitter.emit(action, as_history=self._as_history).add_callback(self._acknowledged)
                    self.types[action.type] += 1
        except Exception as error:
            self._error = _as_sentence(error)

    def _acknowledged(self, place: Any) -> None:
        """Called by kafka-python's thread, one at a time."""
        self.sent += 1
        if place.offset >= self.ends.get(place.partition, 0):
            self.ends[place.partition] = place.offset + 1


def _as_sentence(error: Exception) -> Exception:
    """The emitter refuses what cannot be right with a ValueError."""
    if type(error) is ValueError:
        return CommandError(f"Nothing was emitted from here on: {error}.")
    return error
