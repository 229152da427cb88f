"""The processes of a club: embedded servers where none are given, and the workers of the three services.

Nothing outlives us (cercle/runtime/guarded.py); `check` tells in one sentence which of them
ended by itself, with the last lines of its log.
"""

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import services
from cercle.runtime.embedded import HOST, EmbeddedKafka, EmbeddedRedis, LocalServer, free_port
from cercle.runtime.guarded import GuardedProcess
from cercle.runtime.settings import PREFIX, Settings, load_settings
from services.console.errors import CommandError
from services.console.services import SERVICES

_GRACE_SECONDS = 8.0
_SESSION = PREFIX + "SESSION_TIMEOUT_SECONDS"
# The embedded broker takes one and a half session time-outs to form a group, during which it counts nobody's
# heartbeat: with the shortest one, and several workers, it gives some of them up as soon as they are in.
_EMBEDDED_SESSION_SECONDS = 12
_NOTICE_SECONDS = 1.0
_LAST_LINES = 12
_KNOWN_KEYS = ("level", "event", "exception", "service", "logger", "timestamp")


class Processes:
    """A context manager: what it started is gone when it ends.

    So is its data folder, unless something failed: then the logs in it are worth reading.
    """

    def __init__(
        self, club: str, kafka: str | None = None, redis: str | None = None, workers: int = 1
    ) -> None:
        self._club = club
        self._workers = workers
        self._kafka = kafka or os.environ.get(PREFIX + "KAFKA")
        self._redis = redis or os.environ.get(PREFIX + "REDIS")
        self._stack = ExitStack()
        self._servers: list[LocalServer] = []
        self._services: dict[tuple[str, int], GuardedProcess] = {}
        self.workers: dict[str, list[str]] = {}
        self.folder = Path()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="cercle-"))
        return self

    def start_servers(self) -> Settings:
        """Kafka and Redis, where they are not given; answers the settings for all. Raises ServerError."""
        given: dict[str, Any] = {"club": self._club, "data_dir": self.folder}
        kafka = self._kafka or self._start(EmbeddedKafka(self.folder))
        redis = self._redis or self._start(EmbeddedRedis(self.folder))
        if self._kafka:
            return load_settings(**given, kafka=kafka, redis=redis)
        if self._workers > 1 and _SESSION not in os.environ:
            given["session_timeout_seconds"] = _EMBEDDED_SESSION_SECONDS
        return load_settings(**given, kafka=kafka, redis=redis, idempotent=False)

    def _start(self, server: LocalServer) -> str:
        self._servers.append(self._stack.enter_context(server))
        return server.address

    def start_services(self, settings: Settings) -> None:
        """The workers of all three, each `python -m services.<name> --slot N` with a log file of its own."""
        for name in SERVICES:
            ports = [free_port() for _ in range(self._workers)]
            self.workers[name] = [f"{HOST}:{port}" for port in ports]
            for slot, port in enumerate(ports):
                self._services[name, slot] = GuardedProcess(
                    [sys.executable, "-m", f"services.{name}", "--slot", str(slot)],
                    self.log_of(name, slot),
                    env=_environment(settings, port),
                    grace_seconds=_GRACE_SECONDS,
                )

    @property
    def grpc(self) -> dict[str, str]:
        """An address of each service: any worker answers for all."""
        return {name: addresses[0] for name, addresses in self.workers.items()}

    def log_of(self, name: str, slot: int = 0) -> Path:
        """Where the log lines of a service's worker go."""
        return self.folder / (f"{name}-{slot}.log" if slot else f"{name}.log")

    def listening(self) -> bool:
        """Whether every worker has started so far that it answers calls."""
        return all(_accepts(address) for each in self.workers.values() for address in each)

    def check(self) -> None:
        """Raises CommandError when a process ended by itself."""
        for server in self._servers:
            if not server.running:
                raise CommandError(f"{server.name} ended by itself. {last_lines(server.log)}")
        for (name, slot), process in self._services.items():
            status = process.poll()
            if status is not None:
                said = last_lines(self.log_of(name, slot))
                raise CommandError(f"The {name} service ended by itself with status {status}. {said}")

    def explain(self) -> None:
        """After an error: raises what `check` raises, if a process that ended by itself is the cause."""
        give_up = time.monotonic() + _NOTICE_SECONDS
        while time.monotonic() < give_up:
            self.check()
            time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop_services()
        finally:
            with self._stack:
                pass
            if error is None or not isinstance(error, Exception):
                shutil.rmtree(self.folder, ignore_errors=True)

    def _stop_services(self) -> None:
        with ThreadPoolExecutor(max_workers=max(1, len(self._services))) as together:
            list(together.map(GuardedProcess.stop, self._services.values()))


def _environment(settings: Settings, port: int) -> dict[str, str]:
    """Ours, and the settings; the project's folder is on the path wherever we were started."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    path = os.pathsep.join(
        part for part in (str(Path(services.__path__[0]).parent), ours.get("PYTHONPATH")) if part
    )
    chosen = {**settings.model_dump(mode="json"), "grpc_port": port, "metrics_port": 0}
    return {**ours, "PYTHONPATH": path, **{PREFIX + name.upper(): str(v) for name, v in chosen.items()}}


def _accepts(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    with suppress(OSError), socket.create_connection((host, int(port)), 0.5):
        return True
    return False


def last_lines(log: Path) -> str:
    """The end of a log, for an error: warnings and errors where there are any, else whatever there is."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    grave = [text for text in map(_grave, lines) if text]
    shown = [line for text in grave or lines for line in text.splitlines()][-_LAST_LINES:]
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in shown or ["(empty)"])])


def _grave(line: str) -> str:
    """A log line that is no mere information, for a person; a line that is not JSON is one (a traceback)."""
    try:
        found = json.loads(line)
    except ValueError:
        return line
    if not isinstance(found, dict) or found.get("level") in ("debug", "info"):
        return ""
    details = {name: value for name, value in found.items() if name not in _KNOWN_KEYS}
    words = [
        str(found.get("level", "")),
        str(found.get("event", "")),
        *(f"{k}={v}" for k, v in details.items()),
    ]
    return "\n".join([" ".join(words), *str(found.get("exception", "")).splitlines()])
