"""The laws of badges, over any history."""

import copy
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, MINUTE, Decision, Instant
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import compile_rulebook
from services.badges import core, wire
from services.badges.commands import Command, CountAction, CountPoints
from services.badges.events import BadgeUnlocked, Event, PointsCounted, Progressed, TierChanged
from services.badges.member import Member, decode, encode

START = 1_767_225_600_000
LATENESS = 30 * DAY
COLLECTOR = {"bronze": 2, "silver": 4, "gold": 7}
TIERS = {"member": 0, "silver": 20, "gold": 50}

RULES = compile_rulebook(
    {
        "club.yaml": "{club: c, name: C, time_zone: Europe/Paris, languages: [en], currency: EUR, "
        "lateness: 30 days}",
        "actions.yaml": """
actions:
  purchase: {fields: {order: text, amount: money}}
  answer_accepted: {fields: {answer: text, topic: text}}
""",
        "badges.yaml": """
achievements:
  - {id: collector, badge: Collector, count: purchase, levels: {bronze: 2, silver: 4, gold: 7}}
  - {id: buyer, badge: Buyer, count: purchase, levels: {buyer: 1}}
  - {id: trains, badge: Trains, count: answer_accepted, when: topic == "trains", levels: {expert: 3}}
""",
        "tiers.yaml": """
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: member, from: 0}, {id: silver, from: 20}, {id: gold, from: 50}]
""",
    }
)


@st.composite
def action(draw: st.DrawFn) -> Action:
    """One of 30 identities, so that repeats are common; some are late, some in the future."""
    number = draw(st.integers(0, 29))
    day = draw(st.integers(-40, 20))
    recorded = START + draw(st.sampled_from([0, 0, 0, 20 * DAY]))
    if number % 3:
        fields: dict[str, Field] = {"order": f"o{number}", "amount": 100}
        kind = "purchase"
    else:
        fields = {"answer": f"a{number}", "topic": draw(st.sampled_from(["trains", "boats"]))}
        kind = "answer_accepted"
    return Action("brand", str(number), kind, "ana", START + day * DAY, recorded, fields)


points = st.builds(CountPoints, st.integers(1, 30), st.integers(-40, 20).map(lambda day: START + day * DAY))
commands = st.one_of(action().map(CountAction), points)
histories = st.lists(commands, max_size=30)


def run(history: list[Command]) -> tuple[Member, list[Event]]:
    """The member after the history, and every event."""
    member, events = core.new(), []
    for now, command in enumerate(history, START):
        decision = core.decide(member, command, RULES, now)
        for event in decision.events if isinstance(decision, Decision) else ():
            events.append(event)
            core.evolve(member, event)
    return member, events


@settings(deadline=None)
@given(histories, commands)
def test_decide_reads_only(history: list[Command], command: Command) -> None:
    """Deciding leaves the member as it was, to the byte."""
    member, _ = run(history)
    before = encode(member)
    kept = copy.deepcopy(member)
    core.decide(member, command, RULES, START)
    assert encode(member) == before and member == kept


@settings(deadline=None)
@given(histories, st.data())
def test_bytes_between_events_change_nothing(history: list[Command], data: st.DataObject) -> None:
    """Folding the events gives the same bytes, wherever the state was stored and loaded in between."""
    member, events = run(history)
    other = core.new()
    for event in events:
        if data.draw(st.booleans()):
            other = decode(encode(other))
        other = core.evolve(other, event)
    assert encode(other) == encode(member)


@settings(deadline=None)
@given(histories)
def test_wire_round_trip_of_decisions(history: list[Command]) -> None:
    """What was decided is what a reader of the log finds."""
    _, events = run(history)
    assert wire.decode(wire.encode(tuple(events))) == tuple(events)


@settings(deadline=None)
@given(histories)
def test_repeated_actions_change_nothing(history: list[Command]) -> None:
    """Sending every accepted action again gives no event."""
    member, events = run(history)
    accepted = {event.id for event in events if isinstance(event, ActionAccepted)}
    for command in history:
        if isinstance(command, CountAction) and command.action.id in accepted:
            decision = core.decide(member, command, RULES, START)
            assert not isinstance(decision, Decision) or decision.events == ()


@settings(deadline=None)
@given(histories)
def test_counts_equal_an_independent_count(history: list[Command]) -> None:
    """Accepted actions, counts, levels, points and tier, computed without state or events."""
    member, events = run(history)
    accepted = accepted_in(history)
    assert [event.id for event in events if isinstance(event, ActionAccepted)] == [one.id for one in accepted]
    count = Counter(name for one in accepted for name in counts_for(one))
    assert {name: standing.count for name, standing in member.standings.items()} == count
    reached = {level for level, at in COLLECTOR.items() if at <= count["collector"]}
    assert set(member.standing("collector").reached) == reached
    total = sum(command.points for command in history if isinstance(command, CountPoints))
    assert member.tier_points == total == core.ranks(member)["points"]
    assert member.tier == (tier_of(total) if events else "")


