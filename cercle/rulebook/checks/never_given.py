"""Offers and contests that cost points of a wallet in which nothing earns.

Why: nobody ever has enough for them. Points that agents give by hand count as a way to have some.
"""

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block


def never_given(folder: Folder, findings: Findings) -> None:
    """Warns at each price."""
    earned = _earned(folder)
    offers = folder.blocks.get("offers.yaml")
    if earned is None or offers is None:
        return
    for offer in offers.blocks("offers"):
        _check(offer, earned, f"nobody can take `{offer.get('id')}`", findings)
    for contest in offers.blocks("contests"):
        if isinstance(enter := contest.get("enter"), Block):
            _check(enter, earned, f"nobody can enter `{contest.get('id')}`", findings)


def _earned(folder: Folder) -> frozenset[object] | None:
    """The wallets that rules or agents put points in; None: that cannot be known."""
    file = folder.blocks.get("points.yaml")
    if file is None:
        return None if "points.yaml" in folder.blocks else frozenset()
    earns = [rule.get("earn") for rule in file.blocks("rules")]
    by_hand = {POINTS} if "goodwill" in file else set()
    return frozenset({earn.get("in", POINTS) for earn in earns if isinstance(earn, Block)} | by_hand)


def _check(block: Block, earned: frozenset[object], start: str, findings: Findings) -> None:
    price = block.get("price")
    wallet = price.rpartition(" ")[2] if isinstance(price, str) and " " in price else ""
    if wallet and wallet not in earned:
        sentence = f"{start}: it costs `{price}`, and no rule earns in the wallet `{wallet}`"
        findings.warning(Code.NEVER_GIVEN, block.at("price"), sentence)
