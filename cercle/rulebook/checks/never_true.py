"""Conditions that contradict themselves: `discs > 5 && discs < 3`, `channel == "web" && channel == "app"`.

Why: such a rule looks as if it gave something, and members ask for what it promises. Usually `||`
was meant, or a number slipped.
"""

from cercle.rulebook.checks.conditions_of import Written, conditions_of
from cercle.rulebook.checks.reasoning import Claim, cases, clash, read, worth_reading
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder


def never_true(folder: Folder, findings: Findings) -> None:
    """Warns where no case of a condition can be."""
    for written in conditions_of(folder):
        found = cases(read(written.text)) if worth_reading(written.text) else None
        if found is None:
            continue
        clashes = [clash(case) for case in found]
        if all(clashes):
            _warn(written, clashes[0] if clashes else (), findings)


def _warn(written: Written, claims: tuple[Claim, ...], findings: Findings) -> None:
    start = f"{written.subject} can never apply: "
    if not claims:
        findings.warning(Code.NEVER_TRUE, written.place(), start + "its condition is false")
    elif len(claims) == 1:
        place = written.place(claims[0].offset, claims[0].length)
        findings.warning(Code.NEVER_TRUE, place, f"{start}`{claims[0].text}` is never true")
    else:
        one, other = sorted(claims, key=lambda claim: claim.offset)
        sentence = f"{start}`{one.text}` and `{other.text}` are never true together"
        findings.warning(Code.NEVER_TRUE, written.place(other.offset, other.length), sentence)
