"""The badges service's bytes, and what it hears from points."""

import pytest

from cercle.wire import actions_pb2, badges_pb2, points_pb2
from services.badges import wire
from services.badges.commands import CountPoints


def points_decision(*earned: tuple[str, list[int]]) -> bytes:
    """A decision of points on an action that occurred at 7 ms: for each wallet, what the rules granted."""
    accepted = points_pb2.Event(action_accepted=actions_pb2.ActionAccepted(id="o1", occurred_at_ms=7))
    events = [
        points_pb2.Event(
            earned=points_pb2.Earned(
                wallet=wallet, grants=[points_pb2.Grant(rule="r", desired=9, granted=n) for n in granted]
            )
        )
        for wallet, granted in earned
    ]
    released = points_pb2.Event(released=points_pb2.Released(wallet="points", points=5))
    return points_pb2.Decision(events=[accepted, *events, released, points_pb2.Event()]).SerializeToString()


def test_hears_what_was_granted_in_points() -> None:
    """The sum of what the rules granted, at the time of the action; other wallets count nothing."""
    data = points_decision(("points", [40, 2]), ("karma", [7]))
    assert wire.heard("points", data) == CountPoints(42, 7)


def test_hears_what_a_letter_earned() -> None:
    """Dated by what it was for: there is no action in the decision."""
    earned = points_pb2.Earned(
        wallet="points",
        grants=[points_pb2.Grant(rule="friends", desired=100, granted=100)],
        occasion=points_pb2.Occasion(kind="referral", member="bob", occurred_at_ms=9),
    )
    data = points_pb2.Decision(events=[points_pb2.Event(earned=earned)]).SerializeToString()
    assert wire.heard("points", data) == CountPoints(100, 9)


@pytest.mark.parametrize("earned", [(), (("karma", [7]),), (("points", [0]),), (("points", []),)])
def test_hears_nothing_without_points(earned: tuple[tuple[str, list[int]], ...]) -> None:
    """No points granted in the counted wallet: nothing to decide."""
    assert wire.heard("points", points_decision(*earned)) is None


def test_hears_nothing_from_other_topics() -> None:
    """Offers say nothing that badges count."""
    assert wire.heard("offers", points_decision(("points", [40]))) is None


def test_unknown_event_in_the_own_log_is_an_error() -> None:
    """Half a log must not be folded as if it were the whole."""
    newer = badges_pb2.Decision(events=[badges_pb2.Event()]).SerializeToString()
    with pytest.raises(ValueError, match="does not know"):
        wire.decode(newer)
