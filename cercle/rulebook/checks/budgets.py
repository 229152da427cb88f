"""Offers that may cost without end: no stock, budget, limit, pool, seats or last day.

Why: a price can be a slip, and an offer can be passed on in a forum overnight. What members are
given for a badge or a tier is bounded by these.
"""

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_BOUNDS = ("stock", "budget", "limit", "invite")
_GIVEN_ONCE = frozenset(("badge_unlocked", "tier_changed", "member_joined", "birthday"))


def budget_without_end(folder: Folder, findings: Findings) -> None:
    """Warns of each."""
    file = folder.blocks.get("offers.yaml")
    for offer in file.blocks("offers") if file else ():
        if "price" in offer and not _ends(offer):
            sentence = (
                "nothing bounds what this offer may cost; add `stock`, `limit`, `budget`, or a last day with "
                "`during: {until: 2026-12-24}`"
            )
            findings.warning(Code.BUDGET_WITHOUT_END, offer.at("price"), sentence)


def _ends(offer: Block) -> bool:
    issue, during, voucher = offer.get("issue"), offer.get("during"), offer.get("voucher")
    return (
        any(bound in offer for bound in _BOUNDS)
        or (isinstance(during, Block) and "until" in during)
        or (isinstance(voucher, Block) and "pool" in voucher)
        or (isinstance(issue, Block) and str(issue.get("on")) in _GIVEN_ONCE)
    )
