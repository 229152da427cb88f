"""The laws of points, whatever a member's life is made of."""

from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.decision import HOUR, Decision, Instant, Rejection
from cercle.rulebook import Rulebook
from services.points import answers, core, member, wire
from services.points.commands import Capture, Command, DoDueWork, Earn, PlaceHold, Release
from services.points.events import Captured, Earned, Event, Held, Released
from services.points.member import Member
from tests.unit.points.club import CLUB, evolved, rules
from tests.unit.points.lives import Step, lives

RULES = rules()


@pytest.fixture(autouse=True, scope="module")
def forgetful() -> Iterator[None]:
    """Answers are swept at every second command, so that short lives see it."""
    with patch.object(answers, "_SWEEP_EVERY", 2):
        yield


def live(steps: list[Step], rulebook: Rulebook = RULES) -> Iterator[tuple[Instant, Member, Decision[Event]]]:
    """The member after each decision that was made."""
    living = core.new()
    for now, command in steps:
        decision = core.decide(living, command, rulebook, now)
        if isinstance(decision, Decision):
            living = evolved(living, decision.events)
            yield now, living, decision


def history(steps: list[Step], rulebook: Rulebook = RULES) -> list[Event]:
    """All events of the life."""
    return [event for _, _, decision in live(steps, rulebook) for event in decision.events]


@given(lives())
def test_postings_sum_to_zero(steps: list[Step]) -> None:
    """Points are only moved: every event's postings sum to zero, and name distinct accounts."""
    for event in history(steps):
        if isinstance(event, (Earned, Held, Captured, Released)):
            assert sum(posting.points for posting in event.postings) == 0
            assert len({posting.account for posting in event.postings}) == len(event.postings)


@given(lives())
def test_what_a_member_has_is_issued_less_redeemed(steps: list[Step]) -> None:
    """In every wallet at any time, with nothing negative; what is held is what open holds say."""
    for now, living, _ in live(steps):
        for name, wallet in core.view(living, now).wallets.items():
            assert wallet.available + wallet.pending + wallet.held == wallet.issued - wallet.redeemed
            assert min(wallet.available, wallet.pending, wallet.held, wallet.redeemed) >= 0
            open_holds = [hold.points for hold in living.holds.values() if hold.wallet == name]
            assert living.wallet(name).held == sum(open_holds)


@given(lives())
def test_grants_add_up_to_what_was_posted(steps: list[Step]) -> None:
    """Each Earned says by rule what went into available, and no rule gives more than it desired."""
    for event in history(steps):
        if isinstance(event, Earned):
            posted = sum(posting.points for posting in event.postings if posting.account == "available")
            assert posted == sum(grant.granted for grant in event.grants)
            assert all(0 <= grant.granted <= grant.desired and grant.desired > 0 for grant in event.grants)


@given(lives())
def test_no_day_gives_more_than_its_limits(steps: list[Step]) -> None:
    """big-spender 15 points, web-double 100 points, helpful twice: per local day of occurred_at."""
    points: Counter[tuple[str, int]] = Counter()
    times: Counter[tuple[str, int]] = Counter()
    for event in (event for event in history(steps) if isinstance(event, Earned)):
        for grant in event.grants:
            points[grant.rule, event.day] += grant.granted
            times[grant.rule, event.day] += grant.granted > 0
    assert all(given <= 15 for (rule, _), given in points.items() if rule == "big-spender")
    assert all(given <= 100 for (rule, _), given in points.items() if rule == "web-double")
    assert all(given <= 2 for (rule, _), given in times.items() if rule == "helpful")


@given(lives(), st.randoms(use_true_random=False))
def test_rule_order_changes_nothing(steps: list[Step], random) -> None:  # type: ignore[no-untyped-def]
    """The same life under the same rules in another order: the same events."""
    head, *listed = CLUB["points.yaml"].split("  - id: ")
    random.shuffle(listed)
    assert history(steps, rules("  - id: ".join([head, *listed]))) == history(steps)


