"""Claims: a member takes an offer, for points or free, and gets all of it or nothing.

A claim is a saga of steps, those that its offer needs: HOLD its points (a call of the points service),
RESERVE one at the offer's key (a letter), CAPTURE the points (a call), REGISTER a code at the code's own
key (a letter). Each is done once, whatever is repeated: calls by their id, letters by themselves. What
was done is undone when a later step is refused. Paid before there is a code, so that no code is ever free.
"""

from collections.abc import Iterator, Sequence
from typing import Union

import msgspec

from cercle.domain.decision import MINUTE, SECOND, Call, Decision, Instant, Letter, Rejection
from cercle.domain.keys import OFFER
from cercle.domain.remembering import forgotten_before, too_old
from cercle.rulebook import Claimable, Rulebook, code_from
from services.offers import codes, stock
from services.offers.claimed import bounded
from services.offers.commands import (
    Claim,
    NoteAnswer,
    NoteRedeemed,
    NoteRegistered,
    NoteStock,
    Register,
    Reserve,
    Unreserve,
)
from services.offers.events import (
    CAPTURE,
    HOLD,
    REGISTER,
    RELEASE,
    RESERVE,
    ClaimAdvanced,
    ClaimCodeTaken,
    ClaimIssued,
    ClaimOpened,
    ClaimRefused,
    ClaimReleased,
    ClaimRetried,
    Event,
    Pattern,
    Terms,
    VoucherRedeemed,
)
from services.offers.member import CANCELLED, REFUSED, Member, Open

_FIRST_RETRY, _LONGEST_RETRY = 5 * SECOND, 5 * MINUTE
_CALLS = (HOLD, CAPTURE, RELEASE)
_SENTENCES = {
    stock.OUT_OF_STOCK: "nothing is left of the offer",
    stock.BUDGET_SPENT: "the offer's budget is spent",
}

Outcome = Union[Decision[Event], Rejection]


class AskPoints(msgspec.Struct, frozen=True):
    """What a claim asks of the points service, in its `step`: to hold, capture or release its points."""

    member: str
    claim: str
    step: str
    wallet: str
    points: int
    issued_at: Instant


# ---- deciding -------------------------------------------------------------------------


def claim(member: Member, command: Claim, rules: Rulebook, now: Instant) -> Outcome:
    """Opened, or refused at once; the same claim again joins the first.

    Rejections: `too_old`, `key_reused`.
    """
    forget_before = forgotten_before(now, member.forget_before)
    if (rejection := too_old(command.issued_at, forget_before)) is not None:
        return rejection
    known = _known(member, command.key, forget_before)
    if known is not None:
        if known == command.offer:
            return Decision()
        return Rejection("key_reused", "the key was used for another claim", "key")
    # As asked, if that is later: `now` lags behind the sender's clock while the partition catches up.
    at = max(now, command.issued_at)
    offer = rules.offers.offers.get(command.offer)
    claimable = offer.claim if offer else None
    if claimable is None:
        return _refused_at_once(command, "offer_unknown", f"the club has no offer {command.offer!r} to claim")
    if why := _forbidden(member, command.offer, claimable, rules, at):
        return _refused_at_once(command, *why)
    return _opened(command, claimable, rules, at, now)


def _known(member: Member, key: str, forget_before: Instant) -> Union[str, None]:
    """The offer of a claim with this id; None: there is none."""
    decided = member.claims.get(key)
    if decided is not None and (decided.status != REFUSED or decided.issued_at >= forget_before):
        return decided.offer
    under_way = member.open.get(key)
    return under_way.terms.offer if under_way is not None else None


def _refused_at_once(command: Claim, code: str, sentence: str) -> Decision[Event]:
    return Decision((ClaimRefused(command.key, command.issued_at, command.offer, code, sentence, 0),))


def _forbidden(
    member: Member, offer: str, claimable: Claimable, rules: Rulebook, at: Instant
) -> Union[tuple[str, str], None]:
    """(code, sentence) why the member cannot have one now."""
    if claimable.window is not None and not claimable.window.contains(at):
        return "not_available_now", "the offer cannot be claimed at this time"
    limit = claimable.limit
    if limit is not None and limit.times is not None:
        had = _had(member, offer, rules.club.period_start(limit.per, at))
        if had >= limit.times:
            return "limit_reached", f"a member may have it {limit.times} times per {limit.per}"
    return None


def _had(member: Member, offer: str, since: Instant) -> int:
    """The member's claims of the offer that were opened since then, without those that came to nothing."""
    decided = sum(
        each.offer == offer and each.opened_at >= since and each.status not in (REFUSED, CANCELLED)
        for each in member.claims.values()
    )
    return decided + sum(
        each.terms.offer == offer and each.terms.opened_at >= since and each.step != RELEASE
        for each in member.open.values()
    )


def _opened(
    command: Claim, claimable: Claimable, rules: Rulebook, at: Instant, now: Instant
) -> Decision[Event]:
    voucher, budget = claimable.voucher, claimable.budget
    terms = Terms(
        member=command.member,
        offer=command.offer,
        opened_at=at,
        wallet=claimable.wallet,
        price=claimable.price,
        stock=claimable.stock,
        budget=budget.total if budget else None,
        each=budget.each if budget else 0,
        voucher=Pattern(voucher.prefix, voucher.length, voucher.suffix) if voucher else None,
        valid_until=voucher.valid_until(at) if voucher else None,
        seed=command.seed if voucher else b"",
    )
    step = next(_steps(terms), "")
    opened = ClaimOpened(command.key, command.issued_at, terms, step, _retry_at(step, now))
    if not step:
        return Decision((opened, ClaimIssued(command.key, "", at)))
    return Decision((opened,), letters=_letters(command.key, terms, step, 0))


