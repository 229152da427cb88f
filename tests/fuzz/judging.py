"""One mutant through the whole check: errors, warnings or a pass, in time; nothing else.

What passes is played as well: its scenarios may fail, and may not raise.
"""

import json
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from cercle.rulebook.codes import Severity
from cercle.rulebook.diagnostics import Diagnostic
from services.console.checking import check_club
from services.console.diagnosing import as_github, as_json, as_rich, printable
from services.console.scenarios import run_scenarios
from tests.fuzz.mutants import ROOT, mutant

MOST_SECONDS = 2.0
"""CPU time of the check of one mutant."""
MOST_PRINTED = 5_000_000
"""Characters of all that is printed about one mutant."""
FAILED = ROOT / ".cache" / "fuzz-rules"


@dataclass(frozen=True)
class Verdict:
    """`failure` is empty for a mutant that was judged well. `codes`: of the errors that were found."""

    number: int
    seconds: float
    codes: frozenset[str]
    failure: str = ""


def judge(number: int) -> Verdict:
    """Checks the mutant of that number, prints what was found to nowhere, and plays it if it is sound."""
    folder = mutant(number)
    begin = process_time()
    failure, codes = "", frozenset[str]()
    try:
        checked = check_club(folder)
        codes = frozenset(each.code for each in checked.diagnostics if each.severity is Severity.ERROR)
        printed = sum(map(_printed, checked.diagnostics))
        if not codes and checked.rulebook is not None:
            assert run_scenarios(folder, checked.rulebook).errors == ()
        if printed > MOST_PRINTED:
            failure = f"{printed} bytes are printed"
    except Exception:
        failure = traceback.format_exc()
    seconds = process_time() - begin
    if not failure and seconds > MOST_SECONDS:
        failure = f"the check took {seconds:.1f} s of CPU time"
    return Verdict(number, seconds, codes, failure)


def _printed(diagnostic: Diagnostic) -> int:
    """Bytes of it as people read it; in its other forms it must be writable, too."""
    plain = printable(str(diagnostic))
    assert plain.split() == as_rich(diagnostic).plain.split()[: len(plain.split())]
    json.dumps(as_json(diagnostic)).encode()
    as_github(diagnostic, ROOT).encode()
    return len(plain.encode())


def keep(verdict: Verdict) -> Path:
    """Saves a mutant that failed, to be looked at."""
    FAILED.mkdir(parents=True, exist_ok=True)
    path = FAILED / f"{verdict.number}.json"
    text = json.dumps({"failure": verdict.failure, "files": mutant(verdict.number)}, indent=1)
    path.write_text(text, encoding="utf-8")
    return path


def tell(verdict: Verdict) -> None:
    """Prints a failure, and how to see it again."""
    print(f"mutant {verdict.number}: {verdict.failure}\n  saved in {keep(verdict)}", file=sys.stderr)
    print(f"  again: python -m tests.fuzz --first {verdict.number} --count 1", file=sys.stderr)