@given(lives(), st.sampled_from([0, 1, HOUR, 100 * HOUR]))
def test_a_retried_action_changes_nothing(steps: list[Step], later: int) -> None:
    """What was accepted once brings no event any more, whenever it comes again."""
    living = core.new()
    accepted: list[Command] = []
    for now, command in steps:
        decision = core.decide(living, command, RULES, now)
        if isinstance(decision, Decision):
            living = evolved(living, decision.events)
            if isinstance(command, Earn):
                accepted.append(command)
        for earlier in accepted:
            again = core.decide(living, earlier, RULES, now + later)
            assert again == Decision() or (isinstance(again, Rejection) and again.code == "late")


@given(lives(), st.sampled_from([0, 1, HOUR, 100 * HOUR]))
def test_a_retried_command_changes_nothing(steps: list[Step], later: int) -> None:
    """Its first answer for ever, or too old: never a second decision, also after it was forgotten."""
    living = core.new()
    answered: dict[PlaceHold | Capture | Release, object] = {}
    for now, command in steps:
        decision = core.decide(living, command, RULES, now)
        if isinstance(decision, Decision):
            living = evolved(living, decision.events)
            if isinstance(command, (PlaceHold, Capture, Release)) and decision.answer in decision.events:
                assert command not in answered
                answered[command] = decision.answer
        for earlier, answer in answered.items():
            again = core.decide(living, earlier, RULES, now + later)
            too_old = isinstance(again, Rejection) and again.code == "too_old"
            assert too_old or again == Decision((), answer)


@given(lives())
def test_when_memory_is_swept_decides_nothing(steps: list[Step]) -> None:
    """Sweeping at every command or never: the same events."""
    with patch.object(answers, "_SWEEP_EVERY", 1):
        swept = history(steps)
    with patch.object(answers, "_SWEEP_EVERY", 1_000_000):
        assert history(steps) == swept


@given(lives())
def test_decide_reads_only(steps: list[Step]) -> None:
    """The member's bytes are the same before and after deciding and viewing."""
    living = core.new()
    for now, command in steps:
        before = member.encode(living)
        decision = core.decide(living, command, RULES, now)
        core.view(living, now)
        assert member.encode(living) == before
        if isinstance(decision, Decision):
            living = evolved(living, decision.events)


@given(lives(), st.data())
def test_evolving_from_nothing_gives_the_same_bytes(steps: list[Step], data: st.DataObject) -> None:
    """With or without encoding and decoding between any two events, state and events alike."""
    events = history(steps)
    straight = member.encode(evolved(core.new(), events))
    reloaded = core.new()
    for event in events:
        (event,) = wire.decode(wire.encode((event,)))
        reloaded = core.evolve(reloaded, event)
        if data.draw(st.booleans()):
            reloaded = member.decode(member.encode(reloaded))
    assert member.encode(reloaded) == straight


@given(lives())
def test_one_batch_or_many_decide_the_same(steps: list[Step]) -> None:
    """Loading the member from its bytes before every command changes no decision."""
    kept, loaded = core.new(), core.new()
    for now, command in steps:
        loaded = member.decode(member.encode(loaded))
        first = core.decide(kept, command, RULES, now)
        assert core.decide(loaded, command, RULES, now) == first
        if isinstance(first, Decision):
            kept, loaded = evolved(kept, first.events), evolved(loaded, first.events)
    assert member.encode(kept) == member.encode(loaded)


@given(lives(), st.sampled_from([0, 1, HOUR, 100 * HOUR]))
def test_due_work_changes_nothing_that_a_reader_sees(steps: list[Step], later: int) -> None:
    """And when it is done, nothing is due any more."""
    for now, living, _ in live(steps):
        at = now + later
        done = member.decode(member.encode(living))
        decision = core.decide(done, DoDueWork(), RULES, at)
        assert isinstance(decision, Decision)
        done = evolved(done, decision.events)
        assert core.view(done, at) == core.view(living, at)
        due = core.due_at(done)
        assert due is None or due > at
        assert bool(decision.events) == ((core.due_at(living) or at + 1) <= at)
