"""The laws of offers, over any history."""

import copy
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, Decision, Instant
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import compile_rulebook
from services.offers import core, wire
from services.offers.commands import Command, Hear, NoteAction, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, Event, OfferIssued, TierNoted
from services.offers.member import Member, decode, encode

START = 1_767_225_600_000

RULES = compile_rulebook(
    {
        "club.yaml": "{club: c, name: C, time_zone: Europe/Paris, languages: [en], currency: EUR, "
        "lateness: 30 days}",
        "actions.yaml": "actions: {survey_answered: {fields: {survey: text, score: integer}}}",
        "tiers.yaml": """
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: member, from: 0}, {id: gold, from: 50}]
""",
        "offers.yaml": """
offers:
  - {id: vinyl, title: Vinyl, price: free, issue: {on: badge_unlocked, when: level == "silver"}}
  - {id: badge-pin, title: Pin, price: free, issue: {on: badge_unlocked, when: member.tier == "gold"}}
  - {id: gold-pin, title: Gold, price: free, issue: {on: tier_changed, when: tier == "gold"}}
  - {id: thanks, title: Thanks, price: free, issue: {on: survey_answered, when: score >= 9}}
""",
    }
)


def survey(number: int, score: int, day: int) -> NoteAction:
    """One of few identities, so that repeats are common; some are late, some in the future."""
    fields: dict[str, Field] = {"survey": "nps", "score": score}
    at = START + day * DAY
    return NoteAction(Action("s", str(number), "survey_answered", "ana", at, START, fields))


dates = st.integers(-35, 5).map(lambda day: START + day * DAY)
notes = st.one_of(
    st.builds(
        NoteBadge, st.sampled_from(["collector", "baker"]), st.sampled_from(["bronze", "silver"]), dates
    ),
    st.builds(NoteTier, st.sampled_from(["member", "gold"]), st.sampled_from(["", "member"]), dates),
)
commands = st.one_of(
    st.builds(survey, st.integers(0, 9), st.integers(0, 10), st.integers(-35, 5)),
    st.lists(notes, min_size=1, max_size=3).map(lambda several: Hear(tuple(several))),
)
histories = st.lists(commands, max_size=25)


def run(history: list[Command], member: Member) -> list[Event]:
    """Every event of the history; evolves the member."""
    events: list[Event] = []
    for now, command in enumerate(history, START):
        decision = core.decide(member, command, RULES, now)
        for event in decision.events if isinstance(decision, Decision) else ():
            events.append(event)
            core.evolve(member, event)
    return events


@settings(deadline=None)
@given(histories, commands)
def test_decide_reads_only(history: list[Command], command: Command) -> None:
    """Deciding leaves the member as it was, to the byte."""
    member = core.new()
    run(history, member)
    before, kept = encode(member), copy.deepcopy(member)
    core.decide(member, command, RULES, START)
    assert encode(member) == before and member == kept


@settings(deadline=None)
@given(histories, st.data())
def test_bytes_between_events_change_nothing(history: list[Command], data: st.DataObject) -> None:
    """Folding the events gives the same bytes, wherever the state was stored and loaded in between."""
    member, other = core.new(), core.new()
    for event in run(history, member):
        if data.draw(st.booleans()):
            other = decode(encode(other))
        assert core.evolve(other, event) is other
    assert encode(other) == encode(member)


@settings(deadline=None)
@given(histories)
def test_repeated_actions_change_nothing(history: list[Command]) -> None:
    """Sending every accepted action again gives no event."""
    member = core.new()
    accepted = {event.id for event in run(history, member) if isinstance(event, ActionAccepted)}
    for command in history:
        if isinstance(command, NoteAction) and command.action.id in accepted:
            assert core.decide(member, command, RULES, START) == Decision()


@settings(deadline=None)
@given(st.lists(st.lists(notes, min_size=1, max_size=3).map(tuple), max_size=15))
def test_notes_together_are_as_notes_one_by_one(history: list[tuple[NoteBadge | NoteTier, ...]]) -> None:
    """However the notes are cut into decisions, the member is given the same."""
    one, other = core.new(), core.new()
    run([Hear(several) for several in history], one)
    run([Hear((note,)) for several in history for note in several], other)
    assert one.issued == other.issued
    assert (one.tier, one.badges) == (other.tier, other.badges)


@settings(deadline=None)
@given(histories, commands, st.integers(0, 2**53))
def test_now_changes_nothing(history: list[Command], command: Command, now: Instant) -> None:
    """The same command gives the same events, dates too, whenever it is decided."""
    member = core.new()
    run(history, member)
    assert core.decide(member, command, RULES, now) == core.decide(member, command, RULES, START)


@settings(deadline=None)
@given(histories)
def test_issues_equal_an_independent_count(history: list[Command]) -> None:
    """Offers, their dates and numbers and the tier from the commands alone, with the rules written out."""
    member = core.new()
    issued = [event for event in run(history, member) if isinstance(event, OfferIssued)]
    expected, tier = written_out(history)
    assert [(event.offer, event.reason, event.issued_at) for event in issued] == expected
    assert member.tier == tier
    count: Counter[str] = Counter()
    for event in issued:
        count[event.offer] += 1
        assert event.number == count[event.offer]


def written_out(history: list[Command]) -> tuple[list[tuple[str, str, Instant]], str]:
    """What RULES say, without state: (offer, reason, date) in order, and the tier at the end."""
    given_offers: list[tuple[str, str, Instant]] = []
    tier, accepted = "", [START - 1000 * DAY]
    ids: set[str] = set()
    for command in history:
        if isinstance(command, NoteAction):
            one = command.action
            if one.id not in ids and max(START, *accepted) - 30 * DAY <= one.occurred_at <= START:
                ids.add(one.id)
                accepted.append(one.occurred_at)
                given_offers += [("thanks", one.id, one.occurred_at)] * (one.fields["score"] in (9, 10))
            continue
        assert isinstance(command, Hear)
        for note in command.notes:
            if isinstance(note, NoteTier):
                tier = note.tier
                given_offers += [("gold-pin", tier, note.occurred_at)] * (tier == "gold")
            else:
                reason = f"{note.badge}/{note.level}"
                given_offers += [("badge-pin", reason, note.occurred_at)] * (tier == "gold")
                given_offers += [("vinyl", reason, note.occurred_at)] * (note.level == "silver")
    return given_offers, tier


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.integers(-(2**63), 2**63 - 1)
day = st.integers(-(2**31), 2**31 - 1)
any_event = st.one_of(
    st.builds(ActionAccepted, text, text, text, number, number),
    st.builds(OfferIssued, text, text, text, st.integers(-(2**31), 2**31 - 1), number),
    st.builds(BadgeNoted, text, text),
    st.builds(TierNoted, text),
    st.builds(MetricCounted, text, day, number, st.lists(number, max_size=3).map(tuple), day, st.booleans()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_event, max_size=6).map(tuple))
def test_wire_round_trip_of_any_events(events: tuple[Event, ...]) -> None:
    """Any events, empty texts and extreme numbers too, come back exactly."""
    assert wire.decode(wire.encode(events)) == events
