"""Points events and commands survive the log, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from services.points import asked, wire
from services.points.commands import (
    AwaitEarlier,
    Capture,
    Complete,
    EarnSoonAfter,
    NoteEarlier,
    PlaceHold,
    Receive,
    Recommend,
    RefuseReferral,
    Release,
    Return,
    RewardReferral,
    Transfer,
)
from services.points.events import (
    BadgeNoted,
    Captured,
    Desired,
    EarlierNoted,
    Earned,
    Event,
    GivenBack,
    Grant,
    Held,
    Occasion,
    Posting,
    Promise,
    PromisesSettled,
    Recommended,
    ReferralMade,
    ReferralRefused,
    Refused,
    Released,
    TierNoted,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
    TriggerNoted,
    Waiting,
    WaitingEnded,
    WaitingNoted,
)

TEXT = st.text(max_size=20)
INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
POSTINGS = st.lists(st.builds(Posting, TEXT, INT64), max_size=3).map(tuple)
GRANTS = st.lists(st.builds(Grant, TEXT, INT64, INT64), max_size=3).map(tuple)
MOST = st.none() | INT64
PROMISES = st.lists(st.builds(Promise, TEXT, TEXT, INT64, INT64, TEXT, MOST, MOST), max_size=2).map(tuple)
DESIRED = st.lists(st.builds(Desired, TEXT, INT64, MOST, MOST), max_size=2).map(tuple)
WAITING = st.builds(Waiting, TEXT, TEXT, TEXT, TEXT, TEXT, INT64, INT32, TEXT, TEXT, INT64, TEXT, DESIRED)
OCCASION = st.builds(Occasion, TEXT, TEXT, TEXT, TEXT, INT64, TEXT, TEXT)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(ActionAccepted, TEXT, TEXT, TEXT, INT64, INT64),
    st.builds(
        MetricCounted, TEXT, INT32, INT64, st.lists(INT64, max_size=3).map(tuple), INT32, st.booleans()
    ),
    st.builds(Earned, TEXT, GRANTS, INT32, POSTINGS, st.none() | OCCASION),
    st.builds(Held, TEXT, INT64, TEXT, TEXT, INT64, INT64, POSTINGS),
    st.builds(Captured, TEXT, INT64, TEXT, TEXT, INT64, POSTINGS),
    st.builds(Released, TEXT, INT64, TEXT, TEXT, INT64, st.booleans(), POSTINGS),
    st.builds(Refused, TEXT, INT64, TEXT, TEXT, TEXT),
    st.builds(TransferSent, TEXT, INT64, TEXT, TEXT, INT64, INT32, POSTINGS),
    st.builds(TransferCompleted, TEXT, INT64, TEXT, TEXT, INT64),
    st.builds(TransferReturned, TEXT, INT64, TEXT, TEXT, INT64, TEXT, TEXT, POSTINGS),
    st.builds(TransferReceived, TEXT, TEXT, TEXT, INT64, POSTINGS),
    st.builds(GivenBack, TEXT, TEXT, INT64, POSTINGS),
    st.builds(ReferralMade, TEXT, INT32, PROMISES),
    st.builds(ReferralRefused, TEXT, TEXT, TEXT),
    st.builds(Recommended, TEXT, INT64, PROMISES),
    st.builds(PromisesSettled, TEXT, st.lists(TEXT, max_size=2).map(tuple), st.booleans()),
    st.builds(TriggerNoted, TEXT, TEXT, TEXT, INT64),
    st.builds(EarlierNoted, TEXT, TEXT, TEXT, TEXT, INT64, INT64),
    st.builds(WaitingNoted, WAITING, INT64),
    st.builds(WaitingEnded, TEXT, TEXT, TEXT, TEXT),
    st.builds(BadgeNoted, TEXT, TEXT),
    st.builds(TierNoted, TEXT),
)


KEY = st.text(min_size=1, max_size=20)
SOME = st.integers(1, 2**63 - 1)
COMMANDS: st.SearchStrategy[asked.Asked] = st.one_of(
    st.builds(PlaceHold, KEY, INT64, TEXT, SOME, SOME),
    st.builds(Capture, KEY, INT64, TEXT),
    st.builds(Release, KEY, INT64, TEXT),
    st.builds(Transfer, KEY, INT64, TEXT, TEXT, TEXT, SOME),
    st.builds(Receive, TEXT, TEXT, TEXT, TEXT, INT64),
    st.builds(Complete, TEXT),
    st.builds(Return, TEXT, TEXT, TEXT),
    st.builds(NoteEarlier, TEXT, TEXT, TEXT, TEXT, INT64),
    st.builds(AwaitEarlier, st.lists(WAITING, max_size=2).map(tuple)),
    st.builds(EarnSoonAfter, st.lists(WAITING, max_size=2).map(tuple)),
    st.builds(Recommend, TEXT, TEXT, INT64, PROMISES),
    st.builds(RewardReferral, TEXT, TEXT, TEXT, TEXT, INT64, PROMISES),
    st.builds(RefuseReferral, TEXT, TEXT, TEXT),
)


@given(COMMANDS)
def test_commands_survive_the_log_and_letters(command: asked.Asked) -> None:
    """decode is the exact inverse of encode, empty values included."""
    assert asked.decode(asked.encode(command)) == command


@given(st.lists(EVENTS, max_size=5).map(tuple))
def test_events_survive_the_log(events: tuple[Event, ...]) -> None:
    """decode is the exact inverse of encode, empty values included."""
    assert wire.decode(wire.encode(events)) == events
