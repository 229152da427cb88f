"""What is published next and when it may count; how --from is read; what the history says of each version."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cercle.actions.instants import parse_instant
from cercle.domain.decision import MINUTE, SECOND
from cercle.rulebook import RulebookError
from cercle.runtime.settings import Settings
from cercle.wire.rulebook_pb2 import RulebookPublished
from services.console.clubs import Club, read_club, read_rules
from services.console.commands.rules.history import State, judged
from services.console.commands.rules.publish import parse_from, said
from services.console.errors import CommandError
from services.console.publishing import AT_ONCE, Publication, Wish, next_version, publish, when
from tests.integration.rules import FILES, POINTS
from tests.servers import ROOT

NOW = 1_800_000_000_000
LEAD = 60.0
NEW_YORK = ZoneInfo("America/New_York")
NOWHERE = Settings(club="records", kafka="127.0.0.1:9", redis="redis://127.0.0.1:9/0")


@pytest.fixture(scope="module")
def records() -> Club:
    """The sample club; its clocks are those of New York."""
    return read_club(ROOT / "clubs" / "records")


def written(folder: Path, files: dict[str, str]) -> Path:
    """A club's folder."""
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_first_version_counts_at_once(records: Club) -> None:
    """It names no version before it, and holds the files as they were written."""
    record = next_version(records, None, AT_ONCE, NOW, LEAD)
    assert (record.previous, record.version) == ("", records.rules.version)
    assert (record.effective_from_ms, record.published_at_ms) == (NOW, NOW)
    assert dict(record.files) == records.files
    assert next_version(records, None, Wish(5), NOW, LEAD).effective_from_ms == 5


def test_record_says_who_and_why(records: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever asks later; acceptance of what is inactive is written only where there is any."""
    monkeypatch.setenv("LOGNAME", "maria")
    record = next_version(records, None, Wish(None, "Spring", True), NOW, LEAD)
    assert (record.published_by, record.message, record.accepts_inactive) == ("maria", "Spring", False)


def test_later_version_waits_for_the_lead(records: Club) -> None:
    """Every owner has read it before it counts: at the earliest a lead from now, to the millisecond."""
    head = RulebookPublished(version="v1", effective_from_ms=0)
    earliest = NOW + 60 * SECOND
    assert next_version(records, head, AT_ONCE, NOW, LEAD).effective_from_ms == earliest
    assert next_version(records, head, AT_ONCE, NOW, LEAD).previous == "v1"
    assert next_version(records, head, Wish(earliest), NOW, LEAD).effective_from_ms == earliest
    with pytest.raises(CommandError, match="--from") as refused:
        next_version(records, head, Wish(earliest - 1), NOW, LEAD)
    proposed = str(refused.value).split('"')[1]
    again = Wish(parse_from(proposed, records.rules.club))
    assert earliest <= (again.starts or 0) <= earliest + 2 * MINUTE
    assert next_version(records, head, again, NOW, LEAD).effective_from_ms == again.starts
    assert next_version(records, head, AT_ONCE, NOW, 2).effective_from_ms == NOW + 2 * SECOND


def test_no_version_counts_before_the_one_before_it(records: Club) -> None:
    """It may begin with it, and then replaces it; the refusal says from when on it may."""
    begin = parse_instant("2027-03-01T00:00:00-05:00") or 0
    head = RulebookPublished(version="spring", effective_from_ms=begin)
    assert next_version(records, head, AT_ONCE, NOW, LEAD).effective_from_ms == begin
    assert next_version(records, head, Wish(begin), NOW, LEAD).effective_from_ms == begin
    with pytest.raises(
        CommandError, match=r'spring, counts from 2027-03-01 00:00 on.*--from "2027-03-01 00:00"'
    ):
        next_version(records, head, Wish(begin - 1), NOW, LEAD)


def test_what_is_not_acted_on_is_refused_unless_accepted(tmp_path: Path) -> None:
    """The refusal names every such key with its line; nothing was sent, for no server was asked."""
    points = POINTS.replace("    limit:", "    cooldown: 10 minutes\n    limit:")
    club = read_club(written(tmp_path, {**FILES, "points.yaml": points}))
    here = NOWHERE.model_copy(update={"club": club.id})
    with pytest.raises(
        CommandError, match=r"(?s)points\.yaml:16:5: .*`cooldown: 10 minutes`.*--accept-inactive"
    ):
        publish(here, club)
    assert next_version(club, None, Wish(accept_inactive=True), NOW, LEAD).accepts_inactive


def test_rules_of_another_club_are_refused(records: Club) -> None:
    """A folder's rules go to its own club only."""
    with pytest.raises(CommandError, match="name the folder of vinyl"):
        publish(NOWHERE.model_copy(update={"club": "vinyl"}), records)


def test_message_has_a_length(records: Club) -> None:
    """It is for a line of the history."""
    with pytest.raises(CommandError, match="at most 500 letters, this one 501"):
        publish(NOWHERE, records, Wish(message="x" * 501))


SCENARIO = """
scenarios:
  - name: a dollar is a point
    steps:
      - {at: 2026-03-02 10:00, member: ana, do: purchase, amount: 12.00 USD}
      - {at: 2026-03-02 10:01, member: ana, expect: {points: {available: 12}}}
"""


def test_scenarios_are_no_part_of_what_is_published(tmp_path: Path) -> None:
    """Files of scenarios stay where they are, and change no version."""
    before = read_club(written(tmp_path, FILES)).rules.version
    club = read_club(written(tmp_path, {"first_test.yaml": SCENARIO}))
    assert club.files == FILES == read_rules(tmp_path)
    assert club.scenarios == {"first_test.yaml": SCENARIO}
    assert club.rules.version == before
    assert set(next_version(club, None, AT_ONCE, NOW, LEAD).files) == set(FILES)


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        (SCENARIO.replace("available: 12", "available: 13"), r"1 of .* failed \(`a dollar is a point`\)"),
        (SCENARIO.replace("do: purchase", "do: purchsae"), "cannot be played"),
    ],
)
def test_rules_whose_scenarios_fail_are_not_published(tmp_path: Path, scenario: str, said: str) -> None:
    """Nothing was sent, for no server was asked; the sentence says what shows why."""
    club = read_club(written(tmp_path, {**FILES, "first_test.yaml": scenario}))
    with pytest.raises(CommandError, match=said) as refused:
        publish(NOWHERE.model_copy(update={"club": club.id}), club)
    assert f"`cercle rules test {tmp_path}` shows why." in str(refused.value)


