"""The offers service's bytes, and what it hears from badges."""

import pytest

from cercle.wire import actions_pb2, badges_pb2, offers_pb2
from services.offers import wire
from services.offers.commands import Hear, NoteBadge, NoteTier

ACCEPTED = badges_pb2.Event(action_accepted=actions_pb2.ActionAccepted(id="o1"))
PROGRESSED = badges_pb2.Event(progressed=badges_pb2.Progressed(achievement="collector", count=25))
UNLOCKED = badges_pb2.Event(
    badge_unlocked=badges_pb2.BadgeUnlocked(badge="collector", level="silver", count=25, reached_at_ms=7)
)
CHANGED = badges_pb2.Event(
    tier_changed=badges_pb2.TierChanged(previous="member", tier="silver", points=500, changed_at_ms=8)
)


def decision(*events: badges_pb2.Event) -> bytes:
    """A decision of badges."""
    return badges_pb2.Decision(events=events).SerializeToString()


def test_hears_badges_and_tiers_in_order() -> None:
    """One command for one decision, whatever else it holds."""
    data = decision(ACCEPTED, PROGRESSED, UNLOCKED, badges_pb2.Event(), CHANGED)
    notes = (NoteBadge("collector", "silver", 7), NoteTier("silver", "member", 8))
    assert wire.heard("badges", data) == Hear(notes)


def test_hears_nothing_where_nothing_was_unlocked() -> None:
    """Progress alone, unknown events and other topics: nothing to decide."""
    assert wire.heard("badges", decision(ACCEPTED, PROGRESSED, badges_pb2.Event())) is None
    assert wire.heard("points", decision(UNLOCKED)) is None


def test_unknown_event_in_the_own_log_is_an_error() -> None:
    """Half a log must not be folded as if it were the whole."""
    newer = offers_pb2.Decision(events=[offers_pb2.Event()]).SerializeToString()
    with pytest.raises(ValueError, match="does not know"):
        wire.decode(newer)
