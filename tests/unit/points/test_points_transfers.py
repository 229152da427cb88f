"""Points from one member to another, one situation at a time."""

import msgspec
import pytest
from msgspec import structs

from cercle.domain.decision import DAY, HOUR, Decision, Rejection
from cercle.rulebook import Rulebook
from services.points import answers, core
from services.points.commands import Capture, Command, Complete, DoDueWork, Earn, PlaceHold, Transfer
from services.points.core import WalletView
from services.points.events import (
    Posting,
    Refused,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
)
from services.points.member import Balances, Member, decode, encode
from tests.unit.points.club import CLUB, NOON, purchase, rules
from tests.unit.points.town import Town

TODAY = 20_453
"""2025-12-31, as days since 1970-01-01: a Wednesday."""


def club(transfer: str = "allowed") -> Rulebook:
    """The club, in whose wallet points members may send what `transfer` says."""
    return rules(f"wallets: {{points: {{transfer: {transfer}}}, karma: {{}}}}\n" + _RULES)


_RULES = CLUB["points.yaml"].partition("  karma: {expires: never}\n")[2]


def town(rulebook: Rulebook, **points: int) -> Town:
    """Members with that many points."""
    made = Town(rulebook)
    for name, amount in points.items():
        made.do(name, Earn(structs.replace(purchase(f"first-{name}", amount * 100), member_id=name)))
    return made


def transfer(key: str, points: int, sender: str = "ana", to: str = "bob", at: int = NOON) -> Transfer:
    """Points of the wallet points."""
    return Transfer(key, at, sender, to, "points", points)


def wallet(of: Town, name: str, now: int = NOON) -> WalletView:
    """What a reader sees of the wallet points."""
    state = of.state(name)
    assert isinstance(state, Member)
    return core.view(state, now).wallets["points"]


def refusal(of: Town, command: Transfer, now: int = NOON) -> tuple[str, str]:
    """Code and sentence of what must be a refusal, which tells nobody anything."""
    decision = of.do(command.sender, command, now)
    assert isinstance(decision.answer, Refused)
    assert decision.letters == ()
    return decision.answer.code, decision.answer.sentence


def test_a_transfer_moves_points_from_one_member_to_the_other() -> None:
    """Sent, received, completed; on its way they are in no wallet, and each side names the other."""
    members = town(club(), ana=40, bob=1)
    sent = members.do("ana", transfer("t1", 30)).answer
    postings = (Posting("available", -30), Posting("transferred", 30))
    assert sent == TransferSent("t1", NOON, "bob", "points", 30, TODAY, postings)
    assert wallet(members, "ana") == WalletView(10, 0, 0, 40, 0, 30)
    assert wallet(members, "bob") == WalletView(1, 0, 0, 1, 0, 0)
    members.deliver_all()
    back = (Posting("transferred", -30), Posting("available", 30))
    assert members.events["bob"][-1] == TransferReceived("t1", "ana", "points", 30, back)
    assert members.events["ana"][-1] == TransferCompleted("t1", NOON, "bob", "points", 30)
    assert wallet(members, "ana") == WalletView(10, 0, 0, 40, 0, 30)
    assert wallet(members, "bob") == WalletView(31, 0, 0, 1, 0, -30)


def test_points_for_a_stranger_come_back() -> None:
    """Nobody ever heard of the member: a mistyped id costs nothing, and makes no member."""
    members = town(club(), ana=40)
    members.do("ana", transfer("t1", 30, to="bbo"))
    members.deliver_all()
    returned = members.events["ana"][-1]
    assert isinstance(returned, TransferReturned)
    assert (returned.key, returned.to, returned.points) == ("t1", "bbo", 30)
    assert (returned.code, returned.sentence) == (
        "receiver_unknown",
        "nobody ever heard of the member bbo",
    )
    assert wallet(members, "ana") == WalletView(40, 0, 0, 40, 0, 0)
    assert "bbo" not in members.states


def test_who_only_did_something_is_known() -> None:
    """A member without any points can be sent some."""
    members = town(club(), ana=40, bob=0)
    members.do("ana", transfer("t1", 30))
    members.deliver_all()
    assert wallet(members, "bob").available == 30


def test_two_members_send_to_each_other_at_once() -> None:
    """Neither waits for the other."""
    members = town(club(), ana=40, bob=40)
    members.do("ana", transfer("t1", 40))
    members.do("bob", transfer("t1", 40, "bob", "ana"))
    members.deliver_all(max)
    assert wallet(members, "ana") == wallet(members, "bob") == WalletView(40, 0, 0, 40, 0, 0)


def test_what_cannot_be_sent_is_refused_by_name_and_number() -> None:
    """Nothing to oneself, nothing of a wallet that does not say so, nothing that is not there."""
    members = town(club(), ana=40, bob=1)
    assert refusal(members, transfer("t1", 1, to="ana")) == ("self_transfer", "to: is the member who sends")
    assert refusal(members, Transfer("t2", NOON, "ana", "bob", "karma", 1)) == (
        "transfer_not_allowed",
        "wallet: karma cannot be sent to other members",
    )
    assert refusal(members, transfer("t3", 41)) == (
        "insufficient_points",
        "points: 41 asked, 40 available in points",
    )


