"""`cercle rules check` and `cercle rules schema`: what is printed, for whom, and with which exit status."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import process_time

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from cercle.rulebook.check import check_files
from cercle.rulebook.codes import Code, Severity
from cercle.rulebook.diagnostics import Diagnostic, Place
from cercle.rulebook.files import FILES
from services.console.__main__ import app
from services.console.diagnosing import as_github, as_rich
from services.console.reading import LARGEST, read_folder
from tests.servers import ROOT

RECORDS = ROOT / "clubs" / "records"
WRONG = """\
rules:
  - id: large
    on: purchse
    earn: {points: 5}
    limt: {times: 1, per: day}
"""


@pytest.fixture
def club(tmp_path: Path) -> Path:
    """A sound club's folder, to be broken."""
    folder = tmp_path / "records"
    folder.mkdir()
    for name in FILES:
        if (RECORDS / name).exists():
            shutil.copy(RECORDS / name, folder)
    return folder


def _run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(app, ["rules", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_a_sound_club_is_told_in_one_line(club: Path) -> None:
    """What was looked at, and exit status 0."""
    result = _run("check", club)
    assert (result.exit_code, result.stdout) == (0, "6 files, 3 rules: no errors\n")


def test_errors_are_plain_where_no_terminal_is(club: Path) -> None:
    """Each exactly as the diagnostic says itself, in order, then the summary; exit status 1."""
    (club / "points.yaml").write_text(WRONG)
    found = check_files(read_folder(club).files).diagnostics
    result = _run("check", club)
    assert result.exit_code == 1
    assert result.stdout == "".join(f"{each}\n" for each in found) + "2 errors in 6 files\n"
    assert [each.code for each in found] == [Code.UNKNOWN_ACTION, Code.UNKNOWN_KEY]


def test_warnings_fail_only_if_strict(club: Path) -> None:
    """Exit status 0, and with --strict 1; the summary counts both kinds."""
    with (club / "actions.yaml").open("a") as stream:
        stream.write("  visit: {fields: {shop: text}}\n")
    assert _run("check", club).exit_code == 0
    result = _run("check", club, "--strict")
    assert result.exit_code == 1
    assert result.stdout.endswith("6 files, 3 rules: no errors, 1 warning\n")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{at: 2026-03-02 10:00, membr: ana, do: purchase}", "all_test.yaml:4:32: error R0203"),
        ("{at: 2026-03-02 10:00, member: ana, do: purchse}", "did you mean `purchase`?"),
    ],
)
def test_scenarios_are_checked_with_the_rules(club: Path, step: str, said: str) -> None:
    """Their shape, and what they say of the rules; each mistake once."""
    (club / "all_test.yaml").write_text(f"scenarios:\n  - name: a story\n    steps:\n      - {step}\n")
    result = _run("check", club)
    assert result.exit_code == 1
    assert said in result.stdout
    assert result.stdout.count("all_test.yaml:") == result.stdout.count(" error R0")
    lines = result.stdout.splitlines()
    assert len(lines) == len(set(lines))


def test_what_only_a_scenario_does_is_used(club: Path) -> None:
    """An action that a story needs is not told to be unused."""
    with (club / "actions.yaml").open("a") as stream:
        stream.write("  visit: {fields: {shop: text}}\n")
    step = "{at: 2026-03-02 10:00, member: ana, do: visit, shop: north}"
    (club / "all_test.yaml").write_text(f"scenarios:\n  - name: a story\n    steps:\n      - {step}\n")
    assert _run("check", club, "--strict").exit_code == 0


def test_json_is_one_list_of_objects(club: Path) -> None:
    """Nothing else on standard output; an empty list for a sound club."""
    assert json.loads(_run("check", club, "--format", "json").stdout) == []
    (club / "points.yaml").write_text(WRONG)
    result = _run("check", club, "--format", "json")
    first, second = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (first["code"], first["page"]) == ("R0401", "docs/rules/errors/R0401.md")
    assert (second["file"], second["line"], second["column"], second["length"]) == ("points.yaml", 5, 5, 4)
    assert (second["severity"], second["code"], second["nearest"]) == ("error", "R0203", "limit")
    assert "limit" in second["sentence"]


