"""The laws of metrics, over any history of actions in any order."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.domain.action import Action, Field
from cercle.domain.decision import DAY, HOUR
from cercle.domain.metrics import MetricCounted, Metrics, note
from cercle.rulebook.metrics import Metric
from cercle.rulebook.times import Span, SpanUnit
from tests.unit.domain.kept import Kept, club, kinds, purchase, spend, visits

START = 1_772_000_000_000
"""Two weeks before New York's clocks change."""
LATENESS_DAYS = 30
CLUBS = {zone: club(zone, f"{LATENESS_DAYS} days") for zone in ("America/New_York", "Pacific/Kiritimati")}
MONTHS = {"month": 1, "quarter": 3, "year": 12}

units: st.SearchStrategy[SpanUnit] = st.sampled_from(["day", "week", "month", "quarter", "year"])
spans = st.one_of(st.none(), st.builds(Span, st.integers(1, 3), units))
metrics = st.tuples(
    spans.map(visits),
    spans.map(spend),
    spans.map(kinds),
    spans.map(lambda over: spend(over, "items", "amount")).map(lambda m: renamed(m, "listed")),
    spans.map(lambda over: kinds(over, "items", "kind")).map(lambda m: renamed(m, "among")),
)


def renamed(metric: Metric, name: str) -> Metric:
    """The same under another name."""
    return Metric(name, metric.kind, metric.action, metric.path, metric.over, metric.is_money)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Field]:
    """Any of a purchase's fields may be absent."""
    kind = st.sampled_from(["vinyl", "tape", "cd", ""])
    amount = st.integers(0, 3)
    entries = st.lists(st.fixed_dictionaries({"kind": kind, "amount": amount}), max_size=3).map(tuple)
    optional: dict[str, st.SearchStrategy[Any]] = {"amount": amount, "kind": kind, "items": entries}
    return draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def histories(draw: st.DrawFn, furthest: int = 45) -> list[Action]:
    """Purchases over ten months, some late, some too late, some sent twice."""
    history, now = [], START
    for number in range(draw(st.integers(1, 25))):
        now += draw(st.sampled_from([0, HOUR, DAY, 9 * DAY, 40 * DAY]))
        age = draw(st.integers(0, furthest)) * DAY + draw(st.integers(0, 23)) * HOUR
        history.append(purchase(number, now - age, now, **draw(fields())))
        if draw(st.integers(0, 5)) == 0:
            history.append(draw(st.sampled_from(history)))
    return history


zones = st.sampled_from(list(CLUBS))


@settings(deadline=None)
@given(zones, metrics, histories())
def test_values_equal_a_recount_of_all_accepted_actions(
    zone: str, kept_metrics: tuple[Metric, ...], history: list[Action]
) -> None:
    """What each accepted action sees, and what can be asked afterwards, from nothing but the actions."""
    kept, accepted = Kept(CLUBS[zone], *kept_metrics), list[Action]()
    for action in history:
        found = kept.do(action)
        if found:
            accepted.append(action)
            day = local_date(action.occurred_at, zone)
            assert found == {each.id: recount(each, accepted, day, zone) for each in kept_metrics}
    newest = max((action.occurred_at for action in accepted), default=START)
    for age in range(LATENESS_DAYS):
        found = dict(kept.values(newest - age * DAY))
        day = local_date(newest - age * DAY, zone)
        assert found == {each.id: recount(each, accepted, day, zone) for each in kept_metrics}


def local_date(instant: int, zone: str) -> date:
    """The date by the clocks of the zone."""
    return datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).date()


def recount(metric: Metric, accepted: list[Action], day: date, zone: str) -> int:
    """The metric's value on a day, without buckets or events."""
    inside = [
        cast(dict[str, Any], one.fields)
        for one in accepted
        if within(metric.over, local_date(one.occurred_at, zone), day)
    ]
    entries = [entry for each in inside for entry in each.get("items", ())]
    match metric.id:
        case "visits":
            return len(inside)
        case "spend":
            return sum(each.get("amount", 0) for each in inside)
        case "kinds":
            return len({each["kind"] for each in inside if "kind" in each})
        case "listed":
            return sum(entry["amount"] for entry in entries)
    return len({entry["kind"] for entry in entries})


def within(over: Span | None, day: date, last: date) -> bool:
    """Whether `day` is in the window that ends with `last`."""
    if over is None or day > last:
        return day <= last
    if over.unit in MONTHS:
        months = last.year * 12 + last.month - 1 - over.count * MONTHS[over.unit]
        year, month = months // 12, months % 12 + 1
        return day > date(year, month, min(last.day, monthrange(year, month)[1]))
    return day > last - timedelta(days=over.count * (7 if over.unit == "week" else 1))


@settings(deadline=None)
@given(zones, metrics, histories(), st.data())
def test_replaying_the_events_gives_the_same_bytes(
    zone: str, kept_metrics: tuple[Metric, ...], history: list[Action], data: st.DataObject
) -> None:
    """Wherever the state was stored and loaded in between."""
    kept = Kept(CLUBS[zone], *kept_metrics)
    for action in history:
        kept.do(action)
    again: Metrics = {}
    for event in kept.events:
        if isinstance(event, MetricCounted):
            if data.draw(st.booleans()):
                again = msgspec.msgpack.decode(msgspec.msgpack.encode(again), type=Metrics)
            note(again, event)
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(kept.state)


@settings(deadline=None)
@given(zones, metrics, histories())
def test_loading_the_state_between_actions_changes_nothing(
    zone: str, kept_metrics: tuple[Metric, ...], history: list[Action]
) -> None:
    """In one batch or one by one: the same values, the same events."""
    one, other = Kept(CLUBS[zone], *kept_metrics), Kept(CLUBS[zone], *kept_metrics)
    for action in history:
        other.state = msgspec.msgpack.decode(msgspec.msgpack.encode(other.state), type=Metrics)
        assert one.do(action) == other.do(action)
    assert one.events == other.events


@settings(deadline=None)
@given(
    zones, metrics, st.lists(st.tuples(st.integers(0, LATENESS_DAYS * 24), fields()), max_size=15), st.data()
)
def test_the_order_of_arrival_changes_no_value(
    zone: str, kept_metrics: tuple[Metric, ...], done: list[tuple[int, dict[str, Field]]], data: st.DataObject
) -> None:
    """Within the lateness, in any order: the same on every day that can be asked, and the same beginning."""
    history = [
        purchase(number, START - hours * HOUR, START, **each) for number, (hours, each) in enumerate(done)
    ]
    one, other = Kept(CLUBS[zone], *kept_metrics), Kept(CLUBS[zone], *kept_metrics)
    for action in history:
        one.do(action)
    for action in data.draw(st.permutations(history)):
        other.do(action)
    assert one.seen.joined_at == other.seen.joined_at
    for age in range(LATENESS_DAYS + 1):
        assert dict(one.values(START - age * DAY)) == dict(other.values(START - age * DAY))


@settings(deadline=None)
@given(zones, metrics, histories())
def test_the_same_action_again_counts_once(
    zone: str, kept_metrics: tuple[Metric, ...], history: list[Action]
) -> None:
    """A history sent twice leaves the values of one."""
    kept = Kept(CLUBS[zone], *kept_metrics)
    for action in history:
        kept.do(action)
    before = msgspec.msgpack.encode(kept.state)
    for action in history:
        assert kept.do(action) == {}
    assert msgspec.msgpack.encode(kept.state) == before