def test_folder_with_errors_is_no_club(tmp_path: Path) -> None:
    """What lies where nobody reads it is one as well: it would not be published."""
    written(tmp_path, {**FILES, "Points.yml": POINTS})
    with pytest.raises(RulebookError, match=r"Points\.yml"):
        read_club(tmp_path)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-01", "2026-12-01T05:00:00Z"),
        ("2026-12-01 00:00", "2026-12-01T05:00:00Z"),
        ("2026-07-01 09:30", "2026-07-01T13:30:00Z"),
        ("2026-12-01T00:00:00+01:00", "2026-11-30T23:00:00Z"),
        # 02:30 is skipped: the first instant after the gap. 01:30 comes twice: the first of the two.
        ("2026-03-08 02:30", "2026-03-08T07:00:00Z"),
        ("2026-11-01 01:30", "2026-11-01T05:30:00Z"),
    ],
)
def test_from_is_by_the_clocks_of_the_club(records: Club, text: str, instant: str) -> None:
    """Unless a zone is written; also where the clocks change."""
    assert parse_from(text, records.rules.club) == parse_instant(instant)


@pytest.mark.parametrize(
    "text", ["", "soon", "01/12/2026", "2026-12-01 25:00", "2026-02-30", "2026-12-01T10:00"]
)
def test_from_that_is_no_time_is_told_how_to_write_it(records: Club, text: str) -> None:
    """A sentence that names the option."""
    with pytest.raises(CommandError, match=r"^--from: .+\.$"):
        parse_from(text, records.rules.club)


def test_a_time_that_was_not_followed_is_told(records: Club) -> None:
    """The newest version says the same, and counts from another time than --from: both are named."""
    club = records.rules.club
    done = Publication("v2", "v1", parse_from("2026-12-01", club), published=False)
    told = said(done, parse_from("2027-01-01", club), club)
    assert "counts from 2026-12-01 00:00 (America/New_York) on; nothing was published" in told
    assert '--from "2027-01-01 00:00" was not followed' in told
    assert "--from" not in said(done, None, club)
    assert "--from" not in said(done, done.effective_from, club)


def test_times_are_shown_as_they_are_written(records: Club) -> None:
    """What the history shows can be given to --from; seconds only where there are any."""
    midnight = parse_from("2026-12-01", records.rules.club)
    assert when(midnight, NEW_YORK) == "2026-12-01 00:00"
    assert when(midnight + 5 * SECOND, NEW_YORK) == "2026-12-01 00:00:05"


def line(*said: tuple[str, str, int]) -> list[RulebookPublished]:
    """Records of (version, previous, from)."""
    return [
        RulebookPublished(version=version, previous=previous, effective_from_ms=starts)
        for version, previous, starts in said
    ]


def test_history_says_what_each_version_is_good_for() -> None:
    """Past, in force, to come, replaced before it counted, void: as at that instant."""
    records = line(
        ("a", "", 0), ("b", "a", 10), ("x", "a", 5), ("c", "b", 30), ("d", "c", 30), ("e", "d", 40)
    )
    states = [entry.state for entry in judged(records, now=20)]
    assert states == [
        State.PAST,
        State.IN_FORCE,
        State.VOID,
        State.REPLACED,
        State.TO_COME,
        State.TO_COME,
    ]
    assert [entry.starts for entry in judged(records, 20)] == [0, 10, None, 30, 30, 40]
    assert judged(records, now=30)[4].state is State.IN_FORCE


def test_first_version_is_in_force_before_it_begins() -> None:
    """It judges what came before it too; without any version nothing is in force."""
    assert [entry.state for entry in judged(line(("a", "", 100), ("b", "a", 200)), now=5)] == [
        State.IN_FORCE,
        State.TO_COME,
    ]
    assert [entry.state for entry in judged(line(("b", "a", 1)), now=5)] == [State.VOID]
    assert judged([], now=5) == []
