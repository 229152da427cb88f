"""Redis may lose everything, and a file may be emitted twice: the club stays what its logs say."""

from pathlib import Path

from redis import Redis

from tests.e2e.club import Club
from tests.e2e.logs import hashes, tell
from tests.e2e.totals import differences, expected, lines
from tests.servers import Server


def test_a_club_is_rebuilt_from_its_topics_after_flushall_and_goes_on_exactly(
    kafka: Server, own_redis: Server, club: str, tmp_path: Path
) -> None:
    """After FLUSHALL every partition's hash is as before; what comes next is counted exactly, once."""
    header, *purchases = lines(one_member_in=4)
    first, rest = purchases[:10_000], purchases[10_000:15_000]
    with Club(club, kafka, own_redis, tmp_path) as records:
        records.start()
        records.emit([header, *first])
        records.wait_until_drained()
        records.stop()
        before = hashes(tell(records))

        with Redis.from_url(own_redis.address) as redis:
            redis.flushall()
        records.start()
        seconds = records.wait_until_drained()
        print(f"rebuilt in {seconds:.1f} s")
        assert hashes(tell(records)) == before

        records.emit([header, *rest])
        records.wait_until_drained()
        assert [*differences(expected([header, *first, *rest]), records.standings())] == []

        before = hashes(tell(records))
        records.emit([header, *first, *rest])
        records.wait_until_drained()
        assert hashes(tell(records)) == before, "the same file twice changed something"
        assert records.exits == []
