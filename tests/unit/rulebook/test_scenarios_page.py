"""docs/rules/scenarios.md: its stories are played in the language page's club, its tables are complete."""

import re
from pathlib import Path
from typing import get_args

import pytest

from cercle.rulebook import compile_rulebook
from cercle.rulebook.files.expectations import BalancesEntry, ExpectationEntry
from cercle.rulebook.files.scenarios import STEPS, AnyStep, StepEntry
from cercle.rulebook.schema import club_schema
from services.console.scenarios import run_scenarios
from tests.unit.rulebook.test_rules_page import CLUB

PAGE = (Path(__file__).parents[3] / "docs" / "rules" / "scenarios.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
RULES = {name: text for name, text in CLUB.items() if not name.endswith("_test.yaml")}
STEP_MODELS = [get_args(each)[0] for each in get_args(get_args(AnyStep)[0])]


def test_the_stories_of_the_page_pass() -> None:
    """All of them, and they try what they are about."""
    stories = {name.removeprefix("yaml "): text for name, text in SHOWN.items() if name.count(" ") == 1}
    assert stories.keys() == {"claims_test.yaml", "crossing_test.yaml"}
    report = run_scenarios(RULES | stories, compile_rulebook(RULES))
    assert (report.errors, report.failed) == ((), ())
    assert len(report.passed) == 5
    assert {"ten-off", "friends", "quick-answer"} <= {each.name for each in report.coverage.exercised}


def test_the_failure_of_the_page_is_what_is_printed() -> None:
    """To the letter, up to the line that counts."""
    files = RULES | {"claims_test.yaml": SHOWN["yaml wrong claims_test.yaml"]}
    lines = list(run_scenarios(files, compile_rulebook(RULES)).lines())
    assert lines[: lines.index("0 scenarios passed, 1 failed.") - 1] == SHOWN["text"].splitlines()


@pytest.mark.parametrize("model", STEP_MODELS, ids=lambda model: model.__name__)
def test_the_table_names_every_step_and_why_it_is_refused(model: type[StepEntry]) -> None:
    """Each step in a row, with exactly the codes that its `refused` may be."""
    (word,) = model.keys() & set(STEPS)
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `") and f"`{word}: " in line][:1]
    refused = club_schema()["$defs"][model.__name__]["properties"].get("refused", {"enum": []})
    codes = set(refused["enum"] if "enum" in refused else [refused["const"]])
    assert set(re.findall(r"`(\w+)`", row.rsplit(" | ", 1)[1])) == codes


def test_the_other_table_names_all_that_can_be_expected() -> None:
    """And every balance of a wallet."""
    table = PAGE.split("## What `expect` compares")[1].split("##")[0]
    for key in ExpectationEntry.keys() | BalancesEntry.keys():
        assert re.search(rf"[`{{ ]{key}: ", table), key
