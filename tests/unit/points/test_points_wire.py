"""The points service's bytes, and what it hears from badges."""

import pytest

from cercle.wire import badges_pb2, points_pb2
from services.points import wire
from services.points.commands import NoteTier


def badges_decision(*tiers: str) -> bytes:
    """A decision of badges: progress, and these changes of tier."""
    changes = [badges_pb2.Event(tier_changed=badges_pb2.TierChanged(tier=tier)) for tier in tiers]
    progressed = badges_pb2.Event(progressed=badges_pb2.Progressed(achievement="collector", count=1))
    return badges_pb2.Decision(events=[progressed, *changes]).SerializeToString()


def test_hears_the_last_tier() -> None:
    """A decision that passes several tiers leaves the member in the last."""
    assert wire.heard("badges", badges_decision("silver", "gold")) == NoteTier("gold")


def test_hears_nothing_without_a_change_of_tier() -> None:
    """Badges alone do not concern points."""
    assert wire.heard("badges", badges_decision()) is None


def test_hears_nothing_from_other_topics() -> None:
    """Offers say nothing that points record."""
    assert wire.heard("offers", badges_decision("gold")) is None


def test_unknown_event_in_the_own_log_is_an_error() -> None:
    """Half a log must not be folded as if it were the whole."""
    newer = points_pb2.Decision(events=[points_pb2.Event()]).SerializeToString()
    with pytest.raises(ValueError, match="does not know"):
        wire.decode(newer)
