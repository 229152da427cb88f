"""What a marketer reads when a file is wrong: tables of files and of exactly what is printed."""

import pytest

from cercle.rulebook import RulebookError, compile_rulebook
from tests.wrong_files import SOUND, Case, cases, tables

CASES = [case for table in tables() for case in cases(table)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.table}: {case.title}" for case in CASES])
def test_a_wrong_file_is_told_by_place_line_caret_and_nearest_word(case: Case) -> None:
    """Every error of the folder is printed, in order, exactly as the table says."""
    assert case.printed() == case.expected


def test_the_tables_lack_no_case() -> None:
    """The tables were read whole: a slip in their format would otherwise test nothing."""
    assert {"source", "club", "values"} <= {case.table for case in CASES}
    assert len(CASES) > 100
    assert all(case.files and case.expected for case in CASES)


def test_the_files_that_the_table_starts_from_are_sound() -> None:
    """Each error of the table comes from the file that it shows."""
    assert compile_rulebook(SOUND).points.wallets == {"points"}


def test_diagnostics_can_be_read_by_a_program() -> None:
    """Place, sentence and nearest word are fields of their own."""
    with pytest.raises(RulebookError) as caught:
        compile_rulebook({**SOUND, "points.yaml": "rules:\n  - {id: r, on: purchse, earn: {points: 1}}\n"})
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.place.file, diagnostic.place.line, diagnostic.place.column) == ("points.yaml", 2, 17)
    assert diagnostic.nearest == "purchase"


def test_nothing_but_the_two_required_files_gives_an_empty_rulebook() -> None:
    """points, badges, tiers and offers may be absent: then nothing is earned and nothing is given."""
    rulebook = compile_rulebook(SOUND)
    assert rulebook.tiers is None
    assert not rulebook.badges.achievements
    assert not rulebook.offers.offers
    assert not rulebook.offers.concern_actions


def test_a_file_of_windows_is_read_like_any_other() -> None:
    """A byte order mark and carriage returns change neither the rules nor the places."""
    windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in SOUND.items()}
    assert compile_rulebook(windows).version == compile_rulebook(SOUND).version
    windows["points.yaml"] = "rules:\r\n  - {id: r, on: purchase, when: stars > 3, earn: {points: 1}}\r\n"
    with pytest.raises(RulebookError, match=r"points\.yaml:2:33: error R0302: `stars`") as caught:
        compile_rulebook(windows)
    assert "\r" not in str(caught.value)


def test_lists_without_end_are_an_error_and_no_crash() -> None:
    """Deep nesting, and aliases that hold themselves, are told like any other mistake."""
    for text in ("[" * 3000, "a: " + "{a: " * 3000, "rules: &r [*r]", "rules: &r [*r, *r, *r]"):
        with pytest.raises(RulebookError):
            compile_rulebook({**SOUND, "points.yaml": text})
