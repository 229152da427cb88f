"""Cancelling: a claim is taken back, once, as long as its code was not used; points and stock come back.

Where there is a code, its key decides, since a voucher may be redeemed at the same moment. Points are given
back by the points service, which hears ClaimCancelled.
"""

from typing import Union

from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.domain.remembering import REMEMBERED_FOR, forgotten_before, too_old
from services.offers import codes
from services.offers.claims import returned
from services.offers.commands import Cancel, CancelCode, NoteCodeCancelled
from services.offers.events import CancelAsked, CancelRefused, ClaimCancelled, Event
from services.offers.member import (
    CANCELLED,
    CANCELLING,
    ISSUED,
    REDEEMED,
    REFUSED,
    Cancelling,
    Claimed,
    Member,
)

_SWEEP_EVERY = 32
_REDEEMED = "code_redeemed", "the voucher was redeemed already"
_FINAL = {
    REDEEMED: _REDEEMED,
    CANCELLED: ("claim_cancelled", "the claim was cancelled already"),
    CANCELLING: ("claim_cancelled", "the claim is being cancelled, as was asked with another key"),
    REFUSED: ("claim_not_issued", "the claim was refused"),
}

Outcome = Union[Decision[Event], Rejection]


def cancel(member: Member, command: Cancel, now: Instant) -> Outcome:
    """Cancelled, asked of the code's key, or refused. Rejections: `too_old`, `key_reused`."""
    forget_before = forgotten_before(now, member.forget_before)
    if (rejection := too_old(command.issued_at, forget_before)) is not None:
        return rejection
    known = member.cancels.get(command.key)
    if known is not None and (known.issued_at >= forget_before or not known.decided):
        if known.claim == command.claim:
            return Decision()
        return Rejection("key_reused", "the key was used for another request", "key")
    at = max(now, command.issued_at)
    key, issued_at, claim_id = command.key, command.issued_at, command.claim
    claimed = _cancellable(member, claim_id, at)
    if not isinstance(claimed, Claimed):
        return Decision((CancelRefused(key, issued_at, claim_id, *claimed),))
    if claimed.code:
        letter = Letter(codes.key_of(claimed.code), CancelCode(key, command.member, claim_id))
        return Decision((CancelAsked(key, issued_at, claim_id),), letters=(letter,))
    return _cancelled(command.member, key, issued_at, claim_id, claimed, at)


def _cancellable(member: Member, claim_id: str, at: Instant) -> Union[Claimed, tuple[str, str]]:
    """The claim, or (code, sentence) why it cannot be cancelled."""
    claimed = member.claims.get(claim_id)
    if claimed is None:
        if claim_id in member.open:
            return "claim_not_issued", "the claim is not decided yet"
        return "claim_unknown", f"the member has no claim {claim_id}"
    if claimed.status != ISSUED:
        return _FINAL[claimed.status]
    if claimed.valid_until is not None and at >= claimed.valid_until:
        return "code_expired", "the voucher is no longer valid"
    return claimed


def _cancelled(
    member: str, key: str, issued_at: Instant, claim_id: str, claimed: Claimed, at: Instant
) -> Decision[Event]:
    event = ClaimCancelled(key, issued_at, claim_id, claimed.offer, claimed.wallet, claimed.points, at)
    return Decision((event,), letters=returned(member, claim_id, claimed.offer, claimed.cost))


def note_code_cancelled(member: Member, command: NoteCodeCancelled, now: Instant) -> Decision[Event]:
    """The code's key decided."""
    asked, claimed = member.cancels[command.key], member.claims[command.claim]
    if command.redeemed:
        return Decision((CancelRefused(command.key, asked.issued_at, command.claim, *_REDEEMED),))
    at = max(now, asked.issued_at)
    return _cancelled(command.member, command.key, asked.issued_at, command.claim, claimed, at)


CancelEvent = Union[CancelAsked, CancelRefused, ClaimCancelled]


def note(member: Member, event: CancelEvent) -> None:
    """Evolves the claim, and what is remembered of the command, in place."""
    match event:
        case CancelAsked():
            member.claims[event.claim].status = CANCELLING
            _remember(member, event.key, Cancelling(event.issued_at, event.claim, False))
        case CancelRefused():
            claimed = member.claims.get(event.claim)
            known = member.cancels.get(event.key)
            asked = known is not None and not known.decided
            if asked and claimed is not None and claimed.status == CANCELLING:
                claimed.status = ISSUED
            said = Cancelling(event.issued_at, event.claim, True, event.code, event.sentence)
            _remember(member, event.key, said)
        case ClaimCancelled():
            member.claims[event.claim].status = CANCELLED
            _remember(member, event.key, Cancelling(event.issued_at, event.claim, True))


def _remember(member: Member, key: str, said: Cancelling) -> None:
    member.cancels[key] = said
    before = member.forget_before = max(member.forget_before, said.issued_at - REMEMBERED_FOR)
    if len(member.cancels) % _SWEEP_EVERY == 0:
        kept = {k: each for k, each in member.cancels.items() if each.issued_at >= before or not each.decided}
        member.cancels = kept
