"""The client against real gRPC servers that answer as they are told."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from cercle.client import Client, Failed, Invalid, Refused, Unavailable
from cercle.runtime.forwarding import MOVING, moving
from cercle.wire import points_pb2 as pb
from cercle.wire import points_pb2_grpc

Reply = Callable[[Any, Any], Awaitable[Any]]


class Scripted(points_pb2_grpc.PointsServicer):
    """Answers one call after another as the script says; the last line is said again and again."""

    def __init__(self, *script: Reply) -> None:
        self.script = list(script)
        self.heard: list[Any] = []
        self.at: list[float] = []
        self.address = ""

    async def _next(self, request: Any, context: Any) -> Any:
        self.heard.append(request)
        self.at.append(time.monotonic())
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await reply(request, context)

    Hold = Capture = GetBalance = _next


async def held(request: pb.HoldRequest, _: Any) -> pb.HoldResponse:
    """It is held."""
    return pb.HoldResponse(hold=request.key, points=request.points)


async def nothing(_: Any, __: Any) -> pb.GetBalanceResponse:
    """The balance of whom nobody knows."""
    return pb.GetBalanceResponse()


async def moves(_: Any, context: Any) -> None:
    """As a worker says it."""
    await context.abort(grpc.StatusCode.UNAVAILABLE, MOVING, moving())


async def hangs(_: Any, context: Any) -> None:
    """No answer."""
    await asyncio.sleep(30)


def says(code: grpc.StatusCode, details: str, *trailing: tuple[str, str]) -> Reply:
    """Fails so."""

    async def reply(_: Any, context: Any) -> None:
        await context.abort(code, details, trailing)

    return reply


@asynccontextmanager
async def servers(*found: Scripted) -> AsyncIterator[list[str]]:
    """Listening; their addresses."""
    running = []
    for each in found:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        points_pb2_grpc.add_PointsServicer_to_server(each, server)
        each.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        running.append(server)
    try:
        yield [each.address for each in found]
    finally:
        for server in running:
            await server.stop(None)


def scripted(*script: Reply) -> Scripted:
    """A server's service."""
    return Scripted(*script)  # type: ignore[abstract]


def hold() -> pb.HoldRequest:
    """Without a key."""
    return pb.HoldRequest(member_id="ana", points=3)


def test_key_and_time_are_made_once_and_kept_over_retries() -> None:
    """A UUID, and when it was first asked: the same in every attempt, and in the request afterwards."""

    async def scenario() -> None:
        server, request, before = scripted(moves, moves, held), hold(), time.time_ns() // 1_000_000
        async with servers(server) as addresses, Client(points=addresses) as client:
            answer = await client.points.Hold(request)
        assert [each.key for each in server.heard] == [answer.hold] * 3 == [request.key] * 3
        assert str(uuid.UUID(request.key)) == request.key
        [issued_at] = {each.issued_at_ms for each in server.heard}
        assert before <= issued_at <= time.time_ns() // 1_000_000
        assert [late - early >= 0.1 for early, late in zip(server.at, server.at[1:], strict=False)] == [
            True
        ] * 2

    asyncio.run(scenario())


def test_own_key_and_time_are_kept_and_two_requests_are_two() -> None:
    """Services derive their keys; a request of its own is another wish."""

    async def scenario() -> None:
        server = scripted(held)
        async with servers(server) as addresses, Client(points=addresses) as client:
            own = pb.HoldRequest(member_id="ana", key="claim-7/hold", issued_at_ms=5)
            assert (await client.points.Hold(own)).hold == "claim-7/hold"
            assert (await client.points.Hold(hold())).hold != (await client.points.Hold(hold())).hold
            server.script = [nothing]
            assert await client.points.GetBalance(pb.GetBalanceRequest(member_id="ana")) is not None
        assert server.heard[0].issued_at_ms == 5

    asyncio.run(scenario())


def test_another_worker_is_asked_when_one_is_gone_or_hangs() -> None:
    """No connection; no answer within an attempt's time. Who answered is asked again next."""

    async def scenario() -> None:
        hanging, server = scripted(hangs), scripted(held)
        async with servers(hanging, server) as addresses:
            everyone = ["127.0.0.1:9", *addresses]
            for _ in range(6):  # Wherever it begins.
                async with Client(points=everyone, attempt_seconds=0.3) as client:
                    await client.points.Hold(hold())
                    heard = len(server.heard)
                    await client.points.Hold(hold())
                    assert len(server.heard) == heard + 1

    asyncio.run(scenario())


def test_addresses_may_be_looked_up_for_each_attempt() -> None:
    """By member; nobody for now is waited for."""

    async def scenario() -> None:
        server, asked = scripted(held), []

        async def addresses(member_id: str) -> Sequence[str]:
            asked.append(member_id)
            return [[], ["127.0.0.1:9"], [server.address]][min(len(asked), 3) - 1]

        async with servers(server), Client(points=addresses) as client:
            assert (await client.points.Hold(hold())).points == 3
        assert asked == ["ana"] * 3

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            says(
                grpc.StatusCode.FAILED_PRECONDITION,
                "3 asked, 0 there",
                ("cercle-code", "insufficient_points"),
            ),
            Refused,
            "insufficient_points: 3 asked, 0 there",
        ),
        (says(grpc.StatusCode.INVALID_ARGUMENT, "points: must be"), Invalid, "points: must be"),
        (says(grpc.StatusCode.INTERNAL, "broken"), Failed, "INTERNAL: broken"),
        (says(grpc.StatusCode.FAILED_PRECONDITION, "a proxy's"), Failed, "FAILED_PRECONDITION: a proxy's"),
    ],
)
def test_what_asking_again_does_not_mend_is_raised_at_once(reply: Reply, kind: type, words: str) -> None:
    """Typed, and asked once."""

    async def scenario() -> None:
        server = scripted(reply)
        async with servers(server) as addresses, Client(points=addresses) as client:
            with pytest.raises(kind) as caught:
                await client.points.Hold(hold())
        assert type(caught.value) is kind and str(caught.value) == words
        assert len(server.heard) == 1

    asyncio.run(scenario())


def test_deadline_ends_the_retries_and_the_request_can_be_asked_later() -> None:
    """Unavailable within the call's own time, and never much later; the key is kept for another try."""

    async def scenario() -> None:
        server = scripted(moves)
        async with servers(server) as addresses, Client(points=addresses) as client:
            began, request = time.monotonic(), hold()
            with pytest.raises(Unavailable) as caught:
                await client.points.Hold(request, deadline_seconds=0.6)
            assert time.monotonic() - began < 5
            assert caught.value.request is request and len(server.heard) > 1
            server.script = [held]
            assert (await client.points.Hold(request)).hold == server.heard[0].key

    asyncio.run(scenario())


def test_a_client_says_what_it_lacks() -> None:
    """A method that is none, a service without an address, no address at all."""

    async def scenario() -> None:
        async with Client(points=["127.0.0.1:9"]) as client:
            with pytest.raises(AttributeError, match=r"cercle\.points\.v1\.Points has no method 'Steal'"):
                client.points.Steal  # noqa: B018
            with pytest.raises(ValueError, match="offers"):
                client.offers  # noqa: B018
        with pytest.raises(ValueError, match="at least one worker"):
            Client(points=[])

    asyncio.run(scenario())
