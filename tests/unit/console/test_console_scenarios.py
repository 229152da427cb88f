"""Scenarios are played by the real rules: what passes, what fails and how it is told, what was exercised."""

import csv
import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cercle.actions.files import read_csv
from cercle.rulebook import compile_rulebook
from services.console.__main__ import app
from services.console.clubs import kinds
from services.console.scenarios import Report, run_scenarios
from services.console.scenarios.club_in_memory import ClubInMemory
from tests.servers import ROOT

RECORDS = ROOT / "clubs" / "records"
FILES = {path.name: path.read_text(encoding="utf-8") for path in RECORDS.glob("*.yaml")}
RULES = {name: text for name, text in FILES.items() if not name.endswith("_test.yaml")}


def play(scenarios: str, **changed: str) -> Report:
    """The record shop's rules, with files changed, and these scenarios."""
    files = RULES | {f"{name}.yaml": text for name, text in changed.items()} | {"a_test.yaml": scenarios}
    return run_scenarios(files, compile_rulebook(files))


def story(*steps: str) -> str:
    """One scenario."""
    return "scenarios:\n  - name: a story\n    steps:\n" + "".join(f"      - {step}\n" for step in steps)


BUYS = "{at: 2026-03-02 10:00, member: ana, do: purchase, amount: 42.90 USD, discs: 2}"


def expects(what: str, at: str = "2026-03-02 10:00") -> str:
    """A step."""
    return f"{{at: {at}, member: ana, expect: {{{what}}}}}"


def test_the_record_shop_passes_and_covers_all_of_its_rules() -> None:
    """Every scenario passes, and each rule, level, tier and offer is exercised."""
    report = run_scenarios(FILES, compile_rulebook(FILES))
    assert (report.failed, report.errors) == ((), ())
    assert len(report.passed) == 6
    assert (report.coverage.percent, report.coverage.missed) == (100, ())
    assert len(report.coverage.exercised) == 1 + 3 + 3 + 1


def test_of_several_times_the_first_that_differs_is_told() -> None:
    """What differs, and the trace, are of one and the same action: the first that is not as expected."""
    report = play(story(BUYS.replace("}", ", times: 3, every: 1 hour, refused: late}")))
    (failure,) = report.failed
    assert failure.told is not None
    assert [each.found for each in failure.different] == ["counts"]
    assert "2026-03-02 10:00" in failure.told.action


def test_the_same_scenarios_give_the_same_report() -> None:
    """Nothing but the files decides: two runs are equal, failures and traces too."""
    scenarios = story(BUYS, expects("points: 43, offers: [welcome-vinyl]"))
    assert play(scenarios) == play(scenarios)
    assert play(scenarios).failed


PRINTS_REPORTS = """
import pathlib, sys
from cercle.rulebook import compile_rulebook
from services.console.scenarios import run_scenarios
for folder in sys.argv[1:]:
    files = {path.name: path.read_text() for path in pathlib.Path(folder).glob("*.yaml")}
    print(*run_scenarios(files, compile_rulebook(files)).lines(), sep="\\n")
"""


def test_no_chance_of_a_process_is_in_a_report(tmp_path: Path) -> None:
    """Two processes that hash texts differently print the same, byte for byte."""
    errors = story("{at: 2026-03-02 10:00, member: ana, do: purchase, amont: 1 USD, disk: 2, colour: red}")
    (tmp_path / "wrong").mkdir()
    clubs = [folder(tmp_path, story(BUYS, expects("points: 43"))), folder(tmp_path / "wrong", errors)]
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINTS_REPORTS, *clubs],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert b"failed: a story" in (text := printed.pop())
    assert b"R0503" in text


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [BUYS, expects("points: 42, karma: 0")], id="a wallet that nothing came into holds nothing"
        ),
        pytest.param(
            [BUYS, expects("points: {available: 42, pending: 0, held: 0, issued: 42, redeemed: 0}")],
            id="every balance",
        ),
        pytest.param([expects("tier: none, badges: [], offers: []")], id="a member whom nobody knows"),
        pytest.param([BUYS, expects("badges: {collector: none}, offers: {welcome-vinyl: 0}")], id="none yet"),
        pytest.param(
            [BUYS.replace("}", ", times: 5}"), expects("points: 210, badges: [collector]")],
            id="several at once",
        ),
        pytest.param(
            [BUYS.replace("}", ", id: o1}"), BUYS.replace("}", ", id: o1}"), expects("points: 42")],
            id="one id is one action",
        ),
        pytest.param(
            [BUYS.replace("}", ", sent_at: 2026-04-02 10:00, refused: late}")], id="31 days later it is late"
        ),
        pytest.param(
            [BUYS.replace("}", ", sent_at: 2026-03-02 09:54, refused: future}")],
            id="more than five minutes before it happens it is not believed",
        ),
        pytest.param(
            [
                BUYS,
                "{at: 2026-03-02 10:00, member: ana, hold: {id: h, points: 40, keep_for: 1 hour}}",
                "{at: 2026-03-02 10:00, member: ana, release: h}",
                "{at: 2026-03-02 10:00, member: ana, capture: h, refused: hold_released}",
                "{at: 2026-03-02 10:00, member: ana, release: x, refused: hold_unknown}",
                expects("points: 42"),
            ],
            id="points set aside and given back",
        ),
    ],
)
def test_what_is_as_expected_passes(steps: list[str]) -> None:
    """Each form of a step, where the expectation is right."""
    points = RULES["points.yaml"].replace("wallets:\n", "wallets:\n  karma: {expires: never}\n")
    report = play(story(*steps), points=points)
    assert (report.failed, report.errors) == ((), ())


