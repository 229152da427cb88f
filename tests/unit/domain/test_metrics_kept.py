"""Metrics: what conditions see of a member, at the edges of their windows, late, and after forgetting."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cercle.domain.action import Scalar
from cercle.domain.decision import DAY, HOUR, Instant
from cercle.domain.metrics import MetricCounted, Metrics, note
from cercle.rulebook.times import Span
from tests.unit.domain.kept import Kept, club, kinds, purchase, spend, visits

ZONE = ZoneInfo("America/New_York")
CLUB = club()
NOON = int(datetime(2026, 1, 10, 12, tzinfo=ZONE).timestamp()) * 1000


def local(text: str, **later: int) -> Instant:
    """A moment by the clocks of the club."""
    return int((datetime.fromisoformat(text) + timedelta(**later)).replace(tzinfo=ZONE).timestamp()) * 1000


def test_the_action_that_is_judged_is_counted() -> None:
    """A first purchase sees itself: one, its amount, its kind."""
    kept = Kept(CLUB, visits(None), spend(Span(7, "day")), kinds(None))
    found = kept.do(purchase(1, NOON, amount=4290, kind="vinyl"))
    assert found == {"visits": 1, "spend": 4290, "kinds": 1}
    assert dict(kept.values(NOON)) == found


@pytest.mark.parametrize(
    ("over", "first", "inside", "outside"),
    [
        (Span(1, "day"), "2026-03-10", "2026-03-10", "2026-03-09"),
        (Span(90, "day"), "2026-03-31", "2026-01-01", "2025-12-31"),
        (Span(2, "week"), "2026-03-14", "2026-03-01", "2026-02-28"),
        (Span(1, "month"), "2026-03-31", "2026-03-01", "2026-02-28"),
        (Span(1, "month"), "2026-03-30", "2026-03-01", "2026-02-28"),
        (Span(1, "month"), "2026-03-28", "2026-03-01", "2026-02-28"),
        (Span(1, "month"), "2026-03-27", "2026-02-28", "2026-02-27"),
        (Span(12, "month"), "2028-02-29", "2027-03-01", "2027-02-28"),
        (Span(1, "quarter"), "2026-05-31", "2026-03-01", "2026-02-28"),
        (Span(1, "year"), "2029-02-28", "2028-02-29", "2028-02-28"),
    ],
)
def test_windows_begin_on_a_day_of_the_club(over: Span, first: str, inside: str, outside: str) -> None:
    """The first minute of the window's first day counts, and the last minute of the day before does not."""
    last = local(first + " 00:00")
    for at, expected in ((local(inside + " 00:00"), 2), (local(outside + " 23:59"), 1)):
        kept = Kept(club(lateness="400 days"), visits(over))
        kept.do(purchase(1, at))
        assert kept.do(purchase(2, last)) == {"visits": expected}


@pytest.mark.parametrize("change", ["2026-03-08", "2026-11-01"])
def test_days_of_23_and_25_hours_are_days(change: str) -> None:
    """Where the clocks change, the first and the last minute are of one day, and no other is."""
    begin = local(change + " 00:00")
    end = local(change + " 00:00", days=1)
    assert end - begin in (23 * HOUR, 25 * HOUR)
    kept = Kept(CLUB, visits(Span(1, "day")))
    numbers = [kept.do(purchase(n, at)) for n, at in enumerate([begin - 1, begin, end - 1, end])]
    assert [found["visits"] for found in numbers] == [1, 1, 2, 1]


@pytest.mark.parametrize("over", [Span(3, "day"), Span(1, "month"), None])
def test_a_late_action_sees_what_it_would_have_seen_on_time(over: Span | None) -> None:
    """Days after its own do not count for it; for what comes later it is as if it had been on time."""
    metrics = visits(over), spend(over), kinds(over)
    late = purchase(9, NOON - 29 * DAY, NOON, amount=500, kind="tape")
    others = [
        purchase(n, NOON - age * DAY, NOON - age * DAY, amount=100 * n, kind=f"kind {n % 3}")
        for n, age in enumerate([70, 40, 31, 30, 28, 27, 3, 0])
    ]
    timely, tardy = Kept(CLUB, *metrics), Kept(CLUB, *metrics)
    on_time = [timely.do(one) for one in sorted([*others, late], key=lambda one: one.occurred_at)]
    for one in others:
        tardy.do(one)
    assert tardy.do(late) == on_time[4]
    for days in range(30):
        assert dict(tardy.values(NOON + days * DAY)) == dict(timely.values(NOON + days * DAY))


def test_what_can_still_be_asked_is_kept() -> None:
    """After years, an action as late as can be sees its whole window; a life holds everything."""
    kept = Kept(CLUB, visits(Span(2, "month")), kinds(None))
    for day in range(800):
        kept.do(purchase(day, NOON + day * DAY, kind=f"kind {day}"))
    late = purchase(1_000, NOON + 769 * DAY, NOON + 799 * DAY, kind="new")
    from_19_december_to_18_february = 13 + 31 + 18
    assert kept.do(late) == {"visits": from_19_december_to_18_february + 1, "kinds": 771}


