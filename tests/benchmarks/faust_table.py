"""The reference job as a Faust agent with a Table: states in memory, their changelog in Kafka."""

import asyncio
from typing import Any

import msgspec

from tests.benchmarks.faust_app import leave, make_app, topics, work
from tests.benchmarks.job import PARTITIONS
from tests.benchmarks.peer import Earned, Meter, State, apply, read_action, task

TASK = task()
METER = Meter(TASK)
app = make_app(TASK)
actions, output = topics(app, TASK)
members = app.Table("members", default=list, partitions=PARTITIONS)


async def run(stream: Any) -> None:
    """One event at a time."""
    async for event in stream.events():
        action = read_action(event.value, event.headers)
        state = State(*members[action.member_id])
        points = apply(action, state)
        members[action.member_id] = msgspec.structs.astuple(state)
        if points:
            earned = Earned(action.member_id, action.id, points, state.balance)
            await output.send(key=action.member_id, value=msgspec.json.encode(earned))
        if METER.add(1):
            asyncio.get_running_loop().create_task(leave(app))


app.agent(actions)(run)
work(app)
