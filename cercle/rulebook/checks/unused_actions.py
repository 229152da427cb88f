"""Actions that are declared, and that nothing uses.

Why: brands send them and members get nothing for them; or the rule that was to use them is
missing. An action that takes back another is used by that; so is one that a scenario does, and the
purchase that a referral waits for where it says no other.
"""

from cercle.rulebook.built_in import REFERRAL
from cercle.rulebook.checks.words_of import words_of
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.actions import ActionsFile
from cercle.rulebook.files.earning import PURCHASE
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block


def unused_action(folder: Folder, findings: Findings, done: frozenset[str]) -> None:
    """Warns of each whose name stands nowhere else. `done`: what members do in scenarios."""
    file = folder.of(ActionsFile)
    declared = file.block["actions"] if file else None
    if not isinstance(declared, Block):
        return
    used = words_of(folder, without=("actions.yaml",))
    if _waits_for_purchase(folder):
        used |= {PURCHASE}
    for name in sorted(declared.keys() - used - done):
        entry = declared[name]
        if not (isinstance(entry, Block) and "reverses" in entry):
            sentence = (
                f"nothing uses the action `{name}`: no rule, metric, badge or offer is about it; "
                "write one, or take the action out"
            )
            findings.warning(Code.UNUSED_ACTION, declared.key_spots[name].place(), sentence)


def _waits_for_purchase(folder: Folder) -> bool:
    """Whether a rule on a referral leaves `after` out."""
    file = folder.blocks.get("points.yaml")
    referrals = [rule for rule in (file.blocks("rules") if file else ()) if rule.get("on") == REFERRAL]
    return any(isinstance(earn := rule.get("earn"), Block) and "after" not in earn for rule in referrals)
