"""The points service's bytes, and what it hears from badges."""

import pytest

from cercle.wire import badges_pb2, points_pb2
from services.points import wire
from services.points.commands import NoteStanding


def badges_decision(*tiers: str, levels: tuple[str, ...] = ()) -> bytes:
    """A decision of badges on what occurred at 7 ms: progress, collector's levels, changes of tier."""
    progressed = badges_pb2.Event(progressed=badges_pb2.Progressed(achievement="collector", count=1))
    reached = [badges_pb2.BadgeUnlocked(badge="collector", level=level, reached_at_ms=7) for level in levels]
    changes = [badges_pb2.TierChanged(tier=tier, changed_at_ms=7) for tier in tiers]
    events = [
        progressed,
        *(badges_pb2.Event(badge_unlocked=unlocked) for unlocked in reached),
        *(badges_pb2.Event(tier_changed=changed) for changed in changes),
    ]
    return badges_pb2.Decision(events=events).SerializeToString()


def test_hears_the_last_tier() -> None:
    """A decision that passes several tiers leaves the member in the last."""
    assert wire.heard("badges", badges_decision("silver", "gold")) == NoteStanding("gold", (), 7)


def test_hears_the_badges_unlocked() -> None:
    """All levels in one command with the tier, if that changed: one cause, one record."""
    both = (("collector", "bronze"), ("collector", "silver"))
    assert wire.heard("badges", badges_decision(levels=("bronze", "silver"))) == NoteStanding(None, both, 7)
    data = badges_decision("gold", levels=("bronze",))
    assert wire.heard("badges", data) == NoteStanding("gold", both[:1], 7)


def test_hears_nothing_of_progress_alone() -> None:
    """Nothing unlocked and no tier changed: nothing to decide."""
    assert wire.heard("badges", badges_decision()) is None


def test_hears_nothing_from_other_topics() -> None:
    """Offers say nothing that points record."""
    assert wire.heard("offers", badges_decision("gold")) is None


def test_unknown_event_in_the_own_log_is_an_error() -> None:
    """Half a log must not be folded as if it were the whole."""
    newer = points_pb2.Decision(events=[points_pb2.Event()]).SerializeToString()
    with pytest.raises(ValueError, match="does not know"):
        wire.decode(newer)
