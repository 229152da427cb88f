"""Wallets in which nothing earns.

Why: members see a wallet that stays at zero; usually a rule lacks its `in`. The wallet `points`,
which every club has, may also be filled by hand.
"""

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block


def unused_wallet(folder: Folder, findings: Findings) -> None:
    """Warns of each."""
    file = folder.blocks.get("points.yaml")
    declared = file.get("wallets") if file else None
    if file is None or not isinstance(declared, Block):
        return
    earns = [rule.get("earn") for rule in file.blocks("rules")]
    used = {earn.get("in", POINTS) for earn in earns if isinstance(earn, Block)}
    for name in sorted(declared.keys() - used - {POINTS}):
        sentence = f"nothing earns in the wallet `{name}`; a rule does with `earn: {{points: 5, in: {name}}}`"
        findings.warning(Code.UNUSED_WALLET, declared.key_spots[name].place(), sentence)
