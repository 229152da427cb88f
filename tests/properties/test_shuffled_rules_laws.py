"""The order of rules means nothing: shuffled files are the same version, and scenarios end as they did."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.rulebook import compile_rulebook
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.text.reader import read_yaml
from cercle.rulebook.text.source import Source
from services.console.scenarios import Report, run_scenarios
from tests.servers import ROOT
from tests.unit.rulebook.test_rules_page import CLUB as PAGE

CLUBS: dict[str, Mapping[str, str]] = {
    path.parent.relative_to(ROOT).as_posix(): {
        file.name: file.read_text(encoding="utf-8") for file in sorted(path.parent.glob("*.yaml"))
    }
    for path in sorted(ROOT.glob("[a-z]*/**/club.yaml"))
}
"""Every club of the project, by its folder; that of the page that explains the language, by the page's."""
CLUBS["docs/rules"] = PAGE
WITH_ALL_TRIED = [name for name in CLUBS if name.startswith(("clubs/", "services/"))]
"""Those that a marketer begins with."""
LADDERS = {"levels", "bands"}
"""What is written in an order that means something, though it has ids or is a mapping."""


@cache
def blocks(club: str) -> dict[str, object]:
    """Every file of a club as it is read: mappings, lists, texts, numbers."""
    findings = Findings()
    found: dict[str, object] = {
        name: read_yaml(Source(name, text), findings) for name, text in CLUBS[club].items()
    }
    assert not findings.errors
    return found


def written(value: object) -> str:
    """As YAML that says the same."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(key)}: {written(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case Decimal():
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def shuffled(value: object, chance: Random, ladder: bool = False) -> object:
    """The same, with the keys of mappings and the entries with ids in another order."""
    match value:
        case Mapping():
            items = list(value.items())
            if not ladder:
                chance.shuffle(items)
            return {key: shuffled(each, chance, key in LADDERS) for key, each in items}
        case list():
            entries = [shuffled(each, chance) for each in value]
            if not ladder and all(isinstance(each, dict) and "id" in each for each in entries):
                chance.shuffle(entries)
            return entries
    return value


def outcome(files: Mapping[str, str]) -> tuple[object, ...]:
    """The version, and all that a report says but its lines and columns."""
    rules = compile_rulebook(files)
    report = run_scenarios(files, rules)
    assert report.errors == ()
    return rules.version, *scenarios(report), *coverage(report)


def scenarios(report: Report) -> tuple[object, object]:
    """Which passed, and what failed how."""
    passed = [each.name for each in report.passed]
    return passed, [(each.name, each.different) for each in report.failed]


def coverage(report: Report) -> tuple[object, ...]:
    """What was exercised, and what was not."""
    found = report.coverage
    return tuple({str(each) for each in part} for part in (found.exercised, found.missed, found.inactive))


@cache
def as_written(club: str) -> tuple[object, ...]:
    """Of the club's own files."""
    return outcome(CLUBS[club])


@pytest.mark.parametrize("club", CLUBS)
@settings(max_examples=15, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_shuffling_any_file_changes_no_scenario_and_no_version(club: str, chance: Random) -> None:
    """Entries with ids and keys of mappings, in every file at once; ladders keep their order."""
    files = {name: written(shuffled(block, chance)) for name, block in blocks(club).items()}
    assert outcome(files) == as_written(club)


def test_the_clubs_have_something_to_shuffle_and_scenarios_that_pass() -> None:
    """Else the law above would say nothing."""
    assert len(WITH_ALL_TRIED) > 1
    for club in WITH_ALL_TRIED:
        _, passed, failed, exercised, missed, _ = as_written(club)
        assert passed
        assert not failed
        assert exercised
        assert not missed
    points = blocks("services/console/starter")["points.yaml"]
    assert isinstance(points, dict)
    assert len(points["rules"]) > 3