def note_answer(member: Member, command: NoteAnswer, now: Instant) -> Decision[Event]:
    """A step at the points service was done, or refused for good. What is answered again changes nothing."""
    under_way = member.open.get(command.claim)
    if under_way is None or under_way.step != command.step:
        return Decision()
    if command.step == RELEASE:
        return Decision((ClaimReleased(command.claim),))
    if not command.code:
        return _advanced(command.claim, under_way, now)
    code, sentence = command.code, command.sentence
    if command.step == HOLD:
        return Decision((_refusal(command.claim, under_way, code, sentence, 0),))
    refusal = _refusal(command.claim, under_way, code, sentence, 0)
    terms = under_way.terms
    cost = terms.each if bounded(terms) else -1
    return Decision((refusal,), letters=returned(terms.member, command.claim, terms.offer, cost))


def returned(member: str, claim_id: str, offer: str, cost: int) -> tuple[Letter, ...]:
    """The letter that gives back what the offer's key counts for the claim; `cost` -1: nothing."""
    return (Letter(OFFER + offer, Unreserve(member, claim_id, cost)),) if cost >= 0 else ()


def note_stock(member: Member, command: NoteStock, now: Instant) -> Decision[Event]:
    """The offer's key answered: go on, or give the points back and be refused."""
    under_way = member.open[command.claim]
    if not command.code:
        return _advanced(command.claim, under_way, now)
    retry_at = _retry_at(RELEASE, now) if under_way.terms.price else 0
    sentence = _SENTENCES[command.code]
    return Decision((_refusal(command.claim, under_way, command.code, sentence, retry_at),))


def note_registered(member: Member, command: NoteRegistered, now: Instant) -> Decision[Event]:
    """The code's key answered: the offer is the member's, or another code is to be made."""
    under_way = member.open[command.claim]
    if command.taken:
        return Decision((ClaimCodeTaken(command.claim, now),))
    code = _code(under_way.terms, under_way.attempt)
    return Decision((ClaimIssued(command.claim, code, max(now, under_way.terms.opened_at)),))


def note_redeemed(command: NoteRedeemed) -> Decision[Event]:
    """The code's key tells that it was used."""
    return Decision((VoucherRedeemed(command.claim, command.redeemed_at),))


def retried(member: Member, now: Instant) -> Decision[Event]:
    """What is due asks again: calls by themselves, since the state still needs them; codes by letter."""
    events: list[Event] = []
    letters: list[Letter] = []
    for claim_id, under_way in member.open.items():
        if not 0 < under_way.retry_at <= now:
            continue
        tries = under_way.tries + 1
        if under_way.step == REGISTER:
            events.append(ClaimRetried(claim_id, tries, 0))
            letters += _letters(claim_id, under_way.terms, REGISTER, under_way.attempt)
        else:
            events.append(ClaimRetried(claim_id, tries, now + _pause(tries)))
    return Decision(tuple(events), letters=tuple(letters))


def _advanced(claim_id: str, under_way: Open, now: Instant) -> Decision[Event]:
    terms, done = under_way.terms, under_way.step
    steps = list(_steps(terms))
    step = (*steps, "")[steps.index(done) + 1]
    if not step:
        return Decision((ClaimIssued(claim_id, "", max(now, terms.opened_at)),))
    advanced = ClaimAdvanced(claim_id, done, step, _retry_at(step, now))
    return Decision((advanced,), letters=_letters(claim_id, terms, step, 0))


def _steps(terms: Terms) -> Iterator[str]:
    """What the offer needs, in this order."""
    if terms.price:
        yield HOLD
    if bounded(terms):
        yield RESERVE
    if terms.price:
        yield CAPTURE
    if terms.voucher:
        yield REGISTER


def _letters(claim_id: str, terms: Terms, step: str, attempt: int) -> tuple[Letter, ...]:
    """What a step tells another key; nothing, for a step that is a call."""
    if step == RESERVE:
        reserve = Reserve(terms.member, claim_id, terms.stock, terms.budget, terms.each)
        return (Letter(OFFER + terms.offer, reserve),)
    if step == REGISTER:
        code = _code(terms, attempt)
        return (
            Letter(
                codes.key_of(code), Register(code, terms.member, claim_id, terms.offer, terms.valid_until)
            ),
        )
    return ()


def _refusal(claim_id: str, under_way: Open, code: str, sentence: str, retry_at: Instant) -> ClaimRefused:
    return ClaimRefused(claim_id, under_way.issued_at, under_way.terms.offer, code, sentence, retry_at)


def _retry_at(step: str, now: Instant) -> Instant:
    return now + _FIRST_RETRY if step in _CALLS else 0


def _pause(tries: int) -> int:
    return min(_FIRST_RETRY << min(tries, 10), _LONGEST_RETRY)


# ---- what a member's state asks, and shows ----------------------------------------------


def calls(member: Member) -> Sequence[Call]:
    """What claims still have to ask of the points service: each by its own id, for ever the same."""
    return [
        Call(f"{claim_id}/{each.step}", _ask(claim_id, each.step, each.terms))
        for claim_id, each in member.open.items()
        if each.step in _CALLS
    ]


def _ask(claim_id: str, step: str, terms: Terms) -> AskPoints:
    return AskPoints(terms.member, claim_id, step, terms.wallet, terms.price, terms.opened_at)


def next_retry(member: Member) -> Union[Instant, None]:
    """When the next claim asks again; None: none does."""
    return min((each.retry_at for each in member.open.values() if each.retry_at), default=None)


def _code(terms: Terms, attempt: int) -> str:
    assert terms.voucher, "only an offer with a voucher registers a code"
    return code_from(terms.voucher, terms.seed, attempt)
