"""Holds, captures and releases, and the memory of commands, one situation at a time."""

import pytest

from cercle.domain.decision import DAY, HOUR, MINUTE, Decision, Rejection
from cercle.rulebook import Rulebook
from services.points import core
from services.points.commands import Capture, Command, DoDueWork, Earn, NoteStanding, PlaceHold, Release
from services.points.core import WalletView
from services.points.events import BadgeNoted, Captured, Held, Posting, Refused, Released, TierNoted
from tests.unit.points.club import NOON, Life, badge, purchase, rules, tier


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """The club's rules."""
    return rules()


@pytest.fixture
def life(rulebook: Rulebook) -> Life:
    """A member with 40 points."""
    life = Life(rulebook)
    life.do(Earn(purchase("o1", 4000)))
    return life


def hold(key: str, points: int = 30, at: int = NOON, keep_for: int = 15 * MINUTE) -> PlaceHold:
    """A hold in the wallet points."""
    return PlaceHold(key, at, "points", points, keep_for)


def wallet(life: Life, now: int = NOON) -> WalletView:
    """What a reader sees of the wallet points."""
    return core.view(life.member, now).wallets["points"]


def rejection(life: Life, command: Command, now: int) -> str:
    """The code of what must be a rejection."""
    decided = core.decide(life.member, command, life.rules, now)
    assert isinstance(decided, Rejection)
    return decided.code


def refusal(life: Life, command: Command, now: int = NOON) -> str:
    """The code of what must be a refusal."""
    answer = life.ask(command, now)
    assert isinstance(answer, Refused)
    return answer.code


def test_a_hold_sets_points_aside(life: Life) -> None:
    """Held moves available to held, under the command's key, until its time is up."""
    assert life.ask(hold("h1")) == Held(
        "h1",
        NOON,
        "h1",
        "points",
        30,
        NOON + 15 * MINUTE,
        (Posting("available", -30), Posting("held", 30)),
    )
    assert wallet(life) == WalletView(available=10, pending=0, held=30, issued=40, redeemed=0)


def test_a_capture_spends_the_hold(life: Life) -> None:
    """Captured moves held to redeemed."""
    life.ask(hold("h1"))
    assert life.ask(Capture("c1", NOON, "h1")) == Captured(
        "c1", NOON, "h1", "points", 30, (Posting("held", -30), Posting("redeemed", 30))
    )
    assert wallet(life) == WalletView(available=10, pending=0, held=0, issued=40, redeemed=30)


def test_a_release_gives_the_hold_back(life: Life) -> None:
    """Released moves held to available."""
    life.ask(hold("h1"))
    assert life.ask(Release("r1", NOON, "h1")) == Released(
        "r1", NOON, "h1", "points", 30, False, (Posting("held", -30), Posting("available", 30))
    )
    assert wallet(life) == WalletView(available=40, pending=0, held=0, issued=40, redeemed=0)


def test_more_than_available_is_refused(life: Life) -> None:
    """What other holds set aside is not available; neither is another wallet."""
    life.ask(hold("h1"))
    assert life.ask(hold("h2", 11)) == Refused(
        "h2", NOON, "insufficient_points", "11 points asked, 10 available in points", "hold 11 points"
    )
    assert refusal(life, PlaceHold("h3", NOON, "karma", 1, MINUTE)) == "insufficient_points"


def test_a_hold_is_closed_once(life: Life) -> None:
    """Captured or released, it can be neither again; an unknown one never."""
    life.ask(hold("h1", 20))
    life.ask(hold("h2", 20))
    life.ask(Capture("c1", NOON, "h1"))
    life.ask(Release("r2", NOON, "h2"))
    assert refusal(life, Capture("c2", NOON, "h1")) == "hold_captured"
    assert refusal(life, Release("r3", NOON, "h1")) == "hold_captured"
    assert refusal(life, Capture("c3", NOON, "h2")) == "hold_released"
    assert refusal(life, Release("r4", NOON, "h2")) == "hold_released"
    assert refusal(life, Capture("c4", NOON, "h9")) == "hold_unknown"


def test_a_refused_command_stays_refused(life: Life) -> None:
    """A delayed copy gets the refusal, although the points would be there by now."""
    refused = life.ask(hold("h1", 50))
    life.do(Earn(purchase("o2", 9000)))
    decided = core.decide(life.member, hold("h1", 50), life.rules, NOON + HOUR)
    assert decided == Decision((), refused)