@pytest.mark.parametrize(
    ("rule", "points", "sentence"),
    [
        ("{at_most: 20 points}", 21, "points: 21 asked, at most 20 may be sent at once"),
        (
            "{limit: {points: 50, per: day}}",
            21,
            "points: 21 asked, 20 of the 50 that may be sent in a day are left",
        ),
        (
            "{limit: {points: 50, per: life}}",
            21,
            "points: 21 asked, 20 of the 50 that may be sent in all are left",
        ),
        ("{limit: {times: 2, per: week}}", 1, "points: no more of the 2 transfers in a week are left"),
    ],
)
def test_limits_say_what_is_left(rule: str, points: int, sentence: str) -> None:
    """After two transfers, of 15 points each."""
    members = town(club(rule), ana=200, bob=1)
    for key in ("t1", "t2"):
        members.do("ana", transfer(key, 15))
    assert refusal(members, transfer("t3", points)) == ("transfer_limit", sentence)


@pytest.mark.parametrize(
    ("per", "over"), [("day", DAY), ("week", 5 * DAY), ("month", DAY), ("year", DAY), ("life", 0)]
)
def test_a_limit_begins_again_with_its_period(per: str, over: int) -> None:
    """By the club's calendar: the last day of 2025 is a Wednesday."""
    members = town(club(f"{{limit: {{times: 1, per: {per}}}}}"), ana=200, bob=1)
    members.do("ana", transfer("t1", 1))
    if over:
        before = NOON + over - DAY
        assert refusal(members, transfer("t2", 1, at=before), before)[0] == "transfer_limit"
        after = NOON + over
        assert isinstance(members.do("ana", transfer("t3", 1, at=after), after).answer, TransferSent)
    else:
        later = NOON + 900 * DAY
        assert refusal(members, transfer("t2", 1, at=later), later)[0] == "transfer_limit"


def test_what_comes_back_gives_its_room_back() -> None:
    """Of the points and of the times, also when its day is long forgotten."""
    members = town(club("{limit: {points: 30, per: life}}"), ana=200, bob=1)
    members.do("ana", transfer("t1", 30, to="bbo"))
    assert refusal(members, transfer("t2", 1))[0] == "transfer_limit"
    members.deliver_all()
    assert isinstance(members.do("ana", transfer("t3", 30)).answer, TransferSent)


def test_days_are_kept_for_a_year() -> None:
    """What was sent in all is never forgotten, what was sent on a day only while a limit may ask."""
    members = town(club(), ana=1000, bob=1)
    for number in range(500):
        now = NOON + number * DAY
        members.do("ana", transfer(f"t{number}", 1, at=now), now)
    state = members.state("ana")
    assert isinstance(state, Member)
    assert state.sent["points"].in_all.points == 500
    assert len(state.sent["points"].by_day) == 366


def test_asking_again_tells_the_newest_state() -> None:
    """Sent, then completed: one transfer, whatever its answer."""
    members = town(club(), ana=40, bob=1)
    sent = members.do("ana", transfer("t1", 30))
    assert members.do("ana", transfer("t1", 30)) == Decision((), sent.answer)
    members.deliver_all()
    completed = TransferCompleted("t1", NOON, "bob", "points", 30)
    assert members.do("ana", transfer("t1", 30)) == Decision((), completed)
    assert wallet(members, "ana").available == 10


@pytest.mark.parametrize(
    "other", [transfer("t1", 29), transfer("t1", 30, to="eve"), Capture("t1", NOON, "t1")]
)
def test_another_request_with_the_key_is_rejected(other: Command) -> None:
    """Before it is completed and after."""
    members = town(club(), ana=40, bob=1)
    members.do("ana", transfer("t1", 30))
    for _ in range(2):
        decided = core.decide(members.state("ana"), other, members.rules, NOON)
        assert isinstance(decided, Rejection)
        assert decided.code == "key_reused"
        members.deliver_all()


def test_a_transfer_that_is_long_on_its_way_keeps_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what comes of it takes the place of no other answer."""
    monkeypatch.setattr(answers, "_SWEEP_EVERY", 1)
    members, later = town(club(), ana=40, bob=1), NOON + 2 * DAY
    members.do("ana", transfer("t1", 30))
    members.do("ana", PlaceHold("h1", later, "points", 1, HOUR), later)
    decided = core.decide(members.state("ana"), transfer("t1", 1, at=later), members.rules, later)
    assert isinstance(decided, Rejection)
    assert decided.code == "key_reused"
    held = members.do("ana", PlaceHold("t1", later, "points", 1, HOUR), later).answer
    members.deliver_all(now=later)
    assert members.do("ana", PlaceHold("t1", later, "points", 1, HOUR), later).answer == held


def test_a_letter_about_nothing_changes_nothing() -> None:
    """A transfer that is not on its way cannot be completed."""
    members = town(club(), ana=40)
    assert members.do("ana", Complete("t9")) == Decision()


def test_what_timed_out_can_be_sent() -> None:
    """Due work comes before the transfer, in the same decision."""
    members, later = town(club(), ana=40, bob=1), NOON + 2 * HOUR
    members.do("ana", PlaceHold("h1", NOON, "points", 40, HOUR))
    assert isinstance(members.do("ana", transfer("t1", 40, at=later), later).answer, TransferSent)
    assert members.do("ana", DoDueWork(), later) == Decision()


def test_a_wallet_of_before_transfers_can_be_read() -> None:
    """Older bytes of a member lack what was sent, and of a wallet the account."""
    members = town(club(), ana=40)
    state = members.state("ana")
    assert isinstance(state, Member)
    old = structs.astuple(state)[:10]
    wallets = {"points": structs.astuple(state.wallets["points"])[:5]}
    read = decode(msgspec.msgpack.encode((old[0], wallets, *old[2:])))
    assert read.wallets["points"] == Balances(40, 0, 0, -40, 0, 0)
    assert encode(read) == encode(state)
