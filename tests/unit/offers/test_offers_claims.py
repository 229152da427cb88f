"""Claims, one situation at a time, with points at their real domain."""

import msgspec
import pytest

from cercle.domain.decision import DAY, HOUR, MINUTE, SECOND, Rejection
from services.offers import asked, codes, core, member, states
from services.offers.claims import AskPoints
from services.offers.commands import Claim
from services.offers.events import ClaimAdvanced, ClaimIssued, ClaimOpened, ClaimRetried
from services.offers.issuing import EXPIRED
from services.offers.member import CANCELLED, ISSUED, REDEEMED, REFUSED, Member
from services.points.commands import PlaceHold
from tests.unit.offers.claiming import NOON, RULES, Town


def refusal(town: Town, claim: str, who: str = "ana") -> str:
    """Why the claim is refused."""
    view = core.claim_view(town.state(who), town.now, claim)
    assert view is not None and view.status == REFUSED and view.sentence
    return view.refusal


def cancelled(town: Town, key: str, who: str = "ana") -> str:
    """Why the claim is not cancelled; empty: it is."""
    view = core.cancel_view(town.state(who), town.now, key)
    assert view is not None
    return view.code


def rejected(answer: object) -> str:
    """The code of a Rejection."""
    assert isinstance(answer, Rejection)
    return answer.code


def steps(town: Town) -> list[str]:
    """What ana's claims have waited for."""
    return [e.step for _, e in town.events if isinstance(e, ClaimOpened | ClaimAdvanced)]


def test_a_claim_takes_only_the_steps_that_its_offer_needs() -> None:
    """In this order: held, reserved, paid, and only then a code."""
    wanted = {
        "sticker": [""],
        "song": ["hold", "capture"],
        "gift": ["reserve"],
        "code": ["register"],
        "mug": ["hold", "reserve", "capture"],
        "ten-off": ["hold", "reserve", "capture", "register"],
    }
    for offer, path in wanted.items():
        town = Town()
        town.claim("ana", offer, "k")
        town.settle()
        assert steps(town) == path
        assert town.state("ana").claims["k"].status == ISSUED


def test_what_the_rules_forbid_is_refused_at_once() -> None:
    """Unknown, given and not claimed, out of its hours, and over the limit."""
    town = Town()
    town.claim("ana", "nothing", "k1")
    assert refusal(town, "k1") == "offer_unknown"
    town.claim("ana", "noon", "k2")
    town.wait(3 * HOUR)
    town.claim("ana", "noon", "k3")
    assert refusal(town, "k3") == "not_available_now"
    for key in ("k4", "k5", "k6"):
        town.claim("ana", "code", key)
    assert refusal(town, "k6") == "limit_reached"
    town.wait(DAY)
    town.claim("ana", "code", "k7")
    assert "k7" in town.state("ana").open, "another day"
    assert not town.state("ana").claims["k2"].refusal


def test_a_key_is_one_claim() -> None:
    """Joined, whatever has become of it; for another offer it is refused."""
    town = Town()
    town.claim("ana", "song", "k")
    assert town.claim("ana", "song", "k") is None
    assert rejected(town.claim("ana", "mug", "k")) == "key_reused"
    town.settle()
    assert town.claim("ana", "song", "k") is None and len(steps(town)) == 2
    assert town.claim("bob", "mug", "k") is None, "another member's keys are others"
    town.settle()
    assert town.state("bob").claims["k"].status == ISSUED


def test_a_refusal_is_forgotten_after_a_day_and_an_issue_never() -> None:
    """Whoever asks with a fresh time then means another claim; who asks late is too old."""
    town = Town(wealth=0)
    town.claim("ana", "song", "k")
    town.settle()
    assert refusal(town, "k") == "insufficient_points"
    issued_at = town.now
    town.wait(DAY + 1)
    claim = Claim("k", issued_at, "ana", "song", b"")
    assert rejected(town.ask("ana", claim)) == "too_old"
    town.claim("ana", "sticker", "k")
    assert town.state("ana").claims["k"].status == ISSUED
    town.wait(2 * DAY)
    town.claim("ana", "sticker", "k")
    assert len([e for _, e in town.events if isinstance(e, ClaimIssued)]) == 1


def test_what_gets_no_answer_is_asked_again_with_more_and_more_patience() -> None:
    """5 s, 10 s... 5 min, for as long as it takes; by the same call."""
    town = Town()
    town.claim("ana", "song", "k")
    (_, call) = town.calls()[0]
    assert call.id == "k/hold"
    assert call.request == AskPoints("ana", "k", "hold", "points", 10, NOON)
    for pause in (5, 10, 20, 40, 80, 160, 300, 300):
        due = core.due_at(town.state("ana"))
        assert due == town.now + pause * SECOND
        town.wait(pause * SECOND - 1)
        town.wait(1)
        assert isinstance(town.events[-1][1], ClaimRetried)
        assert [again for _, again in town.calls()] == [call]
    town.settle()
    assert town.state("ana").claims["k"].status == ISSUED
    assert core.due_at(town.state("ana")) is None and not town.calls()