@pytest.mark.parametrize(
    ("steps", "different"),
    [
        ([BUYS, expects("points: 43")], [("points", "43", "42")]),
        (
            [BUYS, expects("points: {issued: 1, held: 2}")],
            [("points, held", "2", "0"), ("points, issued", "1", "42")],
        ),
        ([BUYS, expects("tier: gold")], [("tier", "gold", "member")]),
        ([BUYS, expects("badges: [collector]")], [("badges", "collector", "none")]),
        ([BUYS, expects("badges: {collector: gold}")], [("badge collector", "gold", "none")]),
        ([BUYS, expects("offers: [welcome-vinyl]")], [("offers", "welcome-vinyl", "none")]),
        ([BUYS, expects("offers: {welcome-vinyl: 2}")], [("offer welcome-vinyl", "2", "0")]),
        ([BUYS.replace("}", ", refused: late}")], [("the action", "late", "counts")]),
        ([BUYS.replace("}", ", sent_at: 2026-05-02 10:00}")], [("the action", "counts", "late")]),
        (
            ["{at: 2026-03-02 10:00, member: ana, hold: {id: h, points: 1, keep_for: 1 hour}}"],
            [("the points", "done", "insufficient_points")],
        ),
    ],
)
def test_what_is_not_as_expected_fails_with_both(
    steps: list[str], different: list[tuple[str, str, str]]
) -> None:
    """Each expectation that can be wrong shows what was expected, and what was found."""
    (failure,) = play(story(*steps)).failed
    assert [tuple(each) for each in failure.different] == different
    assert failure.step.line == 3 + len(steps)


def test_a_failure_shows_the_line_the_difference_and_the_trace() -> None:
    """The whole text, as it is printed."""
    points = RULES["points.yaml"] + (
        "  - {id: big, on: purchase, when: discs >= 5, earn: {points: 10}}\n"
        "  - {id: limited, on: purchase, earn: {points: 30}, limit: {points: 20, per: day}}\n"
    )
    report = play(story(BUYS, expects("points: 80, tier: member")), points=points)
    text = "\n".join(report.lines())
    assert text == TEXT


TEXT = """\
a_test.yaml:5:9: failed: a story
  5 | - {at: 2026-03-02 10:00, member: ana, expect: {points: 80, tier: member}}

             expected   found
    points   80         62

    purchase of ana, 2026-03-02 10:00 (a_test.yaml:4):
      rule big (points.yaml:7): not fired: discs >= 5: discs is 2
      rule limited (points.yaml:8): fired: gives 20 points of 30: its limit cuts 10
      rule purchase-base (points.yaml:4): fired: gives 42 points
      achievement collector (badges.yaml:2): fired: counts
      offer welcome-vinyl (offers.yaml:2): not fired: no badge was unlocked

0 scenarios passed, 1 failed.
Coverage: 30 % (3 of 10 rules, levels, tiers and offers).
No scenario exercises:
  level collector: bronze (badges.yaml:2)
  level collector: silver (badges.yaml:2)
  level collector: gold (badges.yaml:2)
  offer welcome-vinyl (offers.yaml:2)
  rule big (points.yaml:7)
  tier silver (tiers.yaml:6)
  tier gold (tiers.yaml:7)"""