def test_the_same_request_gets_the_first_answer(life: Life) -> None:
    """No event, and the answer of the first time, even after the hold is gone."""
    first = life.ask(hold("h1"))
    life.ask(Capture("c1", NOON, "h1"))
    again = core.decide(life.member, hold("h1"), life.rules, NOON + 23 * HOUR)
    assert again == Decision((), first)


@pytest.mark.parametrize(
    "other", [hold("h1", 29), PlaceHold("h1", NOON, "karma", 30, MINUTE), Capture("h1", NOON, "h1")]
)
def test_another_request_with_the_key_is_rejected(life: Life, other: Command) -> None:
    """A key stands for one request."""
    life.ask(hold("h1"))
    assert rejection(life, other, NOON) == "key_reused"


def test_a_command_older_than_a_day_is_rejected(life: Life) -> None:
    """24 hours to the millisecond, known key or not."""
    first = life.ask(hold("h1", at=NOON - DAY))
    assert core.decide(life.member, hold("h1", at=NOON - DAY), life.rules, NOON) == Decision((), first)
    assert rejection(life, hold("h1", at=NOON - DAY), NOON + 1) == "too_old"
    assert rejection(life, hold("h2", at=NOON - DAY - 1), NOON) == "too_old"


def test_a_forgotten_command_is_too_old_even_when_now_lags(life: Life) -> None:
    """While a partition catches up `now` stands still: newer commands move the boundary."""
    for index in range(64):
        life.ask(hold(f"h{index}", 1000, at=NOON + index * HOUR))
    assert "h0" not in life.member.answers
    assert rejection(life, hold("h0", 1000), NOON) == "too_old"
    assert len(life.member.answers) <= 56


def test_a_key_that_names_a_hold_is_not_used_for_another(life: Life) -> None:
    """A hold may be open for longer than its command is remembered."""
    life.ask(hold("h0", 10, keep_for=7 * DAY))
    for index in range(1, 32):
        life.ask(hold(f"h{index}", 1000, at=NOON + 2 * DAY), NOON + 2 * DAY)
    assert "h0" not in life.member.answers
    assert rejection(life, hold("h0", 10, at=NOON + 2 * DAY), NOON + 2 * DAY) == "key_reused"
    life.ask(Capture("c0", NOON + 2 * DAY, "h0"), NOON + 2 * DAY)
    assert rejection(life, hold("h0", 10, at=NOON + 2 * DAY), NOON + 2 * DAY) == "key_reused"


def test_what_became_of_a_hold_is_known_for_a_day(life: Life) -> None:
    """By the newest command's time, however old the closing command said it was."""
    life.ask(hold("h0", 10, keep_for=7 * DAY))
    for index in range(30):
        life.ask(hold(f"x{index}", 1000, at=NOON + 23 * HOUR), NOON + 23 * HOUR)
    life.ask(Release("r0", NOON, "h0"), NOON + 23 * HOUR)
    for index in range(40):
        life.ask(hold(f"y{index}", 1000, at=NOON + 46 * HOUR), NOON + 46 * HOUR)
    assert refusal(life, Capture("c0", NOON + 46 * HOUR, "h0"), NOON + 46 * HOUR) == "hold_released"
    for index in range(64):
        life.ask(hold(f"z{index}", 1000, at=NOON + 72 * HOUR), NOON + 72 * HOUR)
    assert life.member.closed == {}
    assert refusal(life, Capture("c1", NOON + 72 * HOUR, "h0"), NOON + 72 * HOUR) == "hold_unknown"


def test_a_hold_times_out(life: Life) -> None:
    """Due exactly at its until, and released by DoDueWork."""
    life.ask(hold("h1"))
    until = NOON + 15 * MINUTE
    assert core.due_at(life.member) == until
    assert life.do(DoDueWork(), until - 1) == ()
    assert life.do(DoDueWork(), until) == (
        Released("", until, "h1", "points", 30, True, (Posting("held", -30), Posting("available", 30))),
    )
    assert core.due_at(life.member) is None
    assert refusal(life, Capture("c1", until, "h1"), until) == "hold_released"


def test_a_hold_counts_from_its_asking_when_now_lags(life: Life) -> None:
    """A partition that catches up on history must not let the hold lapse the moment it arrives."""
    held = life.ask(hold("h1", at=NOON + 300 * DAY, keep_for=MINUTE))
    assert isinstance(held, Held)
    assert held.until == NOON + 300 * DAY + MINUTE


