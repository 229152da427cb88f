"""What a partner app sees when the owner of a partition dies, or its store forgets."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from cercle.wire import points_pb2 as pb
from tests.integration.running import RunningClub, eventually, now_ms
from tests.integration.test_points_rpc import balance, fund, hold, of_kind

SERVING = health_pb2.HealthCheckResponse.SERVING


def insistent(call: Callable[[], Any]) -> Any:
    """A call as a partner app makes it: asked again, with the same key, while UNAVAILABLE."""
    return eventually(call)


def everywhere(club: RunningClub, members: Callable[[], str]) -> list[str]:
    """A member in each partition."""
    found: dict[int, str] = {}
    while len(found) < club.partitions:
        member_id = members()
        found[club.partition_of(member_id.encode())] = member_id
    return list(found.values())


def test_answers_survive_a_kill_of_the_service(rough: RunningClub, members: Callable[[], str]) -> None:
    """Asked again with its key after SIGKILL, a hold is the same; none is placed twice or lost."""
    member_id, *others = everywhere(rough, members)
    for each in (member_id, *others):
        fund(rough, each, 100)
    issued = now_ms()
    first = hold(rough, member_id, "before", 3, issued_at_ms=issued)

    def place(number: int) -> Any:
        return insistent(lambda: hold(rough, member_id, f"h{number}", 3, issued_at_ms=issued))

    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(place, number) for number in range(20)]
        time.sleep(0.01)
        rough.kill("points")
        rough.spawn("points")
        answers = [each.result() for each in asked]
    assert [answer.hold for answer in answers] == [f"h{number}" for number in range(20)]
    assert insistent(lambda: hold(rough, member_id, "before", 3, issued_at_ms=issued)) == first
    rough.wait_until_serving("points")
    assert balance(rough, member_id) == {"available": 37, "held": 63, "redeemed": 0}
    held = [each.hold for each in of_kind(rough, member_id, "held")]
    assert sorted(held) == sorted(["before", *(f"h{number}" for number in range(20))])
    assert [balance(rough, each)["available"] for each in others] == [100, 100]


def test_health_is_serving_only_when_every_partition_answers(
    rough: RunningClub, members: Callable[[], str]
) -> None:
    """NOT_SERVING from the first answer on; once SERVING, a confirmed read of any partition is answered."""
    rough.wait_until_serving("points")
    rough.kill("points")
    rough.spawn("points")
    ids = everywhere(rough, members)
    seen = [eventually(lambda: rough.health("points"))]
    while seen[-1] != SERVING:
        seen.append(rough.health("points"))
        time.sleep(0.02)
    for member_id in ids:
        assert balance(rough, member_id) == {}
    assert health_pb2.HealthCheckResponse.NOT_SERVING in seen


def test_emptied_store_never_reads_as_zero(rough: RunningClub, members: Callable[[], str]) -> None:
    """After FLUSHALL on an idle club reads say UNAVAILABLE until all is rebuilt, within seconds."""
    ids = everywhere(rough, members)
    for member_id in ids:
        fund(rough, member_id, 42)
    before = rough.states("points")
    rough.redis.flushall()
    emptied = time.monotonic()
    waiting, unavailable = set(ids), 0
    while waiting:
        for member_id in sorted(waiting):
            try:
                found = balance(rough, member_id, pb.CONSISTENCY_COMMITTED)
            except grpc.RpcError as error:
                assert error.code() is grpc.StatusCode.UNAVAILABLE
                unavailable += 1
            else:
                assert found == {"available": 42, "held": 0, "redeemed": 0}
                waiting.remove(member_id)
        assert time.monotonic() - emptied < 15
        time.sleep(0.02)
    assert unavailable > 0
    rough.settle("points")
    assert rough.states("points") == before


def test_commands_are_decided_once_over_a_flush(rough: RunningClub, member: str) -> None:
    """A key that was answered before the store was emptied is still known after."""
    fund(rough, member, 50)
    issued = now_ms()
    first = hold(rough, member, "h1", 30, issued_at_ms=issued)
    rough.redis.flushall()
    assert insistent(lambda: hold(rough, member, "h1", 30, issued_at_ms=issued)) == first
    assert insistent(lambda: balance(rough, member)) == {"available": 20, "held": 30, "redeemed": 0}
    assert len(of_kind(rough, member, "held")) == 1


def test_call_without_deadline_is_bounded(rough: RunningClub, member: str) -> None:
    """While the store stands still, a call without a deadline ends by itself; then all goes on."""
    fund(rough, member, 10)
    rough.redis.execute_command("CLIENT", "PAUSE", 11_500, "ALL")
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        balance(rough, member, pb.CONSISTENCY_COMMITTED)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 8 < time.monotonic() - started < 11.5
    assert insistent(lambda: hold(rough, member, "h1", 10)).points == 10
