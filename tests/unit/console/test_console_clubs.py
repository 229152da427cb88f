"""Clubs' folders and files of actions, as the console reads them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cercle.actions.files import FileError
from cercle.actions.instants import local_time
from cercle.domain.action import Action
from cercle.domain.admission import admit
from cercle.rulebook import FILES
from services.console.clubs import default_source, read_actions, read_club, until_yesterday
from services.console.commands.run import example_line
from services.console.errors import CommandError
from tests.servers import ROOT

RECORDS = ROOT / "clubs" / "records"
JSON_LINE = (
    '{"id": "a-1", "source": "till", "type": "purchase", "member_id": "ana", '
    '"occurred_at": "1998-01-02", "fields": {"amount": "4.20 USD", "discs": 1}}'
)
CSV = "id,type,member_id,occurred_at,amount,discs\na-1,purchase,ana,1998-01-02,4.20 USD,1\n"


def test_sample_club_names_its_data() -> None:
    """A club's sample actions are the files of actions in its folder, and nothing else there."""
    club = read_club(RECORDS)
    assert club.id == "records"
    assert [path.name for path in club.samples] == ["purchases.csv.gz"]
    assert {*club.files, *club.scenarios} == {path.name for path in RECORDS.glob("*.yaml")}
    assert set(club.files) <= set(FILES)


def test_folder_without_a_club_is_refused(tmp_path: Path) -> None:
    """A sentence says which file is missing."""
    with pytest.raises(CommandError, match=r"club\.yaml"):
        read_club(tmp_path)


@pytest.mark.parametrize("text", [JSON_LINE, "\n \n" + JSON_LINE, CSV])
def test_form_is_found_by_the_first_line(tmp_path: Path, text: str) -> None:
    """JSON lines and CSV need no file ending to be told apart."""
    file = tmp_path / "actions"
    file.write_text(text)
    rules = read_club(RECORDS).rules
    [raw] = read_actions(file, rules)
    action = admit(raw, raw.occurred_at, rules)
    assert isinstance(action, Action)
    assert (action.id, action.member_id) == ("a-1", "ana")
    assert action.fields == {"amount": 420, "discs": 1}


def test_same_file_has_the_same_source(tmp_path: Path) -> None:
    """Compressed or not, a file emitted again is the same actions; a line's own source wins."""
    assert default_source(tmp_path / "purchases.csv.gz") == default_source(Path("purchases.csv"))
    file = tmp_path / "lines.jsonl"
    file.write_text(JSON_LINE)
    [action] = read_actions(file, read_club(RECORDS).rules)
    assert action.source == "till"


def test_wrong_line_is_named(tmp_path: Path) -> None:
    """Blank lines count, so that an editor finds the line."""
    file = tmp_path / "lines.jsonl"
    file.write_text(f"{JSON_LINE}\n\n{JSON_LINE.replace('1998-01-02', 'soon')}\n")
    with pytest.raises(FileError, match="line 3: occurred_at"):
        list(read_actions(file, read_club(RECORDS).rules))


def test_shifted_history_ends_yesterday() -> None:
    """By the club's calendar; order and distances in days stay."""
    rules = read_club(RECORDS).rules
    actions = list(read_actions(RECORDS / "purchases.csv.gz", rules))
    moved = until_yesterday(actions, rules, datetime(2026, 3, 2, 3, 0, tzinfo=UTC))
    days = [local_time(action.occurred_at, rules.club.time_zone).date() for action in moved]
    before = [local_time(action.occurred_at, rules.club.time_zone).date() for action in actions]
    # In New York it is still the first of March.
    assert max(days).isoformat() == "2026-02-28"
    assert {(late - early).days for late, early in zip(days, before, strict=True)} == {
        (max(days) - max(before)).days
    }


def test_example_line_is_accepted(tmp_path: Path) -> None:
    """What `cercle up` tells a newcomer to type is an action that the club accepts."""
    rules = read_club(RECORDS).rules
    now = datetime.now(UTC)
    file = tmp_path / "line"
    file.write_text(example_line(rules, "14048", now))
    [raw] = read_actions(file, rules)
    assert isinstance(admit(raw, raw.occurred_at, rules), Action)
