"""Calls: what a state still has to ask of other services, asked once its record is in the log for good.

An owner never waits for another service: the answer comes back as a command like any other, with
the call's id as its key. A call that got no answer is made again with the key's next record, so a
state that waits for one is due from time to time and records that it asks again: by this incarnation
once its own call has ended, or by the next one. Its id is its idempotency key.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from cercle.domain.decision import Call
from cercle.runtime.service import Caller, Command

_log = structlog.get_logger("cercle.calling")

Due = tuple[str, Call]
"""The key whose state asks, and what."""


class Calling:
    """The calls of one incarnation that are under way, each once. Ends with it."""

    def __init__(self, caller: Caller | None, submit: Callable[[Command], None]) -> None:
        self._caller = caller
        self._submit = submit
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}

    def begin(self, calls: Iterable[Due]) -> None:
        """Makes those that are not under way."""
        if self._caller is None:
            return
        for key, call in calls:
            if (key, call.id) not in self._tasks:
                self._tasks[key, call.id] = asyncio.create_task(self._call(self._caller, key, call))

    def stop(self) -> None:
        """Nobody waits for the answers any more."""
        for task in self._tasks.values():
            task.cancel()

    async def _call(self, caller: Caller, key: str, call: Call) -> None:
        reply: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        reply.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._submit(Command(key, call.id, await caller(call), reply))
        except Exception as error:
            _log.warning("call_failed", key=key, call=call.id, reason=f"{type(error).__name__}: {error}")
        finally:
            del self._tasks[key, call.id]
