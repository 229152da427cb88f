"""What must hold of the crossing club's claims at rest: all or nothing, and never more than there is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cercle.domain.keys import CODE, OFFER
from services.offers.codes import key_of
from services.offers.events import (
    CancelAsked,
    CancelRefused,
    ClaimCancelled,
    ClaimIssued,
    ClaimOpened,
    ClaimRefused,
    ClaimReleased,
    CodeCancelled,
    CodeRedeemed,
    CodeRegistered,
    StockRefused,
    StockReserved,
    StockReturned,
    Terms,
    VoucherRedeemed,
)
from services.points.events import Captured, GivenBack, Held, Released
from tests.simulation.crossing_rules import BOUNDED, CLAIMABLE, MOST_OF_ONE_MEMBER, TERMS, WITH_VOUCHER

Happened = Mapping[str, Sequence[Any]]


class Claims:
    """Of one member: what was opened, issued, refused, cancelled, by claim."""

    def __init__(self, events: Sequence[Any]) -> None:
        self.opened = {each.claim: each for each in _of(events, ClaimOpened)}
        self.issued = {each.claim: each for each in _of(events, ClaimIssued)}
        self.refused = {each.claim: each for each in _of(events, ClaimRefused)}
        self.cancelled = {each.claim: each for each in _of(events, ClaimCancelled)}
        for kind in (ClaimOpened, ClaimIssued, ClaimRefused, ClaimReleased, ClaimCancelled, VoucherRedeemed):
            claims = [each.claim for each in _of(events, kind)]
            assert len(set(claims)) == len(claims), f"{kind.__name__} twice, in {claims}"
        asked = {each.key for each in _of(events, CancelAsked)}
        assert asked <= {each.key for each in _of(events, CancelRefused, ClaimCancelled)}, "a cancel is open"


def check(of_points: Happened, of_offers: Happened) -> None:
    """All laws of all claims."""
    members = {key: Claims(events) for key, events in of_offers.items() if not key.startswith((OFFER, CODE))}
    for member, claims in members.items():
        check_ends(member, claims)
        check_paid(claims, of_points.get(member, ()))
        check_limit(member, of_offers[member])
    check_stock(of_offers, members)
    check_codes(of_offers, members)


def _of(events: Sequence[Any], *kinds: type) -> "list[Any]":
    return [event for event in events if isinstance(event, kinds)]


def check_ends(member: str, claims: Claims) -> None:
    """No claim is open: each was issued or refused, and only what was issued was cancelled."""
    ended = [*claims.issued, *claims.refused]
    assert len(set(ended)) == len(ended), f"{member} has a claim that was issued and refused"
    assert claims.opened.keys() <= set(ended), f"{member} has an open claim"
    for each in claims.opened.values():
        terms = each.terms
        assert (terms.offer, terms.price, terms.stock, terms.budget) in TERMS, f"no version says {terms}"
    assert claims.issued.keys() <= claims.opened.keys() and claims.cancelled.keys() <= claims.issued.keys()


def check_paid(claims: Claims, events: Sequence[Any]) -> None:
    """Who has it paid its price once; who was refused paid nothing and has nothing held; who cancelled
    has it back, once."""
    captured = Counter((each.hold, each.points) for each in _of(events, Captured))
    held = {each.hold for each in _of(events, Held)}
    closed = {each.hold for each in _of(events, Captured, Released)}
    for claim, opened in claims.opened.items():
        price, hold = opened.terms.price, f"{claim}/hold"
        paid = {hold: price} if claim in claims.issued and price else {}
        took = {each: points for (each, points), times in captured.items() if each == hold and times == 1}
        assert took == paid, f"{claim} paid {took}, not {paid}"
        assert hold not in held or hold in closed, f"the points of {claim} are still held"
    given_back = Counter((each.claim, each.points) for each in _of(events, GivenBack))
    owed = Counter({(each.claim, each.points): 1 for each in claims.cancelled.values() if each.points})
    assert given_back == owed, f"given back: {given_back}, not {owed}"
    for claim, each in claims.cancelled.items():
        assert each.points == claims.opened[claim].terms.price


def check_limit(member: str, events: Sequence[Any]) -> None:
    """At no moment more than one member may have, those under way among them."""
    has: dict[str, str] = {}
    for event in events:
        match event:
            case ClaimOpened():
                has[event.claim] = event.terms.offer
            case ClaimRefused() | ClaimCancelled():
                has.pop(event.claim, None)
        for offer, most in MOST_OF_ONE_MEMBER.items():
            assert list(has.values()).count(offer) <= most, f"{member} has too many of {offer}"


def check_stock(of_offers: Happened, members: "Mapping[str, Claims]") -> None:
    """Never more than stock and budget of the claim's own version; in the end exactly what members have."""
    terms = {claim: each.terms for claims in members.values() for claim, each in claims.opened.items()}
    have = Counter(
        terms[claim].offer
        for claims in members.values()
        for claim in claims.issued.keys() - claims.cancelled.keys()
    )
    for offer in CLAIMABLE:
        reserved: set[str] = set()
        ever: set[str] = set()
        for event in of_offers.get(OFFER + offer, ()):
            match event:
                case StockReserved():
                    assert event.claim not in ever, f"{event.claim} has two of {offer}"
                    assert _left(terms[event.claim], reserved), f"more of {offer} than there is"
                    reserved.add(event.claim)
                    ever.add(event.claim)
                case StockReturned():
                    assert event.claim in reserved, f"{event.claim} returns what it has not"
                    reserved.remove(event.claim)
                case StockRefused():
                    assert not _left(terms[event.claim], reserved), f"{event.claim} was refused what was left"
        must = have[offer] if offer in BOUNDED else 0
        assert len(reserved) == must, f"{offer}: {reserved}, and members have {must}"


def _left(terms: Terms, reserved: "set[str]") -> bool:
    """Whether there is one more."""
    in_stock = terms.stock is None or len(reserved) < terms.stock
    return in_stock and (terms.budget is None or (len(reserved) + 1) * terms.each <= terms.budget)


def check_codes(of_offers: Happened, members: "Mapping[str, Claims]") -> None:
    """Each code is one claim's, used once or cancelled; and members know what became of it."""
    owners: dict[str, str] = {}
    redeemed: set[str] = set()
    cancelled: set[str] = set()
    for key, events in of_offers.items():
        if key.startswith(CODE):
            registered = _of(events, CodeRegistered)
            used, ended = _of(events, CodeRedeemed), _of(events, CodeCancelled)
            assert len(registered) <= 1 and len(used) + len(ended) <= 1, f"{key}: {events}"
            owners |= {key: registered[0].claim} if registered else {}
            redeemed |= {each.claim for each in registered if used}
            cancelled |= {each.claim for each in registered if ended}
    with_code = {
        key_of(each.code): claim
        for claims in members.values()
        for claim, each in claims.issued.items()
        if claims.opened[claim].terms.offer == WITH_VOUCHER
    }
    assert owners == with_code, f"codes belong to {owners}, members have {with_code}"
    of_members = {c for claims in members.values() for c in claims.cancelled if c in with_code.values()}
    assert cancelled == of_members, "cancelled here and not there"
    known = {each.claim for events in of_offers.values() for each in _of(events, VoucherRedeemed)}
    assert redeemed == known, "redeemed, and the member was not told"
