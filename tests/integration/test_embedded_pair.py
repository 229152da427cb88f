"""The servers that `make run` brings along: the same service, the same answers."""

from collections.abc import Iterator

import pytest

from tests.integration.conftest import purchase
from tests.integration.rules import FILES
from tests.integration.running import RunningClub, now_ms, raw
from tests.integration.test_points_rpc import balance, capture, hold, of_kind, refused
from tests.servers import Server


@pytest.fixture(scope="module")
def village(
    embedded_kafka: Server, embedded_redis: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club on the embedded pair that runs points."""
    folder = tmp_path_factory.mktemp("village")
    club = RunningClub(embedded_kafka, embedded_redis, "village", folder, partitions=2, idempotent=False)
    club.publish(FILES)
    try:
        club.start("points")
        yield club
        club.stop("points")
    finally:
        club.close()


def test_actions_and_commands_on_the_embedded_pair(village: RunningClub, member: str) -> None:
    """Good actions count once, a bad one is set aside, points are held, spent and timed out."""
    good = [raw(purchase(member, dollars)) for dollars in (10, 20, 30)]
    [*_, place] = village.send([*good, good[0], good[1]._replace(value=b"\xff")])
    village.settle("points")
    [entry] = village.rejected()
    assert (f"actions/{entry.partition}/{entry.offset}", entry.code) == (place, "unparsable")
    issued = now_ms()
    first = hold(village, member, "h1", 25, issued_at_ms=issued)
    assert hold(village, member, "h1", 25, issued_at_ms=issued) == first
    refused(lambda: hold(village, member, "h2", 40), "insufficient_points")
    assert capture(village, member, "c1", "h1").points == 25
    assert balance(village, member) == {"available": 35, "held": 0, "redeemed": 25}
    assert len(of_kind(village, member, "held")) == 1
