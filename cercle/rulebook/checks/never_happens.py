"""What waits for something that never happens: for tiers, badges or segments in a club that has none.

Why: the file that the rule counts on was forgotten, or taken away since. (A name that the file
lacks is an error.)
"""

from collections.abc import Iterator

from cercle.rulebook.checks.conditions_of import Written, conditions_of
from cercle.rulebook.checks.reasoning import Claim, cases, read
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared, declared_in
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_WHERE = {"tiers": "tiers.yaml", "badges": "badges.yaml", "segments": "segments.yaml"}
_TRIGGERS = {"tier_changed": "tiers", "badge_unlocked": "badges"}
_TERMS = {"member.tier": "tiers", "member.badges": "badges", "member.segments": "segments"}


def never_happens(folder: Folder, findings: Findings) -> None:
    """Warns of each `on`, and of each condition that needs what there is none of."""
    lacking = frozenset(_lacking(declared_in(folder)))
    if not lacking:
        return
    for _, block in folder.mappings:
        _check_trigger(block, lacking, findings)
    for written in conditions_of(folder):
        _check_condition(written, lacking, findings)


def _lacking(declared: Declared) -> Iterator[str]:
    known = {"tiers": declared.tiers, "badges": declared.badges, "segments": declared.segments}
    for noun, names in known.items():
        if names is not None and not names:
            yield noun


def _check_trigger(block: Block, lacking: frozenset[str], findings: Findings) -> None:
    trigger = block.get("on")
    noun = _TRIGGERS.get(trigger, "") if isinstance(trigger, str) else ""
    if noun in lacking:
        sentence = f"`{trigger}` never happens: the club has no {noun}; they are written in `{_WHERE[noun]}`"
        findings.warning(Code.NEVER_TRUE, block.at("on"), sentence)


def _check_condition(written: Written, lacking: frozenset[str], findings: Findings) -> None:
    if "member" not in written.text:
        return
    needs = [_needs(case, lacking) for case in cases(read(written.text)) or ()]
    if needs and all(needs) and (first := needs[0]):
        claim, noun = first
        place = written.place(claim.offset, claim.length)
        start = f"{written.subject} can never apply: `{claim.text}` is never true"
        sentence = f"{start}, since the club has no {noun}; they are written in `{_WHERE[noun]}`"
        findings.warning(Code.NEVER_TRUE, place, sentence)


def _needs(case: tuple[object, ...], lacking: frozenset[str]) -> tuple[Claim, str] | None:
    """A claim of the case that asks for one of them by name."""
    for claim in case:
        if isinstance(claim, Claim) and claim.sign in ("==", "in", "holds") and all(claim.values):
            noun = _TERMS.get(claim.term.replace(" ", ""), "")
            if noun in lacking:
                return claim, noun
    return None
