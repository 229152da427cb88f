"""`python -m tests.parts [PART...]`: the parts of `make test`, with the time of each beside its budget.

Every part is run even when one before it failed. The last line is `N passed, N failed`, summed
over the parts that are tests; the exit status is 1 when anything failed. Times are kept in
.cache/test-times.json.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from tests.servers import ROOT, containers, fetch_jars

CACHE = ROOT / ".cache"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Part:
    """Commands, and tests by folder or file, that are timed together. What another part names it leaves.

    `beside`: the part that it runs with: it starts no servers, and waits for nothing. `abreast`: its
    files are run two at a time, each half with servers of its own, since they mostly wait.
    """

    name: str
    budget_seconds: int
    commands: tuple[tuple[str, ...], ...] = ()
    tests: tuple[str, ...] = ()
    beside: str = ""
    abreast: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a part went. `ok` is also false when a command failed or pytest could not run."""

    seconds: float
    passed: int
    failed: int
    skipped: int
    ok: bool


RULES = (
    "tests/fuzz",
    "tests/properties/test_shuffled_rules_laws.py",
    "tests/unit/console/test_console_explain.py",
    "tests/unit/console/test_console_scenarios.py",
    "tests/unit/console/test_console_scenarios_errors.py",
    "tests/unit/console/test_error_pages.py",
    "tests/unit/rulebook/test_mistakes.py",
    "tests/unit/rulebook/test_rulebook_md.py",
    "tests/unit/rulebook/test_rules_page.py",
    "tests/unit/rulebook/test_schema.py",
)
"""The language from outside: its pages, examples and scenarios, and files that are nothing of it."""

PARTS = (
    Part(
        "lint",
        60,
        (
            ("ruff", "check", "."),
            ("ruff", "format", "--check", "."),
            ("mypy", "cercle", "services", "protos", "tests"),
        ),
    ),
    Part("architecture", 30, (("lint-imports",),), ("tests/architecture",)),
    Part("unit and properties", 90, tests=("tests/unit", "tests/properties")),
    Part("rules", 60, tests=RULES, beside="unit and properties"),
    Part("contract", 60, tests=("tests/contract",)),
    Part("integration", 150, tests=("tests/integration",), abreast=True),
    Part("kills and e2e", 150, tests=("tests/e2e",), abreast=True),
    Part("simulation", 90, tests=("tests/simulation",), beside="contract"),
)


_ABREAST = ["--numprocesses=2", "--dist=loadfile"]


def main(wanted: list[str]) -> int:
    """Runs the parts named, or all; gives the exit status."""
    CACHE.mkdir(exist_ok=True)
    if not containers():
        fetch_jars()
    begin = time.monotonic()
    outcomes = run_all([part for part in PARTS if not wanted or part.name in wanted])
    keep(outcomes)
    show(outcomes, time.monotonic() - begin)
    failed = [name for name, outcome in outcomes.items() if not outcome.ok]
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    passed = sum(outcome.passed for outcome in outcomes.values())
    print(f"{passed} passed, {sum(outcome.failed for outcome in outcomes.values())} failed", flush=True)
    return 1 if failed else 0


def run_all(parts: Sequence[Part]) -> dict[str, Outcome]:
    """One after another; but a part `beside` another runs with it, and prints when both are done."""
    outcomes: dict[str, Outcome] = {}
    with ThreadPoolExecutor() as threads:
        for part in parts:
            if part.name in outcomes:
                continue
            besides = [other for other in parts if other.beside == part.name]
            with TemporaryDirectory() as folder:
                files = [Path(folder, other.name) for other in besides]
                waiting = [threads.submit(run, *pair) for pair in zip(besides, files, strict=True)]
                outcomes[part.name] = run(part)
                for other, file, one in zip(besides, files, waiting, strict=True):
                    outcomes[other.name] = one.result()
                    sys.stdout.write(file.read_text(encoding="utf-8"))
    return outcomes


def run(part: Part, file: Path | None = None) -> Outcome:
    """Runs one part; what it prints goes to `file`, if there is one."""
    if file is None:
        return _run(part, sys.stdout)
    with file.open("w", encoding="utf-8") as out:
        return _run(part, out)


def _run(part: Part, out: TextIO) -> Outcome:
    print(f"\n== {part.name}", file=out, flush=True)
    begin = time.monotonic()
    done = [succeeds([str(BIN / command[0]), *command[1:]], out) for command in part.commands]
    ok = all(done)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if part.tests:
        report = CACHE / f"junit-{part.name.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        options = [f"--junitxml={report}", "--durations=5", "--continue-on-collection-errors"]
        options += _ABREAST if part.abreast else []
        ok &= succeeds([sys.executable, "-m", "pytest", *options, *left(part), *part.tests], out)
        counts = count(report)
    return Outcome(time.monotonic() - begin, **counts, ok=ok and not counts["failed"])


def left(part: Part) -> list[str]:
    """The options for pytest to leave what another part names within this one's folders."""
    others = [test for other in PARTS if other is not part for test in other.tests]
    return [f"--ignore={test}" for test in others if test.startswith(tuple(f"{own}/" for own in part.tests))]


def succeeds(command: list[str], out: TextIO) -> bool:
    """Runs a command from the project's folder, printing to `out`."""
    return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT).returncode == 0


def count(report: Path) -> dict[str, int]:
    """Tests by outcome, from a JUnit report: an error counts as failed, a missing report as one failed."""
    if not report.exists():
        return {"passed": 0, "failed": 1, "skipped": 0}
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, errors, failures, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "errors", "failures", "skipped")
    )
    return {
        "passed": max(total - errors - failures - skipped, 0),
        "failed": errors + failures,
        "skipped": skipped,
    }


def keep(outcomes: dict[str, Outcome]) -> None:
    """Writes the times for whoever compares runs."""
    budgets = {part.name: part.budget_seconds for part in PARTS}
    times = {
        name: {"seconds": round(outcome.seconds, 1), "budget_seconds": budgets[name], "ok": outcome.ok}
        for name, outcome in outcomes.items()
    }
    (CACHE / "test-times.json").write_text(json.dumps(times, indent=2) + "\n")


def show(outcomes: dict[str, Outcome], seconds: float) -> None:
    """The table of times; `seconds` in all, which is less than their sum."""
    table = Table("part", *("seconds", "budget", "passed", "failed", "skipped"), title="make test")
    for part in PARTS:
        if part.name not in outcomes:
            continue
        outcome = outcomes[part.name]
        style = "red" if not outcome.ok else "yellow" if outcome.seconds > part.budget_seconds else None
        numbers = (
            f"{outcome.seconds:.1f}",
            part.budget_seconds,
            outcome.passed,
            outcome.failed,
            outcome.skipped,
        )
        table.add_row(part.name, *(str(number) for number in numbers), style=style)
    budget = sum(part.budget_seconds for part in PARTS if part.name in outcomes)
    table.add_row("all", f"{seconds:.1f}", str(budget), style="bold")
    Console().print(table)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
