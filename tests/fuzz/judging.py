"""One mutant through the whole check: errors, warnings or a pass, in time; nothing else."""

import json
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from cercle.rulebook.check import check_files
from cercle.rulebook.codes import Severity
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
    """Checks the mutant of that number, and prints what was found of it to nowhere."""
    folder = mutant(number)
    begin = process_time()
    failure, codes = "", frozenset[str]()
    try:
        diagnostics = check_files(folder).diagnostics
        codes = frozenset(each.code for each in diagnostics if each.severity is Severity.ERROR)
        printed = sum(len(str(each).encode()) for each in diagnostics)
        if printed > MOST_PRINTED:
            failure = f"{printed} bytes are printed"
    except Exception:
        failure = traceback.format_exc()
    seconds = process_time() - begin
    if not failure and seconds > MOST_SECONDS:
        failure = f"the check took {seconds:.1f} s of CPU time"
    return Verdict(number, seconds, codes, failure)


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