def test_github_gets_workflow_commands(club: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path from where one stands."""
    (club / "points.yaml").write_text(WRONG)
    monkeypatch.chdir(club.parent)
    lines = _run("check", "records", "--format", "github").stdout.splitlines()
    assert lines[1].startswith("::error file=records/points.yaml,line=5,col=5,endColumn=9,title=R0203::")


def test_github_commands_are_escaped() -> None:
    """A percent sign, a line's end, and in properties a colon and a comma."""
    place = Place("a,b:c.yaml", 3, 2, "text", 2)
    diagnostic = Diagnostic(place, Code.TAB, "100%\nsure: yes, so", severity=Severity.WARNING)
    assert as_github(diagnostic, Path()) == (
        "::warning file=a%2Cb%3Ac.yaml,line=3,col=2,endColumn=4,title=R0102::100%25%0Asure: yes, so"
    )


def test_rich_shows_the_same_words_in_colour(club: Path) -> None:
    """Severity and code in colour, the line with its carets, and the page that explains."""
    (club / "points.yaml").write_text(WRONG)
    found = check_files(read_folder(club).files).diagnostics
    text = as_rich(found[1])
    assert text.plain.rstrip("\n").startswith(str(found[1]))
    assert "docs/rules/errors/R0203.md" in text.plain
    assert {"bold red", "dim"} <= {str(span.style) for span in text.spans}
    assert "\x1b[" in _run("check", club, "--format", "rich").stdout


def test_what_steers_a_terminal_is_not_printed(club: Path) -> None:
    """A name in a file cannot move the cursor or change colours."""
    (club / "points.yaml").write_text('rules:\n  - {id: r, on: "pur\\e[31mchase", earn: {points: 5}}\n')
    for form in ("plain", "github", "json"):
        stdout = _run("check", club, "--format", form).stdout
        assert "R0401" in stdout
        assert "\x1b" not in stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("points.yml", "a rules file's name is written `points.yaml`"),
        ("Points.yaml", "a rules file's name is written `points.yaml`"),
        ("points.yaml.txt", "a rules file's name is written `points.yaml`"),
        ("all_test.yml", "a rules file's name is written `all_test.yaml`"),
        ("pionts.yaml", "did you mean `points.yaml`?"),
    ],
)
def test_a_file_with_a_wrong_name_is_an_error(club: Path, name: str, said: str) -> None:
    """Nobody would notice that it is not read."""
    (club / "points.yaml").unlink()
    (club / name).write_text("rules: []\n")
    result = _run("check", club)
    assert result.exit_code == 1
    assert f"{name}:1:1: error R0201" in result.stdout
    assert result.stdout.count("error R0201") == 1
    assert said in result.stdout


def test_a_wrong_name_is_not_said_to_be_missing_as_well(club: Path) -> None:
    """One mistake is told once."""
    (club / "club.yaml").rename(club / "club.yml")
    result = _run("check", club)
    assert "club.yml:1:1: error R0201" in result.stdout
    assert "is missing" not in result.stdout


def test_a_file_in_a_sub_folder_is_an_error(club: Path) -> None:
    """Hidden folders, and clubs of their own, are left alone."""
    for name in ("rules", ".git", "other"):
        (club / name).mkdir()
        (club / name / "points.yaml").write_text("rules: []\n")
    (club / "other" / "club.yaml").write_text("club: other\n")
    result = _run("check", club)
    assert "rules/points.yaml:1:1: error R0216: `points.yaml` lies in a sub-folder" in result.stdout
    assert result.stdout.count("R0216") == 1


def test_the_folder_above_a_club_is_told_where_the_club_is(club: Path) -> None:
    """With the command to type."""
    result = _run("check", club.parent)
    assert result.exit_code == 1
    assert "records/club.yaml:1:1: error R0216: the club is in the folder" in result.stdout
    assert f"cercle rules check {club}" in result.stdout
    assert "R0202" not in result.stdout


def test_files_beside_the_rules_are_left_alone(club: Path) -> None:
    """Sample data, a README, pools of vouchers, what editors leave behind."""
    (club / "vouchers").mkdir()
    for name in ("README.md", "data.csv", "points.yaml~", ".points.yaml.swp", "vouchers/pool.csv"):
        (club / name).write_text("anything")
    assert _run("check", club).exit_code == 0