def test_points_that_are_held_no_more_refuse_a_claim_and_free_its_stock() -> None:
    """Nothing is paid, nothing is kept."""
    town = Town()
    town.claim("ana", "mug", "k")
    town.call(0)
    town.answer(0)
    town.deliver(0)
    town.deliver(0)
    assert town.state("offer/mug").reserved == 1
    town.wait(2 * HOUR)
    town.settle()
    assert refusal(town, "k") == "hold_lapsed"
    assert town.state("offer/mug").reserved == 0 and town.balance("ana") == (60, 0, 0)


@pytest.mark.parametrize("was_paid", [True, False])
def test_after_a_day_without_an_answer_the_log_of_points_decides(was_paid: bool) -> None:
    """The key is forgotten, so a second capture would be refused: paid is paid, and unpaid is refused."""
    town = Town()
    town.claim("ana", "song", "k")
    town.call(0)
    town.answer(0)
    if was_paid:
        town.call(0)
        town.answers.clear()
    for _ in range(3):
        town.spend("ana", PlaceHold(f"other-{len(town.spent)}", town.now, "points", 1, MINUTE))
    town.wait(25 * HOUR)
    town.settle()
    status = town.state("ana").claims["k"].status
    assert status == (ISSUED if was_paid else REFUSED)
    if not was_paid:
        assert refusal(town, "k") == "hold_lapsed"


def test_a_code_is_redeemed_until_it_expires() -> None:
    """Then nobody can use it, nor cancel the claim; the member sees it."""
    town = Town()
    town.claim("ana", "ten-off", "k")
    town.settle()
    code = town.state("ana").claims["k"].code
    town.wait(2 * DAY)
    said = town.redeem(code, "r")
    assert said.code == "code_expired" and town.redeem(code, "r") == said
    town.cancel("ana", "k", "c")
    assert cancelled(town, "c") == "code_expired"
    (offer,) = core.view(town.state("ana"), RULES, "", town.now).offers
    assert (offer.status, offer.code, offer.claim) == (EXPIRED, code, "k")


def test_a_guess_leaves_nothing_behind() -> None:
    """An unknown code is refused without a record."""
    town = Town()
    assert rejected(town.redeem("T-222222", "r")) == "code_unknown"
    assert town.events == [] and town.offers == {}


def test_who_redeems_and_who_cancels_at_once_is_decided_by_the_code() -> None:
    """Whichever comes to it first; the other is refused, and points come back only when cancelled."""
    for redeem_first in (True, False):
        town = Town()
        town.claim("ana", "ten-off", "k")
        town.settle()
        code = town.state("ana").claims["k"].code
        town.cancel("ana", "k", "c")
        town.cancel("ana", "k", "d")
        assert cancelled(town, "d") == "claim_cancelled", "another key must not end the first"
        assert core.cancel_view(town.state("ana"), town.now, "c") is None
        if redeem_first:
            town.redeem(code, "r")
        town.settle()
        assert cancelled(town, "c") == ("code_redeemed" if redeem_first else "")
        assert town.state("ana").claims["k"].status == (REDEEMED if redeem_first else CANCELLED)
        assert town.balance("ana") == ((40, 0, 20) if redeem_first else (60, 0, 0))
        assert town.state("offer/ten-off").reserved == (1 if redeem_first else 0)


def test_what_is_not_there_cannot_be_cancelled() -> None:
    """An unknown claim, one under way, one refused, one cancelled."""
    town = Town(wealth=10)
    town.cancel("ana", "k", "c1")
    town.claim("ana", "song", "k")
    town.cancel("ana", "k", "c2")
    town.claim("ana", "mug", "m")
    town.settle()
    town.cancel("ana", "m", "c3")
    town.cancel("ana", "k", "c4")
    town.cancel("ana", "k", "c5")
    assert [cancelled(town, f"c{n}") for n in range(1, 6)] == [
        "claim_unknown",
        "claim_not_issued",
        "claim_not_issued",
        "",
        "claim_cancelled",
    ]
    assert rejected(town.cancel("ana", "m", "c4")) == "key_reused"


def test_codes_are_found_however_they_are_written() -> None:
    """Capitals or not, blanks or not."""
    assert codes.key_of(" t-abc2\n") == codes.key_of("T-ABC2") == "code/T-ABC2"


def test_an_older_members_bytes_are_read() -> None:
    """Before there were claims, a state had five fields."""
    older = member.encode(Member(tier="gold"))
    fields = msgspec.msgpack.decode(older)[:5]
    assert states.decode("ana", msgspec.msgpack.encode(fields)) == Member(tier="gold")


def test_an_unknown_command_is_an_error() -> None:
    """A letter of a newer version must not be taken for nothing."""
    with pytest.raises(ValueError, match="does not know"):
        asked.decode(b"")
