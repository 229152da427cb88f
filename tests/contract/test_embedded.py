"""Servers start, answer, die and come back as told; and nothing outlives us."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from kafka import KafkaProducer

from cercle.runtime import embedded
from cercle.runtime.embedded import EmbeddedKafka, EmbeddedRedis, LocalServer, ServerError
from cercle.runtime.guarded import GuardedProcess
from cercle.runtime.topics import Topic, check_topics, create_topics, topic_name
from tests.servers import ROOT, Server


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return b"\nState:\tZ" not in Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return False


def gone_within(pid: int, seconds: float) -> bool:
    """Whether the process ends in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


def test_store_answers_and_keeps_what_was_written(store_server: Server, club: str) -> None:
    """A server that was started answers real clients at its address."""
    client = redis.Redis.from_url(store_server.address)
    client.set(club, b"here")
    assert client.get(club) == b"here"


def test_broker_accepts_connections(broker: Server) -> None:
    """A broker that was started listens on 127.0.0.1."""
    host, port = broker.address.split(":")
    assert host == "127.0.0.1"
    socket.create_connection((host, int(port)), 1).close()


def test_context_manager_stops_the_server(tmp_path: Path) -> None:
    """After the block the process is gone and the port is free; stopping again is harmless."""
    with EmbeddedKafka(tmp_path) as server:
        pid = server.pid
        assert alive(pid)
    assert not alive(pid)
    assert not server.answers()
    server.stop()


def test_killed_redis_returns_with_its_data_on_the_same_port(own_redis: Server) -> None:
    """AOF everysec: what was synced survives SIGKILL, and the address stays."""
    client = redis.Redis.from_url(own_redis.address)
    client.set("member", b"14048")
    time.sleep(1.5)
    own_redis.kill()
    with pytest.raises(redis.ConnectionError):
        client.get("member")
    own_redis.start()
    assert client.get("member") == b"14048"


def test_killed_kafka_returns_with_its_records_on_the_same_port(own_kafka: Server, club: str) -> None:
    """What was acknowledged survives SIGKILL, and clients that stayed connected go on."""
    create_topics(own_kafka.address, club, 1)
    topic = topic_name(club, Topic.ACTIONS)
    producer = KafkaProducer(bootstrap_servers=own_kafka.address)
    producer.send(topic, b"before").get(timeout=10)
    own_kafka.kill()
    own_kafka.start()
    after = producer.send(topic, b"after").get(timeout=30)
    producer.close()
    assert after.offset == 1
    assert check_topics(own_kafka.address, club) == 1


def test_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """A port that somebody else listens on is an error that names it, not somebody else's answers."""
    with EmbeddedRedis(tmp_path / "one") as first:
        second = EmbeddedRedis(tmp_path / "two", port=first.port)
        with pytest.raises(ServerError, match=f"port {first.port}"):
            second.start()


def test_missing_program_is_a_sentence(tmp_path: Path) -> None:
    """A program that cannot be run: the error names it."""
    with pytest.raises(ServerError, match="no-such-redis cannot be started"):
        EmbeddedRedis(tmp_path, executable="no-such-redis").start()


def test_missing_wheels_say_what_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without wheel and server: one sentence with the command."""
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerError, match=r"requirements-embedded\.txt"):
        EmbeddedKafka(tmp_path).command()
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        EmbeddedRedis(tmp_path).command()


def test_silent_server_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers is an error after its time, and is not left behind."""
    monkeypatch.setattr(embedded, "_START_SECONDS", 0.3)

    class Silent(LocalServer):
        name = "silent"

        def command(self) -> list[str]:
            return ["sleep", "60"]

    server = Silent(tmp_path, port=embedded.free_port())
    with pytest.raises(ServerError, match="silent did not answer"):
        server.start()
    assert not alive(server.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_child_does_not_outlive_its_parent(tmp_path: Path, ending: signal.Signals) -> None:
    """Whatever signal ends us, SIGKILL too: the server is gone soon after."""
    program = (
        "import time\nfrom pathlib import Path\nfrom cercle.runtime.embedded import EmbeddedRedis\n"
        f"print(EmbeddedRedis(Path({str(tmp_path)!r})).start().pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert parent.stdout is not None
    with parent.stdout as said:
        pid = int(said.readline())
    assert alive(pid)
    parent.send_signal(ending)
    parent.wait()
    assert gone_within(pid, 5)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_child_does_not_outlive_its_guardian(tmp_path: Path) -> None:
    """On Linux even a guardian that is killed takes the child along."""
    child = GuardedProcess(["sleep", "60"], tmp_path / "log")
    guardian = int(Path(f"/proc/{child.pid}/stat").read_text().split()[3])
    os.kill(guardian, signal.SIGKILL)
    assert gone_within(child.pid, 5)


def test_interrupt_in_the_terminal_does_not_reach_the_child(tmp_path: Path) -> None:
    """The child is in a session of its own: Ctrl-C, which signals our process group, is ours alone."""
    child = GuardedProcess(["sleep", "60"], tmp_path / "log")
    assert os.getsid(child.pid) != os.getsid(0)
    child.stop()


def test_stubborn_child_is_killed_after_its_grace(tmp_path: Path) -> None:
    """SIGTERM ignored: SIGKILL follows, and the status says so."""
    child = GuardedProcess(
        ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"], tmp_path / "log", grace_seconds=0.3
    )
    time.sleep(0.2)
    assert child.poll() is None
    assert child.stop() == 128 + signal.SIGKILL


def test_exit_status_and_output_are_kept(tmp_path: Path) -> None:
    """The child's own status is what we see, and all that it said is in the log."""
    child = GuardedProcess(["sh", "-c", "echo out; echo error >&2; exit 3"], tmp_path / "log")
    assert child.wait(5) == 3
    assert (tmp_path / "log").read_text() == "out\nerror\n"
