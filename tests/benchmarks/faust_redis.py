"""The reference job as a Faust agent that keeps states in Redis: read and written for each event."""

import asyncio
from typing import Any

import msgspec
from redis.asyncio import Redis

from tests.benchmarks.faust_app import leave, make_app, topics, work
from tests.benchmarks.peer import Earned, Meter, State, apply, read_action, task

TASK = task()
METER = Meter(TASK)
app = make_app(TASK)
actions, output = topics(app, TASK)
redis = Redis.from_url(TASK.redis, decode_responses=True)


async def run(stream: Any) -> None:
    """One event at a time."""
    async for event in stream.events():
        action = read_action(event.value, event.headers)
        key = f"bench:{TASK.run}:{action.member_id}"
        found = await redis.hgetall(key)
        state = msgspec.convert(found, State, strict=False)
        points = apply(action, state)
        async with redis.pipeline(transaction=True) as changes:
            changes.hset(key, mapping={"day": state.day, "answers": state.answers, "visits": state.visits})
            if points:
                changes.hincrby(key, "balance", points)
            await changes.execute()
        if points:
            earned = Earned(action.member_id, action.id, points, state.balance)
            await output.send(key=action.member_id, value=msgspec.json.encode(earned))
        if METER.add(1):
            asyncio.get_running_loop().create_task(leave(app))


app.agent(actions)(run)
work(app)
