"""docs/rules/tutorial.md, as a newcomer follows it: every file is written, every command is typed."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers import ROOT

PAGE = ROOT / "docs" / "rules" / "tutorial.md"
LEAD_SECONDS = 3
PATIENCE_SECONDS = 120.0

pytestmark = pytest.mark.timeout(300)

Step = tuple[str, str]
"""What the fence says after its three backticks, and what is in it."""


def steps() -> list[Step]:
    """Every example of the page, in its order."""
    page = PAGE.read_text(encoding="utf-8")
    return [(match[1], match[2]) for match in re.finditer(r"^```([^\n]+)\n(.*?)^```$", page, re.M | re.S)]


class Newcomer:
    """Somebody at an empty folder, with `cercle` on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._appended: dict[str, str] = {}
        self._background: list[subprocess.Popen[bytes]] = []
        binaries = folder / "bin"
        binaries.mkdir()
        command = binaries / "cercle"
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m services.console "$@"\n')
        command.chmod(0o755)
        given = {name: value for name, value in os.environ.items() if not name.startswith("CERCLE_")}
        self._environment = {
            **given,
            "PATH": f"{binaries}:{given['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CERCLE_LEAD_SECONDS": str(LEAD_SECONDS),
        }

    def follow(self, how: str, text: str) -> str:
        """Does one step of the page; answers what was printed."""
        kind, *words = how.split()
        if kind == "yaml":
            self._write(words[0], text, again="again" in words)
            return ""
        assert kind == "sh", how
        if words == ["background"]:
            self._start(text)
            return ""
        if words == ["after", "the", "lead"]:
            time.sleep(LEAD_SECONDS + 1)
        return self._type(text, fails=words == ["fails"])

    def _write(self, file: str, text: str, again: bool) -> None:
        path = self.folder / file
        before = path.read_text(encoding="utf-8")
        if again:
            assert before.endswith(self._appended[file]), f"{file} does not end as the page left it"
            before = before.removesuffix(self._appended[file])
        self._appended[file] = text
        path.write_text(before + text, encoding="utf-8")

    def _type(self, text: str, fails: bool) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", text],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, printed
        assert "Traceback" not in printed
        return printed

    def _start(self, text: str) -> None:
        """In the second terminal, until it serves."""
        log = self.folder / "second-terminal"
        with log.open("wb") as out:
            process = subprocess.Popen(
                shlex.split(text), cwd=self.folder, env=self._environment, stdout=out, stderr=out
            )
        self._background.append(process)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while "Serving until" not in log.read_text(errors="replace"):
            assert process.poll() is None and time.monotonic() < give_up, log.read_text(errors="replace")
            time.sleep(0.1)

    def leave(self) -> None:
        """Ctrl-C in the second terminal."""
        for process in self._background:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_a_newcomer_writes_tests_and_publishes_a_club_from_the_tutorial_alone(tmp_path: Path) -> None:
    """Every step does what the page says, and prints what it shows, to the member's card at the end."""
    newcomer = Newcomer(tmp_path)
    printed = ""
    shown = 0
    try:
        for how, text in steps():
            if how == "text":
                assert text in printed
                shown += 1
            else:
                printed = newcomer.follow(how, text)
    finally:
        newcomer.leave()
    assert shown >= 3
    assert "52" in printed
