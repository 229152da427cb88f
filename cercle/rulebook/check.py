"""A whole folder judged in one go: every error and every warning, in the order of files and lines."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cercle.rulebook.checks.inactive import inactive
from cercle.rulebook.checks.lints import OF_ENTRIES, OF_THE_WHOLE
from cercle.rulebook.checks.unused_actions import unused_action
from cercle.rulebook.compile import Rulebook, read_rulebook
from cercle.rulebook.diagnostics import Diagnostic, Findings
from cercle.rulebook.files.scenarios import ScenariosFile
from cercle.rulebook.folder import TEST_ENDING, Folder
from cercle.rulebook.text.reader import read_file
from cercle.rulebook.text.source import Block, Items
from cercle.rulebook.validation.validate import validate

_DO = re.compile(r"""\bdo:\s*["']?([a-z0-9][a-z0-9_-]*)""")


@dataclass(frozen=True)
class Checked:
    """`rulebook` None: there are errors. `rules`: how many entries with an id there are, right or wrong."""

    rulebook: Rulebook | None
    diagnostics: tuple[Diagnostic, ...]
    rules: int


def check_files(files: Mapping[str, str]) -> Checked:
    """File names to texts, judged. Never raises: what is wrong is among the diagnostics."""
    findings = Findings()
    folder = Folder(files, findings)
    rulebook = read_rulebook(folder, findings)
    _warn(folder, OF_ENTRIES, findings)
    if not findings.errors:
        _warn(folder, OF_THE_WHOLE, findings)
        unused_action(folder, findings, _done_in_scenarios(files))
    findings.warnings += inactive(folder) if rulebook is None else rulebook.inactive
    _check_scenarios(files, findings)
    found = sorted({*findings.errors, *findings.warnings})
    return Checked(rulebook, tuple(found), sum(map(_entries, folder.blocks.values())))


def _warn(folder: Folder, lints: tuple[Callable[[Folder, Findings], None], ...], findings: Findings) -> None:
    for lint in lints:
        lint(folder, findings)


def _check_scenarios(files: Mapping[str, str], findings: Findings) -> None:
    """Their shape; what they say of the rules is judged by what plays them."""
    for name, text in sorted(files.items()):
        if name.endswith(TEST_ENDING):
            block = read_file(name, text, findings)
            if block is not None:
                validate(block, ScenariosFile, findings)


def _done_in_scenarios(files: Mapping[str, str]) -> frozenset[str]:
    """The actions that scenarios name, in whatever shape they are."""
    texts = (text for name, text in files.items() if name.endswith(TEST_ENDING))
    return frozenset(action for text in texts for action in _DO.findall(text))


def _entries(block: Block | None) -> int:
    """Those of the lists of a file (rules, achievements, offers...)."""
    lists = [each for each in (block or {}).values() if isinstance(each, Items)]
    return sum("id" in entry for items in lists for entry in items if isinstance(entry, Block))
