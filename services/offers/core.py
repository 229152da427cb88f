"""The law of offers: an offer is given on an occasion that the rules name, and once given it stays;
or it is claimed, and then the member gets all of it or nothing.

`decide` reads only, `evolve` is the only place where a state changes. Pure: `now` is an
argument, and the same events give the same state to the byte.
"""

from collections.abc import Mapping, Sequence
from typing import Union

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import Action, ActionAccepted
from cercle.domain.badges import with_badge
from cercle.domain.decision import Call, Decision, Instant, Rejection
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import MemberFacts, Rulebook
from services.offers import cancelling, claimed, claims, codes, issuing, stock
from services.offers.commands import (
    Cancel,
    CancelCode,
    Claim,
    Command,
    DoDueWork,
    Hear,
    NoteAction,
    NoteAnswer,
    NoteCodeCancelled,
    NoteRedeemed,
    NoteRegistered,
    NoteStock,
    Redeem,
    Register,
    Reserve,
    Unreserve,
)
from services.offers.events import (
    BadgeNoted,
    CancelAsked,
    CancelRefused,
    ClaimCancelled,
    CodeCancelled,
    CodeRedeemed,
    CodeRefused,
    CodeRegistered,
    Event,
    MemberEvent,
    OfferIssued,
    RedeemRefused,
    StockRefused,
    StockReserved,
    StockReturned,
    TierNoted,
)
from services.offers.member import Issued, Member
from services.offers.states import State

__all__ = ["View", "calls", "cancel_view", "claim_view", "decide", "due_at", "evolve", "new", "ranks", "view"]

Outcome = Union[Decision[Event], Rejection]


def new() -> Member:
    """A member nobody has heard of."""
    return Member()


def decide(state: State, command: Command, rules: Rulebook, now: Instant) -> Outcome:
    """What the command brings about, at the key whose state it is for.

    Rejections: `late`, `future` (of an action), `too_old`, `key_reused`, `code_unknown` (of what is asked).
    """
    match command:
        case Reserve() | Unreserve():
            assert isinstance(state, stock.Stock)
            return stock.decide(state, command)
        case Register() | CancelCode() | Redeem():
            assert isinstance(state, codes.Code)
            return codes.decide(state, command, now)
        case _:
            assert isinstance(state, Member)
            return _decide_member(state, command, rules, now)


def _decide_member(member: Member, command: Command, rules: Rulebook, now: Instant) -> Outcome:
    match command:
        case NoteAction():
            return note_action(member, command.action, rules)
        case Hear():
            return Decision(tuple(issuing.hear(member, command.notes, rules)))
        case Claim():
            return claims.claim(member, command, rules, now)
        case NoteAnswer():
            return claims.note_answer(member, command, now)
        case NoteStock():
            return claims.note_stock(member, command, now)
        case NoteRegistered():
            return claims.note_registered(member, command, now)
        case NoteRedeemed():
            return claims.note_redeemed(command)
        case Cancel():
            return cancelling.cancel(member, command, now)
        case NoteCodeCancelled():
            return cancelling.note_code_cancelled(member, command, now)
        case DoDueWork():
            return claims.retried(member, now)
        case _:
            raise ValueError(f"not a member's to decide: {command!r:.80}")


def note_action(member: Member, action: Action, rules: Rulebook) -> Union[Decision[Event], Rejection]:
    """No effect at all in a club whose offers concern no action; else judged as in every service."""
    if not rules.offers.concern_actions:
        return Decision()
    verdict = seen.judge(member.seen, action, rules.club.lateness)
    if isinstance(verdict, Rejection):
        return verdict
    if verdict == "duplicate":
        return Decision()
    joined_at = seen.joined_at(member.seen, action.occurred_at)
    facts, counted = metrics.observe(
        member.metrics,
        rules.offers.metrics,
        rules.club,
        action,
        MemberFacts(tier=member.tier, badges=member.badges, joined_at=joined_at),
        verdict.forget_before,
    )
    issued = issuing.issue(member, issuing.on_action(action), facts, rules.offers)
    return Decision((verdict, *counted, *issued))


def evolve(state: State, event: Event) -> State:
    """Changes `state` in place and answers it."""
    match event:
        case StockReserved() | StockRefused() | StockReturned():
            assert isinstance(state, stock.Stock)
            return stock.evolve(state, event)
        case CodeRegistered() | CodeRefused() | CodeRedeemed() | RedeemRefused() | CodeCancelled():
            assert isinstance(state, codes.Code)
            return codes.evolve(state, event)
        case _:
            assert isinstance(state, Member)
            return _evolve_member(state, event)


def _evolve_member(member: Member, event: MemberEvent) -> Member:
    match event:
        case ActionAccepted():
            seen.note(member.seen, event)
        case MetricCounted():
            metrics.note(member.metrics, event)
        case OfferIssued():
            member.issued.append(Issued(event.offer, event.issued_at, event.on, event.reason))
        case BadgeNoted():
            member.badges = with_badge(member.badges, event.badge, event.level)
        case TierNoted():
            member.tier = event.tier
        case CancelAsked() | CancelRefused() | ClaimCancelled():
            cancelling.note(member, event)
        case _:
            claimed.note(member, event)
    return member


def due_at(state: State) -> Union[Instant, None]:
    """When this key next needs a visit: where a claim must ask again."""
    return claims.next_retry(state) if isinstance(state, Member) else None


def calls(state: State) -> Sequence[Call]:
    """What must still be asked of the points service."""
    return claims.calls(state) if isinstance(state, Member) else ()


def ranks(state: State) -> Mapping[str, int]:
    """The member's score on each leaderboard: offers have none."""
    return {}


class View(msgspec.Struct, frozen=True):
    """What a reader sees: the offers, newest first."""

    offers: tuple[issuing.OfferView, ...]


def view(state: State, rules: Rulebook, language: str, now: Instant) -> View:
    """The member's offers in `language` (empty: the club's first), by the rulebook of `now`."""
    assert isinstance(state, Member)
    return View(issuing.view(state, rules.offers, language, now))


class ClaimView(msgspec.Struct, frozen=True):
    """A claim that is decided. `status`: as of OfferView, or refused, and then `refusal` says why."""

    offer: str
    status: str
    code: str
    valid_until: Union[Instant, None]
    refusal: str
    sentence: str


def claim_view(state: State, now: Instant, claim: str) -> Union[ClaimView, None]:
    """What became of the claim; None: it is under way."""
    assert isinstance(state, Member)
    one = state.claims.get(claim)
    if one is None:
        return None
    status = issuing.status_of(one, now)
    return ClaimView(one.offer, status, one.code, one.valid_until, one.refusal, one.sentence)


class CancelView(msgspec.Struct, frozen=True):
    """What was said to a Cancel: `code` is empty when it was done, and the points come back to the wallet."""

    offer: str
    code: str
    sentence: str
    points: int
    wallet: str


def cancel_view(state: State, now: Instant, key: str) -> Union[CancelView, None]:
    """What was said to the Cancel with this key; None: nothing yet."""
    assert isinstance(state, Member)
    said = state.cancels.get(key)
    if said is None or not said.decided:
        return None
    if said.code:
        return CancelView("", said.code, said.sentence, 0, "")
    one = state.claims[said.claim]
    return CancelView(one.offer, "", "", one.points, one.wallet)
