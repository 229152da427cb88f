"""The laws of what crosses members, whatever several of them do and in whatever order letters are read."""

from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.action import Action
from cercle.domain.decision import DAY, HOUR, MINUTE, Decision, Instant
from cercle.rulebook import compile_rulebook
from services.points import answers, asked, core, states
from services.points.commands import Capture, Command, Earn, PlaceHold, Receive, Release, Return, Transfer
from services.points.events import (
    Earned,
    Recommended,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
)
from services.points.member import Member
from tests.unit.points.club import CLUB, NOON
from tests.unit.points.town import Route, Town

MEMBERS = ("ana", "bob", "eve", "joe")
FILES = CLUB | {
    "actions.yaml": """
actions:
  purchase: {fields: {amount: money}}
  question_asked: {fields: {question: text}}
  answer_given: {fields: {question: text}}
""",
    "points.yaml": """
wallets: {points: {transfer: {at_most: 30 points, limit: {points: 60, per: week}}}, karma: {}}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50}, limit: {times: 1, per: day}}
  - {id: quick, on: answer_given, earn: {points: 5, in: karma},
     soon_after: {action: question_asked, by: question, at_most: 30 minutes}}
  - {id: chain, on: question_asked, earn: {points: 2, in: karma},
     soon_after: {action: answer_given, by: question, at_most: 10 minutes}}
""",
}
RULES = compile_rulebook(FILES)

Step = tuple[Instant, str, Command, list[int]]
"""When, whose, what, and which letters are read after it (by their place among the routes)."""


@pytest.fixture(autouse=True, scope="module")
def forgetful() -> Iterator[None]:
    """Answers are swept at every second command, so that short lives see it."""
    with patch.object(answers, "_SWEEP_EVERY", 2):
        yield


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Purchases to begin with, then 10 to 40 commands of four members and a stranger's id."""
    made: list[Step] = [
        (NOON, name, _earn(name, "purchase", 0, NOON, amount=20_000), []) for name in MEMBERS[:3]
    ]
    now = NOON
    for number in range(draw(st.integers(10, 40))):
        now += draw(st.sampled_from([0, 0, 1, MINUTE, 20 * MINUTE, 9 * HOUR, 2 * DAY]))
        member = draw(st.sampled_from(MEMBERS))
        command = _command(draw, member, number, now)
        made.append((now, member, command, draw(st.lists(st.integers(0, 7), max_size=4))))
    return made


def _command(draw: st.DrawFn, member: str, number: int, now: Instant) -> Command:
    key, amount = f"k{draw(st.integers(0, 9))}", draw(st.integers(1, 35))
    match draw(st.sampled_from(["transfer"] * 4 + ["hold", "close", "refer", "buy", "ask", "answer"])):
        case "transfer":
            to = draw(st.sampled_from((*MEMBERS, "nobody")))
            return Transfer(key, now, member, to, "points", amount)
        case "hold":
            return PlaceHold(key, now, "points", amount, HOUR)
        case "close":
            captures = draw(st.booleans())
            return Capture(f"{key}/c", now, key) if captures else Release(f"{key}/r", now, key)
        case "refer":
            friend = draw(st.sampled_from(MEMBERS))
            return _earn(member, "referral", number, now, friend=friend)
        case "buy":
            return _earn(member, "purchase", number, now - draw(st.sampled_from([0, HOUR, DAY])), amount=700)
        case "ask":
            return _earn(member, "question_asked", number, now, question=f"q{amount % 2}")
        case _:
            return _earn(member, "answer_given", number, now, question=f"q{amount % 2}")


def _earn(member: str, kind: str, number: int, at: Instant, **fields: str | int) -> Earn:
    return Earn(Action("urn:town", f"{member}-{kind}-{number}", kind, member, at, at, fields))


