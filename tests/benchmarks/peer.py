"""What the peers of Cercle share: their task, the rules written by hand, and the meter."""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from cercle.actions.instants import parse_instant
from cercle.domain.decision import DAY
from cercle.wire.actions_pb2 import MemberAction
from tests.benchmarks.usage import Reading, Watched, reading, usage

TASK_VARIABLE = "BENCHMARK_TASK"


class Task(msgspec.Struct):
    """One run of one peer. It reads `topic`, earns into `output`, and writes its Usage to `result`."""

    run: str
    kafka: str
    redis: str
    redis_pid: int | None
    kafka_pid: int | None
    topic: str
    output: str
    actions: int
    warmup: int
    folder: str
    result: str


class Earned(msgspec.Struct):
    """What a peer writes for each action that earned something, as JSON."""

    member_id: str
    action_id: str
    points: int
    balance: int


class Done(NamedTuple):
    """An action, as far as the five rules look into it."""

    id: str
    member_id: str
    type: str
    cents: int
    day: int


def task() -> Task:
    """What this process was started for."""
    return msgspec.json.decode(os.environ[TASK_VARIABLE], type=Task)


def read_action(value: bytes, headers: dict[str, bytes]) -> Done:
    """A record of the actions topic, of which nothing is checked."""
    message = MemberAction.FromString(value)
    occurred_at = parse_instant(headers["ce_time"].decode()) or 0
    kind = headers["ce_type"].decode()
    cents = message.fields["amount"].money.minor_units if kind == "purchase" else 0
    return Done(headers["ce_id"].decode(), message.member_id, kind, cents, occurred_at // DAY)


class State(msgspec.Struct):
    """A member's points, and what answers and visits gave on `day`."""

    balance: int = 0
    day: int = 0
    answers: int = 0
    visits: int = 0


def apply(action: Done, state: State) -> int:
    """Evolves the state and gives the points that the action earned."""
    if action.day != state.day:
        state.day, state.answers, state.visits = action.day, 0, 0
    points = 0
    if action.type == "purchase":
        points = action.cents // 100 + (100 if action.cents > 50_000 else 0)
    elif action.type == "review":
        points = 20
    elif action.type == "answer":
        points = min(10, 50 - state.answers)
        state.answers += points
    elif action.type == "visit":
        points = 1 - state.visits
        state.visits = 1
    state.balance += points
    return points


class Meter:
    """Reads the CPU time after the warm-up and at the end."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._watched = Watched(os.getpid(), task.redis_pid, task.kafka_pid)
        self._count = 0
        self._first: Reading | None = None

    def add(self, actions: int) -> bool:
        """So many more were processed; True once, when all were: the usage is then written."""
        before, self._count = self._count, self._count + actions
        if self._first is None and self._count >= self._task.warmup:
            self._first = reading(self._count, self._watched)
        if not before < self._task.actions <= self._count:
            return False
        assert self._first is not None
        last = reading(self._count, self._watched)
        Path(self._task.result).write_bytes(msgspec.json.encode(usage(self._first, last)))
        return True
