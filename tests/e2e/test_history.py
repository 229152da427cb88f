"""A member's history over gRPC is the chain of its records, newest first, whoever owned the partition."""

from pathlib import Path

import grpc

from cercle.wire import log_pb2, points_pb2_grpc
from cercle.wire import points_pb2 as pb
from tests.e2e.club import Club, Slot
from tests.e2e.logs import decisions
from tests.e2e.totals import expected, lines
from tests.servers import Server

POINTS = Slot("points")
_OWNERS = 3


def test_history_is_the_whole_chain_over_several_owners_page_by_page(
    kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """Three owners wrote it; pages of any size put together are what folding the topic gives."""
    header, *purchases = lines(one_member_in=32)
    share = len(purchases) // _OWNERS
    with Club(club, kafka, redis_server, tmp_path) as records:
        records.start()
        for number in range(_OWNERS):
            if number:
                records.kill(POINTS)
                records.start(POINTS)
            records.emit([header, *purchases[number * share : (number + 1) * share]])
            records.wait_until_drained()
        told = decisions(records, "points")
        totals = expected([header, *purchases[: _OWNERS * share]])
        members = sorted(totals, key=lambda member: (-totals[member].purchases, member))
        chosen = [*members[:5], *members[-3:]]
        with grpc.insecure_channel(records.address(POINTS)) as channel:
            points = points_pb2_grpc.PointsStub(channel)
            for member, page_size in zip(chosen, (0, 7, 50, 200, 1, 20, 1, 2), strict=True):
                entries = _history(points, member, page_size)
                assert entries == [_line(record) for record in reversed(told[member])]
                assert sum(_granted(entry) for entry in entries) == totals[member].points
            assert _history(points, "nobody", 10) == []
        assert len({record.oe for record in told[members[0]]}) == _OWNERS


def _history(points: points_pb2_grpc.PointsStub, member: str, page_size: int) -> list[pb.EntryLine]:
    """Page after page; no page is longer than was asked for, and only the last may be shorter."""
    entries: list[pb.EntryLine] = []
    token = ""
    while True:
        request = pb.ListEntriesRequest(member_id=member, page_size=page_size, page_token=token)
        page = points.ListEntries(request, timeout=10)
        entries.extend(page.entries)
        token = page.next_page_token
        if not token:
            return entries
        assert len(page.entries) == (page_size or 20)


def _line(record: log_pb2.Record) -> pb.EntryLine:
    decision = pb.Decision.FromString(record.decision)
    return pb.EntryLine(seq=record.seq, at_ms=record.at_ms, rulebook=record.rulebook, decision=decision)


def _granted(entry: pb.EntryLine) -> int:
    return sum(grant.granted for event in entry.decision.events for grant in event.earned.grants)
