"""Calls to other services: each id once at a time, the answer as a command, and no owner that waits."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from structlog.testing import capture_logs

from cercle.domain.decision import Call, Rejection
from cercle.runtime.calling import Calling
from cercle.runtime.service import Command, Refusal

HOLD, CAPTURE = Call("c1/hold", "hold 5"), Call("c1/capture", "capture")


class Desk:
    """Who answers calls when told so, and what came back to the owner."""

    def __init__(self) -> None:
        self.asked: list[Call] = []
        self.answers: dict[str, asyncio.Future[object]] = {}
        self.commands: list[Command] = []
        self.calling = Calling(self.call, self.commands.append)

    async def call(self, call: Call) -> object:
        """Asks another service."""
        self.asked.append(call)
        self.answers[call.id] = asyncio.get_running_loop().create_future()
        return await self.answers[call.id]


async def settle() -> None:
    """Everybody has gone as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(test: "Coroutine[Any, Any, None]") -> None:
    """In an event loop."""
    asyncio.run(asyncio.wait_for(test, 5))


def test_answer_comes_back_as_a_command() -> None:
    """For the key that asked, with the call's id as its key."""

    async def law() -> None:
        desk = Desk()
        desk.calling.begin([("ana", HOLD), ("bob", CAPTURE)])
        await settle()
        assert (desk.asked, desk.commands) == ([HOLD, CAPTURE], [])
        desk.answers[CAPTURE.id].set_result("captured")
        await settle()
        [command] = desk.commands
        assert command[:3] == ("bob", CAPTURE.id, "captured")

    run(law())


def test_call_that_is_under_way_is_not_made_again() -> None:
    """Until it has ended: then the state that still asks is heard again."""

    async def law() -> None:
        desk = Desk()
        for _ in range(3):
            desk.calling.begin([("ana", HOLD)])
            await settle()
        assert desk.asked == [HOLD]
        desk.answers[HOLD.id].set_result("held")
        await settle()
        desk.calling.begin([("ana", HOLD)])
        await settle()
        assert desk.asked == [HOLD, HOLD]

    run(law())


def test_call_that_fails_is_told_in_the_log_and_may_be_made_again() -> None:
    """No command comes of it: the state still asks."""

    async def law() -> None:
        desk = Desk()
        with capture_logs() as lines:
            desk.calling.begin([("ana", HOLD)])
            await settle()
            desk.answers[HOLD.id].set_exception(ConnectionError("nobody there"))
            await settle()
        assert desk.commands == []
        [line] = lines
        assert (line["event"], line["call"], line["reason"]) == (
            "call_failed",
            HOLD.id,
            "ConnectionError: nobody there",
        )
        desk.calling.begin([("ana", HOLD)])
        await settle()
        assert desk.asked == [HOLD, HOLD]

    run(law())


def test_refused_answer_hurts_nobody() -> None:
    """Nobody waits for the reply of an answer: neither its failure nor its end is an unhandled error."""

    async def law() -> None:
        unhandled: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
        desk = Desk()
        desk.calling.begin([("ana", HOLD)])
        await settle()
        desk.answers[HOLD.id].set_result("held")
        await settle()
        desk.commands.pop().reply.set_exception(Refusal(Rejection("late", "too late")))
        await settle()
        assert unhandled == []

    run(law())


def test_end_of_the_incarnation_ends_its_calls() -> None:
    """What comes after is nobody's."""

    async def law() -> None:
        desk = Desk()
        desk.calling.begin([("ana", HOLD)])
        await settle()
        desk.calling.stop()
        await settle()
        assert desk.answers[HOLD.id].cancelled() and desk.commands == []

    run(law())


def test_place_without_a_caller_calls_nobody() -> None:
    """As the simulator's, and services that ask no other."""

    async def law() -> None:
        commands: list[Command] = []
        calling = Calling(None, commands.append)
        calling.begin([("ana", HOLD)])
        await settle()
        calling.stop()
        assert commands == []

    run(law())