def test_an_unexpected_refusal_is_traced_to_no_rule() -> None:
    """An action that did not count asked no rule, and the trace says so."""
    (failure,) = play(story(BUYS.replace("}", ", sent_at: 2026-05-02 10:00}"))).failed
    assert failure.told is not None
    assert not failure.told.judged
    text = "\n".join(play(story(BUYS.replace("}", ", sent_at: 2026-05-02 10:00}"))).lines())
    assert "it did not count, so no rule was asked" in text


def test_coverage_names_what_no_scenario_exercised_and_what_does_not_count() -> None:
    """One purchase exercises a rule and a tier; an inactive rule is named and not counted."""
    points = RULES["points.yaml"] + "  - {id: patient, on: purchase, earn: {points: 1}, cooldown: 1 day}\n"
    segments = 'segments: [{id: rich, when: member.tier == "gold"}]'
    coverage = play(story(BUYS), points=points, segments=segments).coverage
    assert [str(each) for each in coverage.exercised] == ["rule purchase-base", "tier member"]
    assert [f"{each} {each.place.file}:{each.place.line}" for each in coverage.missed] == [
        "level collector: bronze badges.yaml:2",
        "level collector: silver badges.yaml:2",
        "level collector: gold badges.yaml:2",
        "offer welcome-vinyl offers.yaml:2",
        "tier silver tiers.yaml:6",
        "tier gold tiers.yaml:7",
    ]
    assert [f"{each} {each.place.line}" for each in coverage.inactive] == ["rule patient 7", "segment rich 1"]
    assert coverage.percent == 25


def test_a_rule_whose_limit_leaves_nothing_is_not_exercised() -> None:
    """Firing is not enough: something must have been granted."""
    points = RULES["points.yaml"] + "  - {id: idle, on: purchase, earn: {points: 1, for_each: 100 USD}}\n"
    assert "rule idle" in [str(each) for each in play(story(BUYS), points=points).coverage.missed]


def test_a_folder_without_scenarios_says_so() -> None:
    """No file ends in _test.yaml: nothing failed, and nothing was exercised."""
    report = run_scenarios(RULES, compile_rulebook(RULES))
    assert report.is_empty
    assert next(report.lines()).startswith("There are no scenarios")


def test_time_of_day_is_kept_over_a_change_of_the_clocks() -> None:
    """`every: 1 day` is the same time on the next day, in the night in which an hour is skipped too."""
    steps = [BUYS.replace("03-02 10:00", "03-07 10:00").replace("}", ", times: 2, every: 1 day}")]
    late = expects("points: 84", "2026-03-08 10:00")
    assert play(story(*steps, late)).passed


def first_purchases(count: int) -> list[dict[str, str]]:
    """The first rows of the shop's history."""
    with gzip.open(RECORDS / "purchases.csv.gz", "rt", encoding="utf-8") as file:
        return [row for row, _ in zip(csv.DictReader(file), range(count), strict=False)]


def test_the_club_in_memory_gives_what_an_independent_count_gives() -> None:
    """The first 2,000 purchases of the history: points, counts, badges and tiers, member by member."""
    rows = first_purchases(2_000)
    points: Counter[str] = Counter()
    for row in rows:
        points[row["member_id"]] += int(row["amount"].split(".")[0].split()[0])
    purchases = Counter(row["member_id"] for row in rows)
    rules = compile_rulebook(RULES)
    club = ClubInMemory(rules)
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    for raw in read_csv(lines, rules.club.time_zone, kinds(rules), "shop"):
        assert club.send(raw, raw.occurred_at) is None
    assert club.members() == sorted(points)
    for member, total in points.items():
        standing, bought = club.standing(member), purchases[member]
        level = "silver" if bought >= 25 else "bronze" if bought >= 5 else ""
        balances = standing.wallets.get("points")
        assert (balances.available if balances else 0) == total
        assert standing.tier == ("gold" if total >= 2000 else "silver" if total >= 500 else "member")
        assert standing.badges == ({"collector": level} if level else {})
        assert standing.offers == ({"welcome-vinyl": 1} if bought >= 25 else {})


def run(*arguments: str) -> tuple[int, str]:
    """The command line, in this process: exit status, and what it printed."""
    result = CliRunner().invoke(app, ["rules", "test", *arguments])
    return result.exit_code, result.output


def folder(path: Path, scenarios: str | None, **changed: str) -> str:
    """The record shop with these scenarios, as a folder."""
    for name, text in (RULES | {f"{key}.yaml": text for key, text in changed.items()}).items():
        (path / name).write_text(text, encoding="utf-8")
    if scenarios is not None:
        (path / "a_test.yaml").write_text(scenarios, encoding="utf-8")
    return str(path)


