"""Shell: what messages of the log and of letters have in common, to the domain's own and back."""

from collections.abc import Iterable
from typing import Any, Protocol, Union

from cercle.wire import points_log_pb2 as pb
from services.points.events import Desired, Posting, Postings, Promise, Waiting


class _Moves(Protocol):
    """A message with postings."""

    @property
    def postings(self) -> Any: ...


def fill_postings(out: _Moves, postings: Postings) -> None:
    """Adds the lines of double entry."""
    for posting in postings:
        line = out.postings.add()
        line.account = posting.account
        line.points = posting.points


def postings_of(lines: Iterable[pb.Posting]) -> Postings:
    """The inverse."""
    return tuple([Posting(line.account, line.points) for line in lines])


def promise(of: Promise) -> pb.Promise:
    """As a message."""
    return pb.Promise(
        rule=of.rule,
        wallet=of.wallet,
        points=of.points,
        friend=of.friend,
        after=of.after,
        most_points=of.most_points,
        most_times=of.most_times,
    )


def promises_of(lines: Iterable[pb.Promise]) -> tuple[Promise, ...]:
    """The inverse, of all."""
    return tuple(
        Promise(each.rule, each.wallet, each.points, each.friend, each.after, *_most(each)) for each in lines
    )


def waiting(of: Waiting) -> pb.Waiting:
    """As a message."""
    return pb.Waiting(
        member=of.member,
        subject=of.subject,
        action=of.action,
        source=of.source,
        id=of.id,
        occurred_at_ms=of.occurred_at,
        day=of.day,
        rule=of.rule,
        after=of.after,
        at_most_ms=of.at_most,
        wallet=of.wallet,
        desired=[
            pb.Desired(
                rule=each.rule,
                points=each.points,
                most_points=each.most_points,
                most_times=each.most_times,
            )
            for each in of.desired
        ],
    )


def waiting_of(w: pb.Waiting) -> Waiting:
    """The inverse."""
    return Waiting(
        w.member,
        w.subject,
        w.action,
        w.source,
        w.id,
        w.occurred_at_ms,
        w.day,
        w.rule,
        w.after,
        w.at_most_ms,
        w.wallet,
        tuple(Desired(each.rule, each.points, *_most(each)) for each in w.desired),
    )


def _most(of: Union[pb.Desired, pb.Promise]) -> tuple[Union[int, None], Union[int, None]]:
    points = of.most_points if of.HasField("most_points") else None
    return points, of.most_times if of.HasField("most_times") else None
