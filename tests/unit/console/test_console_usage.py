"""What a mistyped command line is told."""

import subprocess
import sys

import pytest

from tests.servers import ROOT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["verify"], "Missing argument"),
        (["rules", "nonsense"], "No such command 'nonsense'"),
        (["rules", "publish"], "Missing argument"),
        (["rules", "publish", "no-such-club"], "no-such-club"),
        (["run", "--partitions", "0"], "--partitions"),
        (["run", "no-such-club"], "no-such-club"),
    ],
)
def test_mistyped_command_is_told_what_is_wrong(arguments: list[str], said: str) -> None:
    """A sentence, the usage where it helps, a status other than 0, and no traceback."""
    ended = subprocess.run(
        [sys.executable, "-m", "services.console", *arguments],
        cwd=ROOT,
        env={"PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "should not have happened" not in ended.stderr
