"""What becomes of a member's claims: under way, issued, refused, redeemed. See claims.py, which decides."""

from typing import Union

from cercle.domain.remembering import REMEMBERED_FOR
from services.offers.events import (
    RELEASE,
    ClaimAdvanced,
    ClaimCodeTaken,
    ClaimIssued,
    ClaimOpened,
    ClaimRefused,
    ClaimReleased,
    ClaimRetried,
    Terms,
    VoucherRedeemed,
)
from services.offers.member import ISSUED, REDEEMED, REFUSED, Claimed, Member, Open

_SWEEP_EVERY = 32

ClaimEvent = Union[
    ClaimOpened,
    ClaimAdvanced,
    ClaimRetried,
    ClaimCodeTaken,
    ClaimIssued,
    ClaimRefused,
    ClaimReleased,
    VoucherRedeemed,
]


def note(member: Member, event: ClaimEvent) -> None:
    """Evolves claims in place."""
    match event:
        case ClaimOpened():
            member.claims.pop(event.claim, None)  # Refused long ago, under the same id.
            member.open[event.claim] = Open(event.issued_at, event.terms, event.step, event.retry_at)
        case ClaimAdvanced():
            under_way = member.open[event.claim]
            under_way.step, under_way.retry_at, under_way.tries = event.step, event.retry_at, 0
        case ClaimRetried():
            under_way = member.open[event.claim]
            under_way.tries, under_way.retry_at = event.tries, event.retry_at
        case ClaimCodeTaken():
            under_way = member.open[event.claim]
            under_way.attempt += 1
            under_way.retry_at = event.retry_at
        case ClaimIssued():
            member.claims[event.claim] = _issued(member.open.pop(event.claim), event)
        case ClaimRefused():
            _note_refused(member, event)
        case ClaimReleased():
            del member.open[event.claim]
        case VoucherRedeemed():
            claimed = member.claims[event.claim]
            claimed.status, claimed.redeemed_at = REDEEMED, event.redeemed_at


def _issued(under_way: Open, event: ClaimIssued) -> Claimed:
    terms = under_way.terms
    return Claimed(
        ISSUED,
        under_way.issued_at,
        terms.offer,
        at=event.issued_at,
        opened_at=terms.opened_at,
        wallet=terms.wallet,
        points=terms.price,
        cost=terms.each if bounded(terms) else -1,
        code=event.code,
        valid_until=terms.valid_until,
    )


def _note_refused(member: Member, event: ClaimRefused) -> None:
    if event.retry_at:
        under_way = member.open[event.claim]
        under_way.step, under_way.retry_at, under_way.tries = RELEASE, event.retry_at, 0
    else:
        member.open.pop(event.claim, None)
    refused = Claimed(REFUSED, event.issued_at, event.offer, refusal=event.code, sentence=event.sentence)
    member.claims[event.claim] = refused
    before = member.forget_before = max(member.forget_before, event.issued_at - REMEMBERED_FOR)
    if len(member.claims) % _SWEEP_EVERY == 0:
        member.claims = {
            key: each
            for key, each in member.claims.items()
            if each.status != REFUSED or each.issued_at >= before or key in member.open
        }


def bounded(terms: Terms) -> bool:
    """Whether the offer's key counts the claim."""
    return terms.stock is not None or terms.budget is not None
