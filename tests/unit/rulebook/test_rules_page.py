"""docs/rules.md: every example on the page is read, and what it shows as an error is what is printed."""

import re
from pathlib import Path

import pytest

from cercle.rulebook import FILES, RulebookError, compile_rulebook

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLE = {info.removeprefix("yaml "): text for info, text in FENCES if re.fullmatch(r"yaml \w+\.yaml", info)}
CONDITIONS = [line for info, text in FENCES if info == "cel" for line in text.splitlines()]


def test_the_page_shows_every_file_and_every_example_is_of_a_known_kind() -> None:
    """Six files, conditions, and one wrong file with its errors: no example escapes the tests."""
    assert EXAMPLE.keys() == FILES.keys()
    kinds = {info for info, _ in FENCES} - {f"yaml {name}" for name in FILES}
    assert kinds == {"cel", "yaml wrong points.yaml", "text"}


def test_the_files_of_the_page_are_a_club() -> None:
    """Together they compile."""
    rulebook = compile_rulebook(EXAMPLE)
    assert rulebook.club.id == "records"
    assert len(rulebook.offers.offers) == 3


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_conditions_of_the_page_are_sound(condition: str) -> None:
    """Each line is a condition on the page's purchase."""
    rule = f"rules:\n  - id: r\n    on: purchase\n    earn: {{points: 1}}\n    when: |\n      {condition}\n"
    assert compile_rulebook({**EXAMPLE, "points.yaml": rule})


def test_the_errors_of_the_page_are_what_is_printed() -> None:
    """To the letter."""
    shown = dict(FENCES)
    with pytest.raises(RulebookError) as caught:
        compile_rulebook({**EXAMPLE, "points.yaml": shown["yaml wrong points.yaml"]})
    assert str(caught.value) + "\n" == shown["text"]


@pytest.mark.parametrize("condition", [""" '"web" == channel'""", """ "'web' == channel" """])
def test_a_condition_in_quotes_is_read_as_the_page_says(condition: str) -> None:
    """Either kind of quotes."""
    rule = f"rules:\n  - {{id: r, on: purchase, earn: {{points: 1}}, when: {condition}}}\n"
    assert compile_rulebook({**EXAMPLE, "points.yaml": rule})
