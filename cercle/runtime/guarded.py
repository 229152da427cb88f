"""Child processes that never outlive us, whatever ends us: a return, an exception, SIGKILL.

Each runs under a small guardian (this file, run as a script), which holds one end of a pipe
to us. When we die, the pipe closes, and the guardian ends the child: SIGTERM, then SIGKILL.
The guardian has a session of its own, so Ctrl-C in the terminal reaches only us, who then
stop the children in order. As their parent it never signals a process number that was reused.
Only the standard library is imported here: the guardian starts in some 30 ms.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_KILL = b"kill\n"
_PR_SET_PDEATHSIG = 1


class GuardedProcess:
    """A running child: `command` with its standard output and errors appended to `log`.

    `grace_seconds` is how long it has between SIGTERM and SIGKILL, when we stop it and when
    we die. Raises OSError with a sentence when the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        grace_seconds: float = 10.0,
    ) -> None:
        self.log = log
        self._grace_seconds = grace_seconds
        guardian = [sys.executable, "-I", "-S", __file__, str(grace_seconds), *command]
        with log.open("ab") as output:
            self._guardian = subprocess.Popen(
                guardian,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        self.pid = self._read_pid(command[0])

    def _read_pid(self, name: str) -> int:
        assert self._guardian.stdout is not None
        with self._guardian.stdout as reports:
            said = reports.readline().decode().strip()
        if said.isdecimal():
            return int(said)
        self._guardian.wait()
        raise OSError(f"{name} cannot be started: {said or f'see {self.log}'}")

    def poll(self) -> int | None:
        """The exit status, 128 + n after signal n; None while it runs."""
        return self._guardian.poll()

    def wait(self, timeout_seconds: float | None = None) -> int:
        """The exit status; raises subprocess.TimeoutExpired."""
        return self._guardian.wait(timeout_seconds)

    def kill(self) -> None:
        """SIGKILL, as a crash; waits until it is gone."""
        self._tell(_KILL)
        self._guardian.wait()

    def stop(self) -> int:
        """SIGTERM, after `grace_seconds` SIGKILL; waits and gives the exit status. May be repeated."""
        self._tell(b"")
        return self._guardian.wait()

    def _tell(self, word: bytes) -> None:
        """Closing the pipe is the wish to stop."""
        pipe = self._guardian.stdin
        assert pipe is not None
        if not pipe.closed:
            with contextlib.suppress(BrokenPipeError), pipe:
                pipe.write(word)


def _guard(grace_seconds: float, command: list[str]) -> int:
    """The guardian's life: starts the command, reports its pid, ends it when the pipe closes."""
    for ending in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, preexec_fn=_prepare_child)
    except OSError as error:
        print(error.strerror, flush=True)
        return 127
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    # The parent may be gone already; then the closed standard input says the same.
    with contextlib.suppress(BrokenPipeError):
        print(child.pid, flush=True)
    threading.Thread(target=_end_when_told, args=(child, grace_seconds), daemon=True).start()
    status = child.wait()
    return 128 - status if status < 0 else status


def _end_when_told(child: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    if os.read(0, len(_KILL)) != _KILL:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_seconds)
    child.kill()


def _prepare_child() -> None:
    """Signals as usual again; and on Linux the child dies even with a killed guardian."""
    for ending in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    os._exit(_guard(float(sys.argv[1]), sys.argv[2:]))
