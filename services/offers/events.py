"""What happens to offers: mirrors the events of cercle.offers.v1.

A claim's events are of three keys: the member's, the offer's (its stock), the voucher code's.
"""

from typing import Union

import msgspec

from cercle.domain.action import ActionAccepted
from cercle.domain.decision import Instant
from cercle.domain.metrics import MetricCounted

HOLD, RESERVE, CAPTURE, REGISTER, RELEASE = "hold", "reserve", "capture", "register", "release"
"""The steps of a claim: what it waits for. RELEASE: it is refused, and its points are held still."""


class OfferIssued(msgspec.Struct, frozen=True):
    """An offer was given to the member.

    `on`: badge_unlocked, tier_changed or an action type. `reason`: the badge and its level
    joined by "/", the tier, or the action's id. `number` counts the member's issues of
    this offer, from 1.
    """

    offer: str
    on: str
    reason: str
    number: int
    issued_at: Instant


class BadgeNoted(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge, as the badges service told it."""

    badge: str
    level: str


class TierNoted(msgspec.Struct, frozen=True):
    """The member's tier, as the badges service told it."""

    tier: str


# ---- claims, at the member ------------------------------------------------------------


class Pattern(msgspec.Struct, frozen=True, array_like=True):
    """What a voucher's code looks like: `length` letters and digits between two texts."""

    prefix: str
    length: int
    suffix: str


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """What the rules said of the offer when `member` claimed it, at `opened_at`: it holds to the end.

    `price` in points of `wallet`. `stock`: how many there are, `budget`: what all claims may cost,
    in minor units; None: no bound. `each`: what one costs, 0 without a budget. `voucher` None: no
    code. `valid_until` None: for ever. `seed`: what codes are made from.
    """

    member: str
    offer: str
    opened_at: Instant
    wallet: str
    price: int
    stock: Union[int, None]
    budget: Union[int, None]
    each: int
    voucher: Union[Pattern, None]
    valid_until: Union[Instant, None]
    seed: bytes


class ClaimOpened(msgspec.Struct, frozen=True):
    """A member claimed an offer. `claim` is its id: the key of the command, `issued_at` when it was asked.

    `step`: what it waits for; empty: nothing. `retry_at`: when it asks again if no answer comes;
    0: a letter, which always comes.
    """

    claim: str
    issued_at: Instant
    terms: Terms
    step: str
    retry_at: Instant


class ClaimAdvanced(msgspec.Struct, frozen=True):
    """A claim's step was `done`; now it waits for `step`, see ClaimOpened."""

    claim: str
    done: str
    step: str
    retry_at: Instant


class ClaimRetried(msgspec.Struct, frozen=True):
    """A claim asks again, for the `tries`th time in this step."""

    claim: str
    tries: int
    retry_at: Instant


class ClaimCodeTaken(msgspec.Struct, frozen=True):
    """The code that a claim made is another claim's; it makes the next one at `retry_at`."""

    claim: str
    retry_at: Instant


class ClaimIssued(msgspec.Struct, frozen=True):
    """A claim is complete: the member has the offer. `code` is empty without a voucher."""

    claim: str
    code: str
    issued_at: Instant


class ClaimRefused(msgspec.Struct, frozen=True):
    """A claim came to nothing. `issued_at`: when it was asked. `retry_at`: 0 unless points are still held.

    Codes: offer_unknown, not_available_now, limit_reached, insufficient_points, out_of_stock,
    budget_spent, hold_lapsed, and what the points service refuses a hold with.
    """

    claim: str
    issued_at: Instant
    offer: str
    code: str
    sentence: str
    retry_at: Instant


class ClaimReleased(msgspec.Struct, frozen=True):
    """The points of a refused claim are held no more."""

    claim: str


class CancelAsked(msgspec.Struct, frozen=True):
    """Somebody wants a claim cancelled; its code's key decides."""

    key: str
    issued_at: Instant
    claim: str


class CancelRefused(msgspec.Struct, frozen=True):
    """A claim stays as it is.

    Codes: claim_unknown, claim_not_issued, claim_cancelled, code_redeemed, code_expired.
    """

    key: str
    issued_at: Instant
    claim: str
    code: str
    sentence: str


class ClaimCancelled(msgspec.Struct, frozen=True):
    """A claim was taken back: the points service gives `points` back to `wallet`."""

    key: str
    issued_at: Instant
    claim: str
    offer: str
    wallet: str
    points: int
    cancelled_at: Instant


class VoucherRedeemed(msgspec.Struct, frozen=True):
    """The code of a claim was redeemed."""

    claim: str
    redeemed_at: Instant


# ---- at the offer's key ---------------------------------------------------------------


class StockReserved(msgspec.Struct, frozen=True):
    """One of the offer is the claim's; it costs the club `cost`, in minor units."""

    member: str
    claim: str
    cost: int


class StockRefused(msgspec.Struct, frozen=True):
    """Nothing is left for the claim. Codes: out_of_stock, budget_spent."""

    member: str
    claim: str
    code: str


class StockReturned(msgspec.Struct, frozen=True):
    """What was the claim's is there for others."""

    member: str
    claim: str
    cost: int


# ---- at the code's key ----------------------------------------------------------------


class CodeRegistered(msgspec.Struct, frozen=True):
    """The code is the claim's. `valid_until` None: for ever."""

    code: str
    member: str
    claim: str
    offer: str
    valid_until: Union[Instant, None]


class CodeRefused(msgspec.Struct, frozen=True):
    """What a claim asked of the code cannot be. Codes: code_taken, code_redeemed."""

    member: str
    claim: str
    code: str


class CodeRedeemed(msgspec.Struct, frozen=True):
    """The code was used, by the command with this key."""

    key: str
    issued_at: Instant
    redeemed_at: Instant


class RedeemRefused(msgspec.Struct, frozen=True, array_like=True):
    """The code cannot be used. Codes: code_redeemed, code_cancelled, code_expired."""

    key: str
    issued_at: Instant
    code: str
    sentence: str


class CodeCancelled(msgspec.Struct, frozen=True):
    """The code's claim was cancelled; it can no more be used."""

    key: str


MemberEvent = Union[
    ActionAccepted,
    MetricCounted,
    OfferIssued,
    BadgeNoted,
    TierNoted,
    ClaimOpened,
    ClaimAdvanced,
    ClaimRetried,
    ClaimCodeTaken,
    ClaimIssued,
    ClaimRefused,
    ClaimReleased,
    CancelAsked,
    CancelRefused,
    ClaimCancelled,
    VoucherRedeemed,
]
StockEvent = Union[StockReserved, StockRefused, StockReturned]
CodeEvent = Union[CodeRegistered, CodeRefused, CodeRedeemed, RedeemRefused, CodeCancelled]
Event = Union[MemberEvent, StockEvent, CodeEvent]
