"""Multiply rules on an action on which no rule earns points.

Why: a multiplier acts on what the other rules give; where they give nothing, it gives nothing.
"""

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block


def nothing_to_multiply(folder: Folder, findings: Findings) -> None:
    """Warns of each."""
    file = folder.blocks.get("points.yaml")
    rules = file.blocks("rules") if file else []
    earning = {
        rule.get("on")
        for rule in rules
        if isinstance(earn := rule.get("earn"), Block) and earn.get("in", POINTS) == POINTS
    }
    for rule in rules:
        if "multiply" in rule and rule.get("on") not in earning:
            sentence = f"there is nothing to multiply: no rule on `{rule.get('on')}` earns points"
            findings.warning(Code.NOTHING_TO_MULTIPLY, rule.at("multiply"), sentence)
