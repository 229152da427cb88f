"""A contender's process, which ends with us and must not take for ever."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from cercle.runtime.guarded import GuardedProcess
from tests.servers import ROOT

_RUN_SECONDS = 240.0
_LOOK_SECONDS = 0.05
_LAST_LINES = 12


class RunFailed(Exception):
    """A contender did not come to its end: a sentence, and the last lines of its log."""


class ContenderProcess(GuardedProcess):
    """`python -m module`, logging to <folder>/<name>.log."""

    @classmethod
    @contextmanager
    def started(cls, name: str, module: str, folder: Path, env: Mapping[str, str]) -> Iterator[Self]:
        """Running; it is stopped at the end."""
        command = [sys.executable, "-m", module]
        process = cls(command, folder / f"{name}.log", env={**os.environ, **env}, cwd=ROOT)
        try:
            yield process
        finally:
            process.stop()

    def looks(self) -> Iterator[None]:
        """Every 50 ms while it runs. Raises RunFailed when it ends, or takes too long."""
        end = time.monotonic() + _RUN_SECONDS
        while time.monotonic() < end:
            if self.poll() is not None:
                raise self._failed(f"ended with status {self.poll()}")
            yield
            time.sleep(_LOOK_SECONDS)
        raise self._failed(_TOO_LONG)

    def finish(self) -> None:
        """Waits until it has ended by itself, with status 0. Raises RunFailed."""
        try:
            status = self.wait(_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise self._failed(_TOO_LONG) from None
        if status:
            raise self._failed(f"ended with status {status}")

    def _failed(self, how: str) -> RunFailed:
        lines = self.log.read_text(errors="replace").strip().splitlines()[-_LAST_LINES:]
        return RunFailed("\n".join([f"{self.log.stem} {how}:", *lines]))


_TOO_LONG = f"was not done after {_RUN_SECONDS:.0f} s"