def test_due_work_comes_before_the_command(life: Life) -> None:
    """In due order, ties by id, in the same decision; what it frees can be held again."""
    life.ask(hold("h3", 10, keep_for=3 * MINUTE))
    life.ask(hold("h2", 10, keep_for=2 * MINUTE))
    life.ask(hold("h1", 10, keep_for=3 * MINUTE))
    later = NOON + HOUR
    events = life.do(hold("h4", 40, at=later), later)
    assert [event.hold for event in events if isinstance(event, (Released, Held))] == ["h2", "h1", "h3", "h4"]
    assert wallet(life, later).held == 40


def test_a_time_out_in_one_wallet_frees_nothing_in_another(life: Life) -> None:
    """Points do not pay for karma."""
    life.ask(hold("h1"))
    later = NOON + HOUR
    assert refusal(life, PlaceHold("h2", later, "karma", 1, MINUTE), later) == "insufficient_points"


def test_a_time_out_is_no_command(life: Life) -> None:
    """Nobody asked for it: no answer is remembered, and no command becomes too old by it."""
    life.ask(hold("h1", keep_for=7 * DAY))
    life.do(DoDueWork(), NOON + 7 * DAY)
    assert list(life.member.answers) == ["h1"]
    assert life.member.forget_before == NOON - DAY


@pytest.mark.parametrize("late", [Capture("c1", NOON + HOUR, "h1"), Release("r1", NOON + HOUR, "h1")])
def test_a_hold_whose_time_is_up_cannot_be_closed(life: Life, late: Command) -> None:
    """It is released first, and then the command finds it released."""
    life.ask(hold("h1"))
    released, refused = life.do(late, NOON + HOUR)
    assert isinstance(released, Released) and released.timed_out
    assert isinstance(refused, Refused) and refused.code == "hold_released"


def test_due_work_comes_before_an_action_and_a_tier(life: Life) -> None:
    """Every command advances the member to its time."""
    life.ask(hold("h1", keep_for=1 * MINUTE))
    life.ask(hold("h2", 10, keep_for=2 * MINUTE))
    first = life.do(tier("gold"), NOON + MINUTE)
    assert [type(event) for event in first] == [Released, TierNoted]
    assert isinstance(life.do(Earn(purchase("o2", 100)), NOON + HOUR)[0], Released)


def test_a_tier_that_is_known_has_no_effect(life: Life) -> None:
    """Saying it twice is one event."""
    assert life.do(tier("gold")) == (TierNoted("gold"),)
    assert life.do(tier("gold")) == ()
    assert core.view(life.member, NOON).tier == "gold"


def test_badges_are_noted_before_the_tier_and_once(life: Life) -> None:
    """One event for each level that is new, and both names for conditions; a repeat has no effect."""
    both = NoteStanding("gold", (("collector", "silver"), ("collector", "bronze")), NOON)
    life.do(badge("collector", "bronze"))
    assert life.do(both) == (BadgeNoted("collector", "silver"), TierNoted("gold"))
    assert life.member.badges == ("collector", "collector/bronze", "collector/silver")
    assert life.do(both) == ()


def test_a_reader_sees_a_timed_out_hold_as_available(life: Life) -> None:
    """Before the release is recorded, and without changing the member."""
    life.ask(hold("h1"))
    assert wallet(life, NOON + 15 * MINUTE - 1).held == 30
    assert wallet(life, NOON + 15 * MINUTE) == WalletView(
        available=40, pending=0, held=0, issued=40, redeemed=0
    )
    assert wallet(life).held == 30


@pytest.mark.parametrize(
    "fields", [("", NOON, "points", 1, 1), ("k", NOON, "points", 0, 1), ("k", NOON, "points", 1, 0)]
)
def test_a_hold_that_cannot_be_meant_is_never_made(fields: tuple[str, int, str, int, int]) -> None:
    """Zero or negative points would make points out of nothing."""
    with pytest.raises(ValueError):
        PlaceHold(*fields)


@pytest.mark.parametrize("kind", [Capture, Release])
def test_a_command_without_a_key_is_never_made(kind: type[Capture] | type[Release]) -> None:
    """Without a key it could not be told from a time-out."""
    with pytest.raises(ValueError):
        kind("", NOON, "h1")


def test_points_keep_no_leaderboard(life: Life) -> None:
    """Ranks are the badges service's."""
    assert core.ranks(life.member) == {}
