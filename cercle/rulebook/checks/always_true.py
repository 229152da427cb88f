"""Conditions that are always true: `true`, `gift || !gift`, `amount >= money("0 USD")`.

Why: who writes a condition wants to leave something out, and this leaves nothing out.
"""

from cercle.rulebook.checks.conditions_of import conditions_of
from cercle.rulebook.checks.reasoning import always, read, worth_reading
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder


def always_true(folder: Folder, findings: Findings) -> None:
    """Warns of each; of what cannot be known, never."""
    for written in conditions_of(folder):
        if worth_reading(written.text) and always(read(written.text)):
            sentence = "this condition is always true; leave `when` out, or say what must be the case"
            findings.warning(Code.ALWAYS_TRUE, written.place(), sentence)
