"""What is seen while a club runs: phases, and a bar for the emitter and each service. On standard error."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from services.console.services import SERVICES

EMITTED = "emitted"


class Screen:
    """Bars move only in a terminal; elsewhere they are shown once, at their end."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:>12,} actions/s"),
            TextColumn("lag {task.fields[lag]:,}"),
            console=self._console,
            refresh_per_second=4,
        )
        self._bars: dict[str, TaskID] = {}
        self._begun: dict[str, float] = {}
        self._past: dict[str, int] = {}

    def say(self, phase: str) -> None:
        """A line of its own."""
        self._console.print(f"[dim]{phase}[/dim]", highlight=False)

    def begin(self, total: int, past: Mapping[str, int]) -> None:
        """`total` actions for everyone; `past`: those that each service has judged before."""
        self._past = dict(past)
        for name in (EMITTED, *SERVICES):
            self._bars[name] = self._progress.add_task(name, total=total, rate=0, lag=total)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Shows the bars."""
        with self._progress:
            yield

    def emitted(self, sent: int) -> None:
        """So many actions are acknowledged."""
        self._show(EMITTED, sent, None)

    def judged(self, name: str, actions: int, lag: int) -> None:
        """The service is past so many actions, and has so many records of all inputs before it."""
        self._show(name, actions - self._past.get(name, 0), lag)

    def _show(self, name: str, count: int, lag: int | None) -> None:
        task = self._progress.tasks[self._bars[name]]
        if count and name not in self._begun:
            self._begun[name] = time.monotonic()
        rate = int(task.fields["rate"])
        if task.total and task.completed < task.total and name in self._begun:
            rate = int(count / max(time.monotonic() - self._begun[name], 0.25))
        left = int(task.total or 0) - count if lag is None else lag
        self._progress.update(self._bars[name], completed=count, rate=rate, lag=max(0, left))