def test_what_cannot_be_asked_any_more_is_forgotten() -> None:
    """A state is as large as its windows and the lateness, however long the member lives."""
    kept = Kept(CLUB, visits(Span(2, "week")), spend(None), kinds(Span(7, "day")))
    for day in range(500):
        kept.do(purchase(day, NOON + day * DAY, amount=1, kind="vinyl"))
    days = {name.split(":")[0]: tally for name, tally in kept.state.items()}
    assert len(days["visits"].amounts) <= 14 + 30 + 2
    assert len(days["kinds"].values) <= 7 + 30 + 2
    assert len(days["spend"].amounts) <= 30 + 3
    assert kept.values(NOON + 499 * DAY)["spend"] == 500


def test_who_asks_too_late_for_a_life_sees_all_that_is_one_by_then() -> None:
    """What another service says of a day that is forgotten finds the member's life, and not nothing."""
    kept = Kept(CLUB, spend(None), kinds(None))
    for day in range(100):
        kept.do(purchase(day, NOON + day * DAY, amount=1, kind=f"kind {day}"))
    forgotten = 100 - 30 - 2
    assert dict(kept.values(NOON)) == {"spend": forgotten, "kinds": forgotten}
    assert dict(kept.values(NOON + 80 * DAY)) == {"spend": 81, "kinds": 81}


def test_distinct_counts_the_union_over_the_window() -> None:
    """The same on two days is one; it is gone when the later of the two has left the window."""
    kept = Kept(CLUB, kinds(Span(3, "day")))
    days = [("vinyl", 1), ("tape", 2), ("vinyl", 2), ("tape", 2), ("tape", 2), ("tape", 1)]
    for number, (kind, expected) in enumerate(days):
        assert kept.do(purchase(number, NOON + number * DAY, kind=kind)) == {"kinds": expected}


def test_lists_are_read_entry_by_entry() -> None:
    """The amounts of all entries are summed, their words told apart; an absent list counts nothing."""
    kept = Kept(CLUB, spend(None, "items", "amount"), kinds(None, "items", "kind"))
    bought = ((5, "vinyl"), (7, "tape"), (9, "vinyl"))
    items: list[dict[str, Scalar]] = [{"amount": amount, "kind": kind} for amount, kind in bought]
    assert kept.do(purchase(1, NOON, items=tuple(items))) == {"spend": 21, "kinds": 2}
    assert kept.do(purchase(2, NOON, items=())) == {"spend": 21, "kinds": 2}
    assert kept.do(purchase(3, NOON)) == {"spend": 21, "kinds": 2}
    assert len(kept.events) == 3 + 2


def test_nothing_is_recorded_for_what_changes_nothing() -> None:
    """No event for a sum of nothing, nor for a value that was known; texts are in no event and no state."""
    kept = Kept(CLUB, spend(None), kinds(None))
    for number in range(3):
        kept.do(purchase(number, NOON + number * DAY, amount=0, kind="a secret hobby"))
    assert len(kept.events) == 3 + 1
    written = msgspec.msgpack.encode([*map(msgspec.to_builtins, kept.events), kept.state])
    assert b"secret" not in written


def test_a_number_too_large_stays_at_the_largest() -> None:
    """What 64 bits cannot hold is as near as they come, in the state and for conditions."""
    kept = Kept(CLUB, spend(None))
    for number in range(3):
        assert kept.do(purchase(number, NOON, amount=2**63 - 1)) == {"spend": 2**63 - 1}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(kept.state), type=Metrics) == kept.state


def test_a_metric_that_is_added_or_changed_begins_at_zero() -> None:
    """What it counts and over what time is part of what it is; the one before is found again unchanged."""
    kept = Kept(CLUB, visits(None))
    kept.do(purchase(1, NOON, amount=100))
    kept.metrics = visits(None), spend(None)
    assert kept.do(purchase(2, NOON, amount=200)) == {"visits": 2, "spend": 200}
    kept.metrics = (visits(Span(1, "year")),)
    assert kept.do(purchase(3, NOON)) == {"visits": 1}
    kept.metrics = visits(None), spend(None)
    assert dict(kept.values(NOON)) == {"visits": 2, "spend": 200}


def test_replaying_the_events_gives_the_same_state() -> None:
    """The state is the fold of the events, to the byte, wherever it was stored and loaded in between."""
    kept = Kept(CLUB, visits(Span(1, "week")), spend(None), kinds(None))
    for number, day in enumerate([0, 40, 12, 13, 70, 41, 100]):
        kept.do(purchase(number, NOON + day * DAY, NOON + 101 * DAY - 1, amount=number, kind=str(number % 4)))
    kept.do(purchase(99, NOON + 100 * DAY, amount=1, kind="tape"))
    again: Metrics = {}
    for event in kept.events:
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(again), type=Metrics)
        if isinstance(event, MetricCounted):
            note(again, event)
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(kept.state)


def test_the_first_days_of_all_can_be_counted() -> None:
    """An action of the earliest instant that is accepted has a window, however long."""
    earliest = -62_000_000_000_000 + 1
    kept = Kept(club(lateness="3000 days"), visits(Span(10_000, "year")), kinds(Span(10_000, "day")))
    assert kept.do(purchase(1, earliest, kind="papyrus")) == {"visits": 1, "kinds": 1}