def _not_utf8(path: Path) -> None:
    path.write_bytes("rules: []\n# caf\xe9\n".encode("latin-1"))


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _nowhere(path: Path) -> None:
    path.symlink_to("nothing-here.yaml")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _large(path: Path) -> None:
    path.write_bytes(b"#" * (LARGEST + 1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_not_utf8, "points.yaml:2:6: error R0111: this is not written in UTF-8"),
        (_folder, "points.yaml:1:1: error R0111: `points.yaml` cannot be read: it is a folder"),
        (
            _loop,
            "points.yaml:1:1: error R0111: `points.yaml` cannot be read: it is a link that leads nowhere",
        ),
        (_nowhere, "points.yaml:1:1: error R0111: `points.yaml` cannot be read: it is a link"),
        (_pipe, "points.yaml:1:1: error R0111: `points.yaml` cannot be read: it is no file"),
        (_large, "points.yaml:1:1: error R0107: `points.yaml` is larger than"),
    ],
)
def test_an_unreadable_file_is_an_error_like_any_other(club: Path, spoil: object, said: str) -> None:
    """The other files are judged in the same go, and there is no traceback."""
    assert callable(spoil)
    (club / "points.yaml").unlink()
    spoil(club / "points.yaml")
    (club / "offers.yaml").write_text("offres: []\n")
    result = _run("check", club)
    assert result.exit_code == 1
    assert said in result.stdout
    assert "offers.yaml:1:1: error R0203" in result.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_one_may_not_read_is_an_error(club: Path) -> None:
    """Said so, in words."""
    (club / "points.yaml").chmod(0)
    assert "cannot be read: you are not allowed to" in _run("check", club).stdout


def test_a_folder_that_cannot_be_read_is_exit_status_2(club: Path) -> None:
    """None there, or a file: a sentence on standard error, and nothing on standard output."""
    for path, said in ((club / "none", "There is no folder"), (club / "points.yaml", "is a file")):
        result = _run("check", path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr


def test_the_exit_statuses_are_in_the_help() -> None:
    """Scripts rely on them."""
    assert "0 sound; 1 errors" in " ".join(_run("check", "--help").stdout.replace("│", " ").split())


def test_schemas_are_printed_as_json() -> None:
    """Of the whole folder, or of one kind of file; an unknown kind is told the nearest."""
    whole = json.loads(_run("schema").stdout)
    Draft202012Validator.check_schema(whole)
    points = json.loads(_run("schema", "--file", "points.yaml").stdout)
    assert points["properties"].keys() >= {"wallets", "rules", "stacking"}
    assert "scenarios" in json.loads(_run("schema", "--file", "gold_test.yaml").stdout)["properties"]
    wrong = _run("schema", "--file", "point.yaml")
    assert wrong.exit_code == 1
    assert "did you mean `points.yaml`?" in wrong.stderr


def test_ten_times_the_rules_take_ten_times_as_long() -> None:
    """All checks and lints are linear; `make bench-rules` says what 5,000 rules take."""
    few, many = (min(_seconds(rules) for _ in range(3)) for rules in (300, 3000))
    assert many < 25 * few


def _seconds(count: int) -> float:
    rules = "".join(
        f"  - id: rule-{number}\n"
        f"    on: purchase\n"
        f'    when: discs > {number} && amount > money("{number}.00 USD")\n'
        f"    earn: {{points: 5}}\n"
        for number in range(count)
    )
    files = {path.name: path.read_text() for path in RECORDS.glob("*.yaml")}
    begin = process_time()
    checked = check_files({**files, "points.yaml": "rules:\n" + rules})
    spent = process_time() - begin
    assert checked.rulebook is not None
    return spent


def test_the_command_itself_prints_no_traceback(club: Path) -> None:
    """As a process, whose standard error stays empty."""
    (club / "points.yaml").write_text(WRONG)
    ended = subprocess.run(
        [sys.executable, "-m", "services.console", "rules", "check", str(club)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith("points.yaml:3:9: error R0401")