def accepted_in(history: list[Command]) -> list[Action]:
    """The first of each identity that is neither late nor in the future."""
    accepted: list[Action] = []
    for one in [command.action for command in history if isinstance(command, CountAction)]:
        newest = max([one.recorded_at, *(other.occurred_at for other in accepted)])
        on_time = newest - LATENESS <= one.occurred_at <= one.recorded_at + 5 * MINUTE
        if on_time and one.id not in {other.id for other in accepted}:
            accepted.append(one)
    return accepted


def counts_for(one: Action) -> list[str]:
    """The achievements that an action counts for."""
    if one.type == "purchase":
        return ["collector", "buyer"]
    return ["trains"] if one.fields["topic"] == "trains" else []


def tier_of(points: int) -> str:
    """The highest tier whose threshold the points reach."""
    return max((at, name) for name, at in TIERS.items() if at <= points)[1]


@settings(deadline=None)
@given(histories)
def test_events_only_rise(history: list[Command]) -> None:
    """Counts go up by one, totals grow, each level is unlocked once, tiers climb from none."""
    _, events = run(history)
    counts: Counter[str] = Counter()
    unlocked: set[tuple[str, str]] = set()
    total, ladder = 0, [""]
    for event in events:
        match event:
            case Progressed():
                counts[event.achievement] += 1
                assert event.count == counts[event.achievement]
            case BadgeUnlocked():
                assert (event.badge, event.level) not in unlocked
                unlocked.add((event.badge, event.level))
            case PointsCounted():
                total += event.points
                assert event.total == total
            case TierChanged():
                assert event.previous == ladder[-1]
                ladder.append(event.tier)
    climb = ["", *TIERS]
    assert ladder[1:2] in ([], ["member"])
    assert [climb.index(tier) for tier in ladder] == sorted({climb.index(tier) for tier in ladder})


@settings(deadline=None)
@given(histories, commands, st.integers(0, 2**53))
def test_dates_are_those_of_the_action(history: list[Command], command: Command, now: Instant) -> None:
    """Levels and tiers are dated by the action that brought them, whatever `now` is."""
    member, _ = run(history)
    decision = core.decide(member, command, RULES, now)
    assert decision == core.decide(member, command, RULES, START)
    brought_at = (command.action if isinstance(command, CountAction) else command).occurred_at
    for event in decision.events if isinstance(decision, Decision) else ():
        match event:
            case BadgeUnlocked():
                assert event.reached_at == brought_at
            case TierChanged():
                assert event.changed_at == brought_at


def on_time(number: int, day: int) -> CountAction:
    """A purchase that is neither late nor in the future, whatever else happened."""
    fields: dict[str, Field] = {"order": f"o{number}", "amount": 100}
    return CountAction(Action("shop", str(number), "purchase", "ana", START - day * DAY, START, fields))


within = st.lists(
    st.one_of(st.builds(on_time, st.integers(0, 20), st.integers(0, 30)), points),
    max_size=20,
    unique_by=lambda command: command.action.id if isinstance(command, CountAction) else object(),
)


@settings(deadline=None)
@given(within.flatmap(lambda history: st.tuples(st.just(history), st.permutations(history))))
def test_order_changes_neither_counts_nor_tier(histories: tuple[list[Command], list[Command]]) -> None:
    """Within the lateness, actions and points in any order lead to the same place."""
    (one, _), (other, _) = run(histories[0]), run(histories[1])
    assert {name: s.count for name, s in one.standings.items()} == {
        name: s.count for name, s in other.standings.items()
    }
    assert {name: set(s.reached) for name, s in one.standings.items()} == {
        name: set(s.reached) for name, s in other.standings.items()
    }
    assert (one.tier, one.tier_points) == (other.tier, other.tier_points)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.integers(-(2**63), 2**63 - 1)
day = st.integers(-(2**31), 2**31 - 1)
counted = st.builds(
    MetricCounted, text, day, number, st.lists(number, max_size=3).map(tuple), day, st.booleans()
)
event_kinds = {
    kind: st.builds(kind, **{f.name: number if f.type is int else text for f in msgspec.structs.fields(kind)})
    for kind in (ActionAccepted, Progressed, BadgeUnlocked, PointsCounted, TierChanged)
}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(counted, *event_kinds.values()), max_size=6).map(tuple))
def test_wire_round_trip_of_any_events(events: tuple[Event, ...]) -> None:
    """Any events, empty texts and extreme numbers too, come back exactly."""
    assert wire.decode(wire.encode(events)) == events
