"""An event loop whose time is a number: it never waits, and the same run happens again to the letter."""

import asyncio
import selectors
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar

Result = TypeVar("Result")


class Standstill(Exception):
    """Nothing is scheduled: the run would wait for ever."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting for files, moves the clock."""

    now = 0.0

    def select(self, timeout: "float | None" = None) -> "list[Any]":
        if timeout is None:
            raise Standstill
        self.now += max(timeout, 0.0)
        return []


class _Future(asyncio.Future[Any]):
    """Futures in sets come in the order of their making, not of their addresses."""

    def __init__(self, serial: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._serial = serial

    def __hash__(self) -> int:
        return self._serial


class _Task(asyncio.Task[Any]):
    """The same for tasks."""

    def __init__(self, serial: int, coro: "Coroutine[Any, Any, Any]", **options: Any) -> None:
        self._serial = serial
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._serial


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0 and jumps to whatever is scheduled next."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        self._serials = count(1)
        super().__init__(self._virtual)
        self.set_task_factory(lambda _, coro, **options: self._task(coro, **options))

    def time(self) -> float:
        return self._virtual.now

    def create_future(self) -> "asyncio.Future[Any]":
        return _Future(next(self._serials), self)

    def _task(self, coro: "Coroutine[Any, Any, Any]", **options: Any) -> "asyncio.Task[Any]":
        return _Task(next(self._serials), coro, loop=self, **options)


def run(main: "Coroutine[Any, Any, Result]") -> Result:
    """Runs to the end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
