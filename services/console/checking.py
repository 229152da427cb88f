"""Everything that is wrong in a club's files: the rules, and the scenarios against the rules."""

from collections.abc import Mapping
from dataclasses import replace

from cercle.rulebook.check import Checked, check_files
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import TEST_ENDING
from services.console.scenarios.catalogue import names
from services.console.scenarios.reading import read_scenarios


def check_club(files: Mapping[str, str]) -> Checked:
    """File names to texts, judged; what scenarios say of the rules, as far as the rules are sound."""
    checked = check_files(files)
    if checked.rulebook is None or not any(name.endswith(TEST_ENDING) for name in files):
        return checked
    findings = Findings()
    read_scenarios(files, checked.rulebook, names(files, checked.rulebook), findings)
    return replace(checked, diagnostics=tuple(sorted({*checked.diagnostics, *findings.errors})))