def live(made: list[Step]) -> Iterator[tuple[Instant, Town]]:
    """The town after each command and each letter; at last with no letter left."""
    town, now = Town(RULES), NOON
    for now, member, command, reads in made:
        if isinstance(core.decide(town.state(member), command, RULES, now), Decision):
            town.do(member, command, now)
            town.decided.append((member, command))
            yield now, town
        for place in reads:

            def choose(routes: list[Route], place: int = place) -> Route:
                return routes[place % len(routes)]

            if town.deliver(choose, now):
                yield now, town
    while town.deliver(max, now):
        yield now, town


def last(made: list[Step]) -> Town:
    """When all letters are read."""
    *_, (_, town) = live(made)
    return town


def members(town: Town) -> dict[str, Member]:
    """Those that something happened to."""
    return {key: state for key, state in town.states.items() if isinstance(state, Member)}


def on_their_way(town: Town) -> int:
    """Points in letters that are not read yet, to the receiver or back."""
    points = 0
    for (_, to), waiting in town.letters.items():
        for letter in map(asked.decode, waiting):
            if isinstance(letter, Receive):
                points += letter.points
            if isinstance(letter, Return):
                points += members(town)[to].transfers[letter.transfer].points
    return points


@given(steps())
def test_points_are_never_lost_or_made_on_their_way(made) -> None:  # type: ignore[no-untyped-def]
    """In every wallet the accounts sum to zero and nothing is negative; what all have transferred
    is what letters carry, at every moment, and nothing at rest."""
    for now, town in live(made):
        for member in members(town).values():
            for wallet in core.view(member, now).wallets.values():
                has = wallet.available + wallet.pending + wallet.held
                assert has == wallet.issued - wallet.redeemed - wallet.transferred
                assert min(wallet.available, wallet.pending, wallet.held, wallet.redeemed) >= 0
        transferred = sum(each.wallet("points").transferred for each in members(town).values())
        assert transferred == on_their_way(town)
    assert sum(each.wallet("points").transferred for each in members(town).values()) == 0
    assert all(not member.transfers for member in members(town).values())


@given(steps())
def test_what_is_sent_arrives_or_comes_back_once(made) -> None:  # type: ignore[no-untyped-def]
    """Each transfer has one end, and each side's events name the other."""
    town = last(made)
    sent, received, ended = Counter[object](), Counter[object](), Counter[object]()
    for key, events in town.events.items():
        for event in events:
            if isinstance(event, TransferSent):
                sent[key, event.to, event.key, event.points, event.issued_at] += 1
            if isinstance(event, (TransferCompleted, TransferReturned)):
                ended[key, event.to, event.key, event.points, event.issued_at] += 1
            if isinstance(event, TransferCompleted):
                received[key, event.to, event.key, event.points] += 1
            if isinstance(event, TransferReceived):
                received[event.sender, key, event.transfer, event.points] -= 1
    assert sent == ended
    assert not any(received.values())


