"""Files made to take a machine down: the real command answers with errors, soon, in little memory."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import ROOT
from tests.wrong_files import SOUND

MOST_BYTES = 1_000_000_000
"""Of address space: several times what the check of a sound club maps, most of it libraries."""
MOST_SECONDS = 3.0
"""CPU time of the whole command, of which starting Python is a good part."""

LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
MERGES = "a0: &a0 {x: y}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 200))
RULE = "rules:\n  - {{id: r, on: purchase, earn: {{points: 1}}, when: '{}'}}\n"
BOMBS = {
    "a billion laughs": LAUGHS,
    "merged keys of merged keys": MERGES,
    "an alias of itself": "rules: &a [*a]\n",
    "brackets in each other": "rules: " + "[" * 500_000,
    "braces in each other": "{a: " * 300_000,
    "lists in each other": "rules:\n  " + "- " * 500_000 + "x\n",
    "keys further and further right": "".join(f"{' ' * n}a{n}:\n" for n in range(1_500)),
    "a line of ten megabytes": "rules: " + "x" * 9_999_000,
    "more than is read of a file": "rules: " + "x" * 12_000_000,
    "a list of a million entries": "rules: [" + "x," * 950_000 + "]",
    "a million keys": "".join(f"k{n}: 1\n" for n in range(150_000)),
    "a thousand rules without end": "rules:\n" + "  - {id: r, on: [\n" * 1_000,
    "a number of a million digits": RULE.format("discs > " + "9" * 1_000_000),
    "a condition in brackets": RULE.format("(" * 400_000 + "gift" + ")" * 400_000),
    "a condition of a million parts": RULE.format(" || ".join(["gift"] * 200_000)),
    "lists of lists in a condition": RULE.format("items.all(a, " * 400 + "true" + ")" * 400),
    "a text of a million quotes": "rules: " + '"' * 1_900_001,
}


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_bomb_takes_the_machine_down(bomb: str, tmp_path: Path) -> None:
    """Status 1, a screenful of errors, no traceback; within a limit of memory and of time."""
    for name, text in {**SOUND, "points.yaml": BOMBS[bomb]}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "services.console", "rules", "check", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=_limit,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert (done.returncode, done.stderr) == (1, "")
    assert "points.yaml:" in done.stdout
    assert " error R0" in done.stdout
    assert len(done.stdout) < 5_000_000
    assert spent < MOST_SECONDS, (spent, time.monotonic() - begin)