def test_the_command_passes_the_record_shop() -> None:
    """Exit status 0, with full coverage required."""
    status, text = run(str(RECORDS), "--require-coverage", "100")
    assert status == 0
    assert "6 scenarios passed, 0 failed." in text
    assert "Coverage: 100 %" in text


def test_the_command_fails_with_1_where_a_scenario_fails_or_too_little_is_covered(tmp_path: Path) -> None:
    """And only with --require-coverage where there is no scenario at all."""
    club = folder(tmp_path, story(BUYS, expects("points: 42")))
    assert run(club)[0] == 0
    assert run(club, "--require-coverage", "25")[0] == 0
    status, text = run(club, "--require-coverage", "26")
    assert (status, text.splitlines()[-1]) == (1, "At least 26 % is required.")
    assert run(folder(tmp_path, story(BUYS, expects("points: 43"))))[0] == 1
    (tmp_path / "a_test.yaml").unlink()
    assert run(club)[0] == 0
    assert run(club, "--require-coverage", "0")[0] == 1


def test_the_command_fails_with_2_where_there_is_nothing_to_play(tmp_path: Path) -> None:
    """Wrong scenarios, wrong rules, no folder: the errors, never a traceback."""
    status, text = run(folder(tmp_path, story("{at: 2026-03-02 10:00, member: ana, doo: purchase}")))
    assert status == 2
    assert "a_test.yaml:4:" in text
    assert run(folder(tmp_path, None, points="rules: [{id: x}]"))[0] == 2
    assert run(str(tmp_path / "nowhere"))[0] == 2


def test_the_command_prints_json(tmp_path: Path) -> None:
    """One value: what passed, what failed with its trace, what was covered."""
    status, text = run(folder(tmp_path, story(BUYS, expects("points: 43"))), "--format", "json")
    found = json.loads(text)
    assert status == 1
    (failed,) = found["failed"]
    assert failed["different"] == [{"what": "points", "expected": "43", "found": "42"}]
    assert (failed["file"], failed["line"]) == ("a_test.yaml", 5)
    assert failed["trace"]["lines"][0]["granted"] == 42
    assert found["coverage"]["percent"] == 25


def test_the_scenario_of_the_rules_page_runs() -> None:
    """It waits for what this version does not act on: it fails with expected beside found."""
    actions = """
actions:
  purchase:
    fields: {order: text, amount: money}
    subject: order
  refund:
    fields: {order: text, amount: money}
    reverses: {action: purchase, by: order, share: amount}
"""
    points = """
wallets:
  points: {pending: 14 days, expires: 12 months after earning, on_refund: within_balance}
rules:
  - {id: purchase-base, on: purchase, earn: {points: 1, for_each: 1 USD}}
"""
    waits = story(
        "{at: 2026-03-02 10:00, member: ana, do: purchase, order: o1, amount: 42.90 USD}",
        "{at: 2026-03-02 10:01, member: ana, expect: {points: {available: 0, pending: 42}}}",
        "{at: 2026-03-16 10:01, member: ana, expect: {points: {available: 42}}}",
        "{at: 2026-03-17 09:00, member: ana, do: refund, order: o1, amount: 21.45 USD}",
        "{at: 2026-03-17 09:00, member: ana, expect: {points: {available: 21}}}",
    )
    (failure,) = play(waits, actions=actions, points=points).failed
    assert [tuple(each) for each in failure.different] == [
        ("points, available", "0", "42"),
        ("points, pending", "42", "0"),
    ]
    assert re.search(r"2026-03-02 10:01", failure.step.text)


def test_the_trace_shows_metrics_as_they_were_then() -> None:
    """What was counted by the action itself is counted once: the third purchase is the third."""
    points = (
        RULES["points.yaml"] + "  - {id: loyal, on: purchase, when: metrics.bought >= 4, earn: {points: 9}}\n"
    )
    metrics = "metrics: {bought: {count: purchase, over: life}}\n"
    (failure,) = play(
        story(BUYS.replace("}", ", times: 3}"), expects("points: 0")), points=points, metrics=metrics
    ).failed
    assert failure.told is not None
    (loyal,) = (line for line in failure.told.lines if line.name == "loyal")
    assert (loyal.verdict, loyal.why) == ("not fired", "metrics.bought >= 4: metrics.bought is 3")
