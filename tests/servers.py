"""Real servers for tests: Apache Kafka from its own jars, and Redis; in containers where an engine answers.

All have `address`, `start`, `stop`, `kill` (SIGKILL) and come back on the same port with the
same data. CERCLE_TEST_SERVERS=local or =containers decides instead of asking the engine.
"""

import base64
import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from cercle.runtime.embedded import HOST, EmbeddedRedis, LocalServer, ServerError, free_port

ROOT = Path(__file__).resolve().parent.parent
JARS = ROOT / ".cache" / "kafka-4.1.1"
KAFKA_IMAGE = "apache/kafka:4.1.1"
REDIS_IMAGE = "redis:7.4"

_JAVA = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    # A node that was killed is let in again only when its old session has ended (9 s by default).
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # Kafka looks first after 30 s, then every 5 minutes: too seldom for a test of what it deletes.
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "1000",
}
_LOGGING = """status=error
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c)%n
"""


class Server(Protocol):
    """What a test may do with a server."""

    @property
    def address(self) -> str:
        """host:port for Kafka, a URL for Redis."""

    def start(self) -> Self:
        """Starts it, or starts it again with the same address and data."""

    def stop(self) -> None:
        """Stops it in good order."""

    def kill(self) -> None:
        """SIGKILL."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class KafkaServer(LocalServer):
    """Apache Kafka 4.1.1 in KRaft mode, one node; `properties` are added to its own. Up in about 3 s."""

    name = "kafka"

    def __init__(self, folder: Path, port: int = 0, properties: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, port)
        self._controller_port = free_port()
        self._properties = dict(properties or {})

    def command(self) -> list[str]:
        return [*self._java("kafka.Kafka"), str(self._configuration)]

    def prepare(self) -> None:
        fetch_jars()
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        self._configuration.write_text("".join(f"{key}={value}\n" for key, value in self._all().items()))
        if not (self.folder / "data" / "meta.properties").exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            tool = [*self._java("kafka.tools.StorageTool"), "format", f"--cluster-id={cluster}"]
            subprocess.run([*tool, "-c", str(self._configuration)], check=True, capture_output=True)

    @property
    def _configuration(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, main: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        return [*_JAVA, logging, "-cp", f"{JARS}/*", main]

    def _all(self) -> dict[str, str]:
        controller = f"{HOST}:{self._controller_port}"
        return {
            **_PROPERTIES,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "log.dirs": str(self.folder / "data"),
            **self._properties,
        }


class RedisServer(EmbeddedRedis):
    """The distribution's `redis-server`, with AOF everysec as in production."""

    name = "redis"

    def __init__(self, folder: Path, port: int = 0) -> None:
        executable = shutil.which("redis-server")
        if executable is None:
            raise ServerError("redis-server is not on PATH: `apt-get install redis-server` mends it.")
        super().__init__(folder, port, aof="everysec", executable=executable)


class ContainerServer:
    """A container whose `port` is bound to a free port of ours, kept over restarts."""

    def __init__(self, image: str, port: int, env: Mapping[str, str], command: str, address: str) -> None:
        from testcontainers.core.container import DockerContainer

        self._host_port = free_port()
        self.address = address.format(port=self._host_port)
        self._container: Any = DockerContainer(image).with_bind_ports(port, self._host_port)
        for name, value in env.items():
            self._container.with_env(name, value.format(port=self._host_port))
        if command:
            self._container.with_command(command)
        self._created = False

    def start(self) -> Self:
        """Returns when its port accepts connections."""
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True
        _wait_for_port(self._host_port)
        return self

    def kill(self) -> None:
        """SIGKILL to the container's first process; its file system stays."""
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        """Removes the container."""
        self._container.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def real_kafka(folder: Path, properties: Mapping[str, str] | None = None) -> Server:
    """Apache Kafka 4.1.1, not yet started: a container where an engine answers, else from the jars."""
    if not containers():
        return KafkaServer(folder, properties=properties)
    settings = {
        **_PROPERTIES,
        "controller.quorum.voters": "1@localhost:9093",
        "listeners": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "advertised.listeners": "PLAINTEXT://127.0.0.1:{port}",
        **(properties or {}),
    }
    env = {f"KAFKA_{key.upper().replace('.', '_')}": value for key, value in settings.items()}
    return ContainerServer(KAFKA_IMAGE, 9092, env, "", "127.0.0.1:{port}")


def real_redis(folder: Path) -> Server:
    """Redis 7 with AOF everysec, not yet started: a container where an engine answers, else from PATH."""
    if not containers():
        return RedisServer(folder)
    durable = "redis-server --save '' --appendonly yes --appendfsync everysec"
    return ContainerServer(REDIS_IMAGE, 6379, {}, durable, "redis://127.0.0.1:{port}/0")


@cache
def containers() -> bool:
    """Whether servers run in containers here."""
    wish = os.environ.get("CERCLE_TEST_SERVERS")
    if wish:
        return wish == "containers"
    import docker  # type: ignore[import-untyped]
    from docker.errors import DockerException  # type: ignore[import-untyped]

    with contextlib.suppress(DockerException), contextlib.closing(docker.from_env(timeout=3)) as engine:
        return bool(engine.ping())
    return False


def fetch_jars() -> None:
    """Kafka's jars into .cache, by Maven, once: all of them or none."""
    if JARS.exists():
        return
    fetched = JARS.with_suffix(".part")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fetched}"]
    subprocess.run(
        ["mvn", "-q", "-B", "-Dstyle.color=never", "-f", str(ROOT / "deploy/kafka/pom.xml"), *goal],
        check=True,
    )
    fetched.rename(JARS)


def _wait_for_port(port: int) -> None:
    waiting = LocalServer(Path(), port)
    for _ in range(600):
        if waiting.answers():
            return
        time.sleep(0.1)
    raise ServerError(f"nothing answers on port {port} after 60 s.")
