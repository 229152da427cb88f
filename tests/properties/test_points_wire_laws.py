"""Points events survive the log, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from services.points import wire
from services.points.events import (
    BadgeNoted,
    Captured,
    Earned,
    Event,
    Grant,
    Held,
    Posting,
    Refused,
    Released,
    TierNoted,
)

TEXT = st.text(max_size=20)
INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
POSTINGS = st.lists(st.builds(Posting, TEXT, INT64), max_size=3).map(tuple)
GRANTS = st.lists(st.builds(Grant, TEXT, INT64, INT64), max_size=3).map(tuple)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(ActionAccepted, TEXT, TEXT, TEXT, INT64, INT64),
    st.builds(
        MetricCounted, TEXT, INT32, INT64, st.lists(INT64, max_size=3).map(tuple), INT32, st.booleans()
    ),
    st.builds(Earned, TEXT, GRANTS, INT32, POSTINGS),
    st.builds(Held, TEXT, INT64, TEXT, TEXT, INT64, INT64, POSTINGS),
    st.builds(Captured, TEXT, INT64, TEXT, TEXT, INT64, POSTINGS),
    st.builds(Released, TEXT, INT64, TEXT, TEXT, INT64, st.booleans(), POSTINGS),
    st.builds(Refused, TEXT, INT64, TEXT, TEXT, TEXT),
    st.builds(BadgeNoted, TEXT, TEXT),
    st.builds(TierNoted, TEXT),
)


@given(st.lists(EVENTS, max_size=5).map(tuple))
def test_events_survive_the_log(events: tuple[Event, ...]) -> None:
    """decode is the exact inverse of encode, empty values included."""
    assert wire.decode(wire.encode(events)) == events
