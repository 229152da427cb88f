"""Where a club is found, what the rejected list shows, how errors are said."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from cercle.domain.decision import Rejection
from cercle.runtime.rejected import rejected_record
from cercle.runtime.store import NotReady
from cercle.runtime.topics import TopicsError
from services.console.__main__ import app
from services.console.addresses import Running, find_settings, running_clubs
from services.console.commands.rejected import entries
from services.console.errors import CommandError
from services.console.processes import last_lines
from services.console.sentences import sentence


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and no CERCLE_* of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CERCLE_")]:
        monkeypatch.delenv(name)


def served(club: str = "records", pid: int | None = None) -> Running:
    """A club that `cercle up` serves, written down."""
    running = Running(club, "clubs/x", "h:1", "redis://h:2/0", False, {}, os.getpid() if pid is None else pid)
    running.write()
    return running


def test_club_that_runs_here_is_found() -> None:
    """With its servers; what is typed or in the environment wins."""
    served()
    settings = find_settings(None)
    assert (settings.club, settings.kafka, settings.redis) == ("records", "h:1", "redis://h:2/0")
    assert settings.idempotent is False
    assert find_settings(None, kafka="other:3").kafka == "other:3"


def test_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over what `cercle up` wrote."""
    served()
    monkeypatch.setenv("CERCLE_KAFKA", "mine:9")
    assert find_settings("records").kafka == "mine:9"


def test_club_whose_server_is_gone_does_not_run() -> None:
    """A file left behind by a kill -9 misleads nobody."""
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    served(pid=gone)
    assert running_clubs() == []
    with pytest.raises(CommandError, match="cercle up"):
        find_settings(None)


def test_which_club_must_be_clear() -> None:
    """One of several must be named, and one that is not here is not guessed at."""
    served()
    served("cafe")
    with pytest.raises(CommandError, match="cafe, records"):
        find_settings(None)
    with pytest.raises(CommandError, match="books does not run here, only cafe, records"):
        find_settings("books")


def refused(offset: int, at: int, code: str = "late") -> Any:
    """A record of the rejected topic."""
    record: Any = SimpleNamespace(
        topic="cercle.c.actions",
        partition=1,
        offset=offset,
        timestamp=at,
        key=b"k",
        value=b"\xff",
        headers=[],
    )
    entry = rejected_record(record, Rejection(code, "Because.", "f"))
    return SimpleNamespace(value=entry.value, headers=entry.headers, timestamp=entry.timestamp)


def test_rejected_are_listed_once_and_in_order() -> None:
    """A repeat of the same place is the same input."""
    found = entries([refused(9, 30), refused(7, 20), refused(9, 30), refused(8, 20)])
    assert [(each.at, each.entry.offset) for each in found] == [(20, 7), (20, 8), (30, 9)]
    assert found[0].entry.value == b"\xff"


@pytest.mark.parametrize(
    "error",
    [
        CommandError("Do this."),
        TopicsError("Do this."),
        NotReady(),
        FileNotFoundError(2, "No such file", "x"),
    ],
)
def test_error_is_a_sentence(error: Exception) -> None:
    """That ends as one."""
    assert sentence(error).endswith(".")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (grpc.StatusCode.UNAVAILABLE, "does not answer now (because): see that it runs"),
        (grpc.StatusCode.INVALID_ARGUMENT, "refused: because (INVALID_ARGUMENT)."),
    ],
)
def test_refused_call_says_why(status: grpc.StatusCode, said: str) -> None:
    """What a service answered, and whether asking again helps."""

    class Refused(grpc.RpcError):  # type: ignore[misc]
        def details(self) -> str:
            return "because"

        def code(self) -> grpc.StatusCode:
            return status

    assert said in sentence(Refused())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["member", "ana"], "No club runs here"),
        (["verify", "pts"], "there are points, badges, offers"),
        (["rebuild", "points"], "--partition"),
        (["run", "nowhere"], "club.yaml"),
        (["emit", "records", "-"], "does not run here"),
        (["rules", "publish", "nowhere"], "club.yaml"),
        (["member", "x" * 129], "128 characters"),
    ],
)
def test_command_that_cannot_do_it_says_what_to_do(line: list[str], said: str) -> None:
    """One sentence on standard error, status 1, never a traceback."""
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_end_of_a_log_is_what_matters(tmp_path: Path) -> None:
    """Warnings, errors and tracebacks; only a log without any is shown as it is."""
    log = tmp_path / "points.log"
    quiet = '{"event": "all is well", "level": "info"}'
    log.write_text(quiet + "\n")
    assert "all is well" in last_lines(log)
    log.write_text(f'{quiet}\n{{"event": "lost", "level": "error", "partition": 3}}\nTraceback: x\n{quiet}\n')
    assert last_lines(log).splitlines()[1:] == ["  error lost partition=3", "  Traceback: x"]
    assert "(empty)" in last_lines(tmp_path / "none.log")
