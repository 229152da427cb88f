"""What members may claim: what it costs them, how often, and how much of it there is."""

from dataclasses import dataclass

from cercle.rulebook.files.buying import BudgetEntry
from cercle.rulebook.files.offers import ClaimedOffer
from cercle.rulebook.files.vouchers import GeneratedVoucher
from cercle.rulebook.periods import PeriodLimit, period_limit
from cercle.rulebook.scope import Scope
from cercle.rulebook.times import Window
from cercle.rulebook.vouchers import VoucherPattern, build_voucher


@dataclass(frozen=True, slots=True)
class Budget:
    """In minor units of the club's currency: all claims cost at most `total`, and one costs `each`."""

    total: int
    each: int


@dataclass(frozen=True, slots=True)
class Claimable:
    """`price` in points of `wallet`, 0: free. `limit`: for one member, in times. None: without that bound.

    `window`: when it can be claimed; None: always.
    """

    price: int
    wallet: str
    stock: int | None = None
    limit: PeriodLimit | None = None
    budget: Budget | None = None
    voucher: VoucherPattern | None = None
    window: Window | None = None


def build_claim(entry: ClaimedOffer, scope: Scope) -> Claimable:
    """Of an offer that this version acts on."""
    assert scope.zone, "the club is without errors"
    voucher = entry.voucher
    assert voucher is None or isinstance(voucher, GeneratedVoucher), "files of codes are not acted on"
    return Claimable(
        *entry.price,
        stock=entry.stock,
        limit=period_limit(entry.limit),
        budget=_budget(entry.budget),
        voucher=build_voucher(voucher, scope.zone) if voucher else None,
        window=scope.window(entry.during),
    )


def _budget(entry: BudgetEntry | None) -> Budget | None:
    return Budget(entry.total[0], entry.each[0]) if entry else None
