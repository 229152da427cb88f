"""A club whose rules this version does not act on in full: `cercle run` wants to be told that it is meant."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.rules import FILES, POINTS
from tests.servers import ROOT, Server

ACTIONS = """\
id,type,member_id,occurred_at,amount,topic
a1,purchase,ana,1998-01-02,20.00 USD,
a2,purchase,ana,1998-01-03,22.90 USD,
a3,answer_given,ana,1998-01-04,,trains
"""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def folder(tmp_path: Path, club: str) -> Path:
    """The town's rules with a cooldown on the rule for karma, and three actions."""
    points = POINTS.replace("    limit:", "    cooldown: 10 minutes\n    limit:")
    for name, text in {**FILES, "points.yaml": points}.items():
        (tmp_path / name).write_text(text.replace("club: town", f"club: {club}"))
    (tmp_path / "actions.csv").write_text(ACTIONS)
    return tmp_path


def run(folder: Path, kafka: Server, store: Server, *options: str) -> subprocess.CompletedProcess[str]:
    """`cercle run FOLDER` on these servers."""
    servers = ["--kafka", kafka.address, "--redis", store.address]
    line = ["run", str(folder), "--partitions", "1", "--json", *servers, *options]
    return subprocess.run(
        [sys.executable, "-m", "services.console", *line],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_club_with_what_is_inactive_runs_only_if_that_is_accepted(
    folder: Path, kafka: Server, redis_server: Server
) -> None:
    """Refused with the line and what to type; accepted, the services serve, and the rule gives nothing."""
    refused = run(folder, kafka, redis_server)
    assert refused.returncode == 1
    assert "`cooldown: 10 minutes`" in refused.stderr
    assert "--accept-inactive" in refused.stderr
    assert "Traceback" not in refused.stderr

    accepted = run(folder, kafka, redis_server, "--accept-inactive")
    assert accepted.returncode == 0, accepted.stderr
    found = json.loads(accepted.stdout)
    assert found["emitted"] == {"answer_given": 1, "purchase": 2}
    assert {each["wallet"]: each["available"] for each in found["card"]["balances"]} == {"points": 42}
