"""Versions of the rulebook: each action is judged by the one of its own time."""

from collections.abc import Iterator

import pytest

from cercle.domain.decision import HOUR
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
