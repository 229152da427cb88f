"""Versions of the rulebook: each action is judged by the one of its own time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from cercle.domain.decision import HOUR
from cercle.runtime.rulebooks import EndSeen, published_versions
from cercle.runtime.topics import create_topics
from cercle.wire import log_pb2
from cercle.wire import points_pb2 as pb
from tests.integration.conftest import purchase
from tests.integration.rules import FILES, POINTS
from tests.integration.running import RunningClub, eventually, now_ms, raw
from tests.servers import Server


def earning(points: int) -> dict[str, str]:
    """The rules with so many points for a dollar."""
    return {**FILES, "points.yaml": POINTS.replace("{points: 1, for_each", f"{{points: {points}, for_each")}


@pytest.fixture(scope="module")
def changing(
    kafka: Server, redis_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club that publishes while it runs."""
    club = RunningClub(kafka, redis_server, "changing", tmp_path_factory.mktemp("changing"))
    try:
        yield club
    finally:
        club.close()


def judged(club: RunningClub, member_id: str) -> list[tuple[str, int]]:
    """The version and the points of each of the member's actions, in order."""
    return [_line(record) for record in club.records("points") if record.key == member_id]


def _line(record: log_pb2.Record) -> tuple[str, int]:
    events = pb.Decision.FromString(record.decision).events
    return record.rulebook, sum(g.granted for event in events for g in event.earned.grants)


def test_each_action_is_judged_by_the_version_of_its_time(changing: RunningClub) -> None:
    """Nothing is judged before there are rules; then by occurred_at, whatever came first; void ones never."""
    start = now_ms() - 100 * HOUR
    turn, end = start + 50 * HOUR, start + 90 * HOUR
    changing.spawn("points")
    changing.send([raw(purchase("early", 10, start))])
    eventually(lambda: "listening" in changing.log_file("points").read_text())
    first = changing.publish(earning(1), effective_from_ms=turn)
    changing.settle("points")
    assert judged(changing, "early") == [(first, 10)]

    second = changing.publish(earning(2), previous=first, effective_from_ms=turn)
    void = changing.publish(earning(7), previous=first, effective_from_ms=start)
    third = changing.publish(earning(3), previous=second, effective_from_ms=end)
    eventually(lambda: third in changing.log_file("points").read_text())
    times = [turn - 1, turn, end, end - 1, turn - HOUR, end + HOUR]
    changing.send([raw(purchase("ana", 10, at)) for at in times])
    changing.settle("points")
    assert judged(changing, "ana") == [
        (first, 10),
        (second, 20),
        (third, 30),
        (second, 20),
        (first, 10),
        (third, 30),
    ]
    assert f'"{void}"' in changing.log_file("points").read_text()
    assert "rulebook_void" in changing.log_file("points").read_text()


def test_versions_are_the_same_after_a_restart(changing: RunningClub) -> None:
    """The topic is read from its beginning: what a later process judges, it judges alike."""
    before = judged(changing, "ana")
    changing.stop("points")
    changing.start("points")
    newest = now_ms()
    changing.send([raw(purchase("bea", 10, newest))])
    changing.settle("points")
    assert judged(changing, "bea") == [(before[2][0], 30)]
    assert judged(changing, "ana") == before


def test_rules_that_nobody_accepted_stop_the_service(
    kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """A service does not judge by rules on which it does not act as they are written, and says which."""
    files = {**FILES, "points.yaml": POINTS.replace("    limit:", "    cooldown: 10 minutes\n    limit:")}
    running = RunningClub(kafka, redis_server, club, tmp_path, partitions=1)
    try:
        running.publish(files)
        running.spawn("points")
        running.send([raw(purchase("ana", 10))])
        said = running.log_file("points")
        eventually(lambda: "We experienced a crash" in said.read_text())
        told = [line for line in said.read_text().splitlines() if '"event": "rulebook_inactive"' in line]
        assert "cooldown" in told[0]
        assert running.records("points") == []
    finally:
        running.close()


async def _ages(told: AsyncIterator[object]) -> AsyncIterator[float]:
    """How old the broker's word is, each time that the topic is said to be read to its end."""
    async for each in told:
        assert isinstance(each, EndSeen)
        yield each.seconds_ago


def test_silent_broker_says_nothing_new(own_kafka: Server, club: str) -> None:
    """What was read stays read to the end as of the last answer, which grows older until the next."""
    create_topics(own_kafka.address, club, 1)

    async def watch() -> list[float]:
        async with aclosing(published_versions(own_kafka.address, club, poll_seconds=0.1)) as told:
            ages = _ages(told)
            assert max([await anext(ages) for _ in range(5)]) < 0.7
            await asyncio.to_thread(own_kafka.kill)
            await asyncio.sleep(1)
            silent = [await anext(ages) for _ in range(5)]
            await asyncio.to_thread(own_kafka.start)
            while await anext(ages) > 0.7:
                pass
            return silent

    silent = asyncio.run(watch())
    assert silent == sorted(silent)
    assert silent[0] > 0.9
