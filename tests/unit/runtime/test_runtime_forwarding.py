"""A call at a worker that does not own the member: it goes on once, and comes back unchanged."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cercle.runtime.forwarding import FORWARDED
from cercle.wire import points_pb2 as pb
from tests.unit.runtime.workers import stub, workers

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def run(what: Coroutine[Any, Any, None]) -> None:
    """Within a time in which a hanging call is noticed."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await what

    asyncio.run(bounded())


def hold(key: str = "k1", **fields: Any) -> pb.HoldRequest:
    """A command of ana's."""
    return pb.HoldRequest(member_id="ana", key=key, **fields)


async def error_of(call: Any) -> grpc.aio.AioRpcError:
    """What the call fails with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def test_call_elsewhere_is_answered_as_by_the_owner() -> None:
    """Response and trailing metadata; the same key at the other worker: the same answer, decided once."""

    async def scenario() -> None:
        async with workers(2) as (first, second), stub(first) as here, stub(second) as there:
            await second.own()
            call = here.Hold(hold(), timeout=5)
            answer = await call
            assert answer.hold.startswith("refused 0 ")
            assert dict(await call.trailing_metadata()) == {"said": "by the owner"}
            assert await there.Hold(hold(), timeout=5) == answer
            assert (await here.GetBalance(pb.GetBalanceRequest(member_id="ana"), timeout=5)).tier == "1"
            assert (first.forwarded("ok"), second.forwarded("ok")) == (2, 0)

    run(scenario())


def test_metadata_and_deadline_go_along() -> None:
    """The client's words, text and bytes, with our mark; and what is left of its time, not a new time."""

    async def scenario() -> None:
        async with workers(2) as (first, second), stub(first) as here:
            await second.own()
            await here.Hold(hold(), timeout=3, metadata=(("trace", "abc"), ("baggage-bin", b"\0\1")))
            [seen] = second.commands.metadata
            assert (seen["trace"], seen["baggage-bin"], seen[FORWARDED]) == ("abc", b"\0\1", "1")
            assert 0 < second.commands.left[0] <= 3

    run(scenario())


@pytest.mark.parametrize(
    ("request_", "code", "details", "trailing"),
    [
        (hold(wallet="bad"), grpc.StatusCode.FAILED_PRECONDITION, "never accepted", {"cercle-code": "bad"}),
        (hold(points=-1), grpc.StatusCode.INVALID_ARGUMENT, "points: must not be negative", {}),
    ],
)
def test_errors_are_the_same_at_every_worker(
    request_: pb.HoldRequest, code: grpc.StatusCode, details: str, trailing: dict[str, str]
) -> None:
    """Code, details, and the code for machines."""

    async def scenario() -> None:
        async with workers(2) as (first, second), stub(first) as here, stub(second) as there:
            await second.own()
            for each in (here, there):
                error = await error_of(each.Hold(request_, timeout=5))
                found = (error.code(), error.details(), dict(error.trailing_metadata() or ()))
                assert found == (code, details, trailing)

    run(scenario())


async def asked_again_after(error: grpc.aio.AioRpcError) -> float:
    """What RetryInfo says, in seconds."""
    assert error.code() is UNAVAILABLE
    status = rpc_status.from_call(error)
    info = error_details_pb2.RetryInfo()
    assert status is not None and status.details[0].Unpack(info)
    seconds: float = info.retry_delay.ToTimedelta().total_seconds()
    return seconds


def test_nobody_serves() -> None:
    """While a partition moves: UNAVAILABLE, and after how long to ask again."""

    async def scenario() -> None:
        async with workers(1) as (only,), stub(only) as here:
            assert await asked_again_after(await error_of(here.Hold(hold(), timeout=5))) > 0

    run(scenario())


def test_one_hop_at_most() -> None:
    """A call that was sent on, and meets no owner again, is not sent on."""

    async def scenario() -> None:
        async with workers(2) as (first, second), stub(first) as here:
            await second.own()
            marked = here.Hold(hold(), timeout=5, metadata=((FORWARDED, "1"),))
            await asked_again_after(await error_of(marked))
            assert second.commands.metadata == []

    run(scenario())


def test_own_address_is_not_asked() -> None:
    """Redis still names this worker, which serves no more."""

    async def scenario() -> None:
        async with workers(1) as (only,), stub(only) as here:
            await only.own()
            await only.ownership.revoke({0})
            assert await only.rpc.store.address(0) == only.rpc.address
            await asked_again_after(await error_of(here.Hold(hold(), timeout=5)))
            assert len(only.commands.metadata) == 1

    run(scenario())


def test_owner_that_is_gone_and_one_that_comes() -> None:
    """A stale address is UNAVAILABLE with RetryInfo; with the next owner, the same call is answered."""

    async def scenario() -> None:
        async with workers(3) as (first, second, third), stub(first) as here:
            await second.own()
            answer = await here.Hold(hold(), timeout=5)
            await second.ownership.revoke({0})
            await second.rpc.stop()
            await asked_again_after(await error_of(here.Hold(hold(), timeout=5)))
            await third.own()
            assert await here.Hold(hold(), timeout=5) == answer
            assert (await here.GetBalance(pb.GetBalanceRequest(member_id="ana"), timeout=5)).tier == "1"

    run(scenario())


def test_worker_that_finishes_answers_what_it_has_begun() -> None:
    """Commands that wait are decided, shipped and answered; then the worker serves nothing."""

    async def scenario() -> None:
        async with workers(2) as (first, second), stub(first) as here:
            await second.own()
            asked = [asyncio.ensure_future(here.Hold(hold(f"k{n}"), timeout=5)) for n in range(50)]
            while len(second.commands.metadata) < 25:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await second.ownership.finish()
            assert second.ownership.owned == set()
            done = await asyncio.gather(*asked, return_exceptions=True)
            answered = [each for each in done if isinstance(each, pb.HoldResponse)]
            later = [each for each in done if isinstance(each, grpc.aio.AioRpcError)]
            assert len(answered) >= 25 and len(answered) + len(later) == 50
            assert {each.code() for each in later} <= {UNAVAILABLE}
            await first.own()
            counted = await here.GetBalance(pb.GetBalanceRequest(member_id="ana"), timeout=5)
            assert int(counted.tier) == len(answered)

    run(scenario())


def test_request_that_cannot_be_read() -> None:
    """Bytes that are no such message: INVALID_ARGUMENT, nowhere forwarded."""

    async def scenario() -> None:
        async with workers(2) as (first, second):
            await second.own()
            async with grpc.aio.insecure_channel(first.rpc.address) as channel:
                call = channel.unary_unary("/cercle.points.v1.Points/Hold")(b"\xff\xff", timeout=5)
                assert (await error_of(call)).code() is grpc.StatusCode.INVALID_ARGUMENT
            assert second.commands.metadata == []

    run(scenario())
