"""`cercle up --workers`: processes of each service, each with a slot, ports and a log of its own."""

import asyncio
import os

import pytest

from cercle.runtime.store import NotReady
from cercle.runtime.topics import create_topics
from services.console.processes import Processes
from services.console.services import SERVICES, open_stores
from tests.integration.running import eventually
from tests.servers import Server

PARTITIONS = 4


def owners(processes: Processes, settings: object) -> dict[str, set[str]]:
    """Who serves the partitions of each service; empty while any is not served."""

    async def look() -> dict[str, set[str]]:
        async with open_stores(settings) as stores:  # type: ignore[arg-type]
            try:
                return {name: {await stores[name].address(p) for p in range(PARTITIONS)} for name in SERVICES}
            except NotReady:
                return {}

    processes.check()
    return asyncio.run(look())


def alive(pid: int) -> bool:
    """Whether the process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_share_the_partitions_and_are_all_stopped(
    kafka: Server, redis_server: Server, club: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of each: all listen where it is said, both own something, and nothing is left of them."""
    monkeypatch.setenv("CERCLE_LEAD_SECONDS", "2")
    create_topics(kafka.address, club, PARTITIONS)
    with Processes(club, kafka.address, redis_server.address, workers=2) as processes:
        settings = processes.start_servers()
        processes.start_services(settings)
        eventually(processes.listening, 60)
        told = {name: set(addresses) for name, addresses in processes.workers.items()}
        assert {len(addresses) for addresses in told.values()} == {2}
        eventually(lambda: owners(processes, settings) == told, 60)
        logs = [processes.log_of(name, slot) for name in SERVICES for slot in range(2)]
        assert len({*logs}) == 6 and all(log.stat().st_size for log in logs)
        pids = [process.pid for process in processes._services.values()]
    assert not any(alive(pid) for pid in pids)


def test_embedded_broker_gets_a_longer_session_for_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would throw them out of their groups; what is set by hand wins."""
    monkeypatch.delenv("CERCLE_KAFKA", raising=False)
    with Processes("records", redis="redis://127.0.0.1:1/0", workers=2) as processes:
        assert processes.start_servers().session_timeout_seconds == 12
    monkeypatch.setenv("CERCLE_SESSION_TIMEOUT_SECONDS", "20")
    with Processes("records", redis="redis://127.0.0.1:1/0", workers=2) as processes:
        assert processes.start_servers().session_timeout_seconds == 20
