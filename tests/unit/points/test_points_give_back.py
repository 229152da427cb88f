"""What was paid for an offer comes back when the offers service cancels the claim."""

from cercle.rulebook import compile_rulebook
from cercle.wire import offers_pb2
from services.points import core, ledger, wire
from services.points.commands import GiveBack
from services.points.events import Captured, Earned, GivenBack, Grant, Held
from services.points.member import new
from tests.integration.rules import FILES

RULES = compile_rulebook(FILES)


def test_hears_a_cancelled_claim_that_was_paid_for() -> None:
    """A free one gives nothing back; nothing else of offers matters here."""

    def told(**event: object) -> object:
        decision = offers_pb2.Decision(events=[offers_pb2.Event(**event)])  # type: ignore[arg-type]
        return wire.heard("offers", decision.SerializeToString())

    paid = offers_pb2.Event(
        claim_cancelled={"claim": "c1", "wallet": "points", "points": 50, "cancelled_at_ms": 7}  # type: ignore[arg-type]
    ).claim_cancelled
    assert told(claim_cancelled=paid) == GiveBack("c1", "points", 50, 7)
    paid.points = 0
    assert told(claim_cancelled=paid) is None
    assert told(tier_noted={"tier": "gold"}) is None


def test_what_was_redeemed_is_available_again() -> None:
    """From the club's account back to the member's, and the postings sum to zero."""
    member = new()
    for event in (
        Earned("points", (Grant("r", 80, 80),), 1, ledger.earned(80)),
        Held("h", 1, "h", "points", 50, 10, ledger.held(50)),
        Captured("c", 2, "h", "points", 50, ledger.captured(50)),
    ):
        core.evolve(member, event)
    decision = core.decide(member, GiveBack("c1", "points", 50, 3), RULES, 3)
    (back,) = decision.events  # type: ignore[union-attr]
    assert isinstance(back, GivenBack) and sum(posting.points for posting in back.postings) == 0
    core.evolve(member, back)
    balances = member.wallet("points")
    assert (balances.available, balances.held, balances.redeemed) == (80, 0, 0)
