"""docs/rules/README.md: every example on the page is read; what it shows as an error is what is printed."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from cercle.rulebook import FILES, RulebookError, compile_rulebook
from cercle.rulebook.check import check_files
from cercle.rulebook.codes import Code
from services.console.scenarios import run_scenarios

PAGE = (Path(__file__).parents[3] / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHOWN = dict(FENCES)
SCENARIOS = "records_test.yaml"


def files(pattern: str) -> dict[str, str]:
    """The texts of the fences whose name matches; fences of one name go on from each other."""
    found: dict[str, str] = {}
    for info, text in FENCES:
        if match := re.fullmatch(pattern, info):
            found[match[1]] = found.get(match[1], "") + text
    return found


CLUB = files(r"yaml (\w+\.yaml)(?: goes on)?")
THIN = files(r"yaml thin/(\w+\.yaml)")
CONDITIONS = SHOWN["cel"].splitlines()
STRETCHES = SHOWN["yaml during"].splitlines()
NOT_ACTED_ON = {
    "actions.yaml": {"reverses"},
    "points.yaml": {
        *("pending", "expires", "on_refund", "goodwill"),
        *("per", "cooldown", "for_each", "nth", "bands", "group", "on"),
    },
    "badges.yaml": {
        *("sum", "progress", "from", "distinct", "over", "revoke", "streak"),
        *("challenges", "leaderboards"),
    },
    "tiers.yaml": {"downgrade", "grace"},
    "segments.yaml": {"segments"},
    "offers.yaml": {
        *("voucher", "stock", "limit", "budget", "invite", "channel", "segments"),
        *("pool", "per"),
        *("contests", "ranking"),
    },
}
"""The keys under the page's ◇."""


def with_rules(rules: str) -> Mapping[str, str]:
    """The club with other rules, and nothing that depends on those of the page."""
    kept = ("club.yaml", "actions.yaml", "metrics.yaml", "tiers.yaml")
    return {**{name: CLUB[name] for name in kept}, "points.yaml": rules}


def test_the_page_shows_every_file_and_every_example_is_of_a_known_kind() -> None:
    """No example escapes the tests."""
    assert CLUB.keys() == FILES.keys() | {SCENARIOS}
    others = {info for info, _ in FENCES if not re.fullmatch(r"yaml (thin/)?\w+\.yaml( goes on)?", info)}
    assert others == {"cel", "yaml during", "yaml wrong points.yaml", "text", "sh"}


@pytest.mark.parametrize("line", SHOWN["sh"].splitlines())
def test_the_commands_of_the_page_are_in_its_table(line: str) -> None:
    """Under the name that it says; `test_console_check` runs this very one."""
    assert f"`{' '.join(line.split()[:3])}" in PAGE.split("## The commands")[1]


def test_the_thinnest_club_is_sound() -> None:
    """Three files, and nothing to say of them."""
    assert THIN.keys() == {"club.yaml", "actions.yaml", "points.yaml"}
    assert check_files(THIN).diagnostics == ()


def test_the_files_of_the_page_are_one_club() -> None:
    """Nothing is told of them but what this version does not act on, which the page marks."""
    checked = check_files(CLUB)
    assert {each.code for each in checked.diagnostics} == {Code.INACTIVE}, checked.diagnostics
    told: dict[str, set[str]] = {}
    for each in checked.diagnostics:
        key = each.place.text[each.place.column - 1 :][: each.place.length]
        told.setdefault(each.place.file, set()).add(key)
    assert told == NOT_ACTED_ON


def test_the_scenarios_of_the_page_pass() -> None:
    """Both stories, step by step."""
    report = run_scenarios(CLUB, compile_rulebook(CLUB))
    assert (report.errors, report.failed) == ((), ())
    assert len(report.passed) == 2


def test_each_key_that_is_marked_is_in_the_table_at_the_end() -> None:
    """What follows is said of all of them."""
    table = PAGE.split("## What is not acted on yet")[1]
    keys = set[str]().union(*NOT_ACTED_ON.values()) - {"per", "on", "during", "from"}
    assert [key for key in sorted(keys) if f"`{key}" not in table] == []


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_conditions_of_the_page_are_sound(condition: str) -> None:
    """Each line is a condition on the page's purchase."""
    rule = f"rules:\n  - id: r\n    on: purchase\n    earn: {{points: 1}}\n    when: |\n      {condition}\n"
    assert compile_rulebook(with_rules(rule))


@pytest.mark.parametrize("during", STRETCHES)
def test_the_stretches_of_time_of_the_page_are_sound(during: str) -> None:
    """Each line is what `during` may say."""
    rule = f"rules:\n  - {{id: r, on: purchase, earn: {{points: 1}}, during: {during}}}\n"
    assert compile_rulebook(with_rules(rule))


def test_the_errors_of_the_page_are_what_is_printed() -> None:
    """To the letter."""
    with pytest.raises(RulebookError) as caught:
        compile_rulebook(with_rules(SHOWN["yaml wrong points.yaml"]))
    assert str(caught.value) + "\n" == SHOWN["text"]


@pytest.mark.parametrize("condition", [""" '"web" == channel'""", """ "'web' == channel" """])
def test_a_condition_in_quotes_is_read_as_the_page_says(condition: str) -> None:
    """Either kind of quotes."""
    rule = f"rules:\n  - {{id: r, on: purchase, earn: {{points: 1}}, when: {condition}}}\n"
    assert compile_rulebook(with_rules(rule))
