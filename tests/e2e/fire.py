"""Workers under fire: killed, frozen and thawed while they have work to do; and what their metrics told."""

import os
import signal
import time
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from prometheus_client.parser import text_string_to_metric_families

from services.console.draining import lag
from tests.e2e.background import Background
from tests.e2e.club import Club, Slot

_SCRAPE_SECONDS = 0.25
_WATCHED = ("reships", "rollbacks", "fences", "void_records", "forwarded_calls")


class Scraper(Background):
    """A context manager: reads the counters of all workers over and over.

    `totals()`: each counter over all runs of all workers, as last read before each of them ended.
    """

    def __init__(self, club: Club, slots: Sequence[Slot]) -> None:
        super().__init__()
        self._club = club
        self._slots = slots
        self._last: dict[tuple[int, str], float] = {}

    def totals(self) -> dict[str, float]:
        """By the counter's name."""
        found: defaultdict[str, float] = defaultdict(float)
        for (_, name), value in list(self._last.items()):
            found[name] += value
        return dict(found)

    def run(self) -> None:
        while not self.enough.wait(_SCRAPE_SECONDS):
            for slot in self._slots:
                with suppress(OSError, StopIteration):
                    self._scrape(slot)

    def _scrape(self, slot: Slot) -> None:
        # A port is a run of a worker: the next one has another.
        port = next(line["metrics_port"] for line in self._club.lines(slot) if line["event"] == "listening")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=0.5) as page:
            families = text_string_to_metric_families(page.read().decode())
        for family in families:
            name = family.name.removeprefix("cercle_")
            if name in _WATCHED:
                values = [each.value for each in family.samples if each.name.endswith("_total")]
                self._last[port, name] = sum(values)


class Fire:
    """Who is hit, and when. A blow counts only if the service had lag when it fell: see `lags`."""

    def __init__(self, club: Club) -> None:
        self._club = club
        self.lags: dict[str, list[int]] = defaultdict(list)

    def kill(self, slot: Slot) -> None:
        """SIGKILL in the middle of its work, and a new run at once."""
        self._await_work(slot.service)
        self._club.kill(slot)
        self._note_lag(slot.service)
        self._club.start(slot)

    def freeze(self, slot: Slot, seconds: float) -> None:
        """SIGSTOP in the middle of its work, and SIGCONT `seconds` later."""
        self._await_work(slot.service)
        pid = self._club.pid(slot)
        os.kill(pid, signal.SIGSTOP)
        try:
            self._note_lag(slot.service)
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)

    def _await_work(self, service: str) -> None:
        """Some of what was emitted is judged, some is not."""
        self._club.flush()
        began = lag(self._club.stands(), self._club.ends)[service]
        self._club.wait_until(
            f"{service} at work", lambda found: lag(found, self._club.ends)[service] < max(1, began)
        )

    def _note_lag(self, service: str) -> None:
        behind = lag(self._club.stands(), self._club.ends)[service]
        if behind:
            self.lags[service].append(behind)