@given(steps())
def test_no_week_sends_more_than_its_limit(made) -> None:  # type: ignore[no-untyped-def]
    """60 points a week (Monday to Sunday, by the club's clocks), of what did not come back."""
    town = last(made)
    sums: Counter[tuple[str, int]] = Counter()
    for key, events in town.events.items():
        returned = {(e.key, e.issued_at) for e in events if isinstance(e, TransferReturned)}
        for event in events:
            if isinstance(event, TransferSent) and (event.key, event.issued_at) not in returned:
                sums[key, (event.day + 3) // 7] += event.points
                assert event.points <= 30
    assert all(points <= 60 for points in sums.values())


@given(steps())
def test_a_retried_command_sends_nothing_more(made) -> None:  # type: ignore[no-untyped-def]
    """Every command that was decided, asked again at the end: no event, no letter."""
    town = last(made)
    now = max(at for at, *_ in made)
    for member, command in town.decided:
        again = core.decide(town.state(member), command, RULES, now)
        assert not isinstance(again, Decision) or (again.events, again.letters) == ((), ())


@st.composite
def referrals(draw: st.DrawFn) -> list[Step]:
    """Of four members whom nobody knows yet: referrals, and a purchase now and then."""
    made: list[Step] = []
    for number in range(draw(st.integers(2, 14))):
        now = NOON + number * draw(st.sampled_from([0, 1, HOUR, DAY]))
        member, friend = draw(st.sampled_from(MEMBERS)), draw(st.sampled_from(MEMBERS))
        if draw(st.integers(0, 3)):
            command = _earn(member, "referral", number, now, friend=friend)
        else:
            command = _earn(member, "purchase", number, now, amount=700)
        made.append((now, member, command, draw(st.lists(st.integers(0, 7), max_size=3))))
    return made


@given(referrals())
def test_nobody_has_two_advocates_and_no_ring_is_closed(made) -> None:  # type: ignore[no-untyped-def]
    """Following advocates from anybody comes to an end."""
    town = last(made)
    advocates: dict[str, str] = {}
    for key, events in town.events.items():
        for event in events:
            if isinstance(event, Recommended):
                assert key not in advocates
                advocates[key] = event.advocate
    for member in advocates:
        seen = {member}
        while (member := advocates.get(member, "")) != "":
            assert member not in seen
            seen.add(member)


@given(referrals())
def test_both_sides_of_a_referral_are_paid_once(made) -> None:  # type: ignore[no-untyped-def]
    """If the friend bought since, and never otherwise; one referral a day is paid to a member."""
    town = last(made)
    paid: dict[str, list[tuple[str, str]]] = {"referral": [], "referred": []}
    by_day: Counter[tuple[str, int]] = Counter()
    for key, events in town.events.items():
        for event in events:
            if isinstance(event, Earned) and event.occasion:
                kind, other = event.occasion.kind, event.occasion.member
                paid[kind].append((key, other) if kind == "referral" else (other, key))
                if kind == "referral":
                    by_day[key, event.day] += event.grants[0].granted > 0
    assert sorted(paid["referral"]) == sorted(paid["referred"]) == sorted(set(paid["referral"]))
    assert all(times <= 1 for times in by_day.values())
    bought = {member for _, member, command, _ in made if _is_purchase(command)}
    assert {friend for _, friend in paid["referral"]} <= bought


def _is_purchase(command: Command) -> bool:
    return isinstance(command, Earn) and command.action.type == "purchase"


@given(steps())
def test_states_are_their_events_and_their_bytes(made) -> None:  # type: ignore[no-untyped-def]
    """Evolving from nothing gives the same bytes, and so does reading them in between."""
    town = last(made)
    for key, events in town.events.items():
        state = states.new(key)
        for event in events:
            state = states.decode(key, states.encode(core.evolve(state, event)))
        assert states.encode(state) == states.encode(town.states[key])


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["question_asked", "answer_given"]), st.sampled_from(MEMBERS), st.integers(0, 240)
    ),
    min_size=2,
    max_size=8,
)


@given(MOMENTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_points(moments, random) -> None:  # type: ignore[no-untyped-def]
    """Actions on one question, in quarter minutes, and every letter: shuffled."""
    commands = [
        (name, _earn(name, kind, number, NOON + minutes * MINUTE // 4, question="q1"))
        for number, (kind, name, minutes) in enumerate(moments)
    ]
    found = []
    for _ in range(3):
        town, left = Town(RULES), list(commands)
        random.shuffle(left)
        while left or any(town.letters.values()):
            if left and random.random() < 0.5:
                town.do(*left.pop(), NOON + HOUR)
            else:
                town.deliver(random.choice, NOON + HOUR)
        found.append({name: state.wallet("karma").available for name, state in members(town).items()})
    assert found == [expected(moments)] * 3


def expected(moments: list[tuple[str, str, int]]) -> dict[str, int]:
    """By the rule's own words, without any of the code."""
    sums = dict.fromkeys((name for _, name, _ in moments), 0)
    pairs = {"answer_given": ("question_asked", 120, 5), "question_asked": ("answer_given", 40, 2)}
    for kind, name, at in moments:
        earlier, longest, points = pairs[kind]
        if any(other == earlier and 0 <= at - then <= longest for other, _, then in moments):
            sums[name] += points
    return sums
