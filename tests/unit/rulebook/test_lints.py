"""Warnings about what is sound but hardly meant: each by a wrong example, and a right one much like it."""

from collections.abc import Mapping
from pathlib import Path
from time import process_time

import pytest

from cercle.rulebook.check import check_files
from cercle.rulebook.checks.lints import OF_ENTRIES, OF_THE_WHOLE
from cercle.rulebook.checks.reasoning import always, cases, clash, read
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Diagnostic, Findings
from cercle.rulebook.folder import Folder
from tests.servers import ROOT

SOUND = {
    "club.yaml": """\
club: records
name: {en: The Record Circle, fr: Le Cercle des disques}
time_zone: America/New_York
languages: [en, fr]
currency: USD
lateness: 30 days
""",
    "actions.yaml": """\
actions:
  purchase: {fields: {order: text, amount: money, channel: text, gift: boolean, discs: integer}}
  review: {fields: {stars: integer}}
""",
    "badges.yaml": """\
achievements:
  - {id: buyer, badge: {en: Buyer, fr: Acheteuse}, count: purchase, reach: 5}
  - {id: critic, badge: {en: Critic, fr: Critique}, count: review, reach: 5}
""",
}
Files = Mapping[str, str]


def _cases() -> list[tuple[str, Files, str, Files]]:
    """wrong/lint.txt: `=== title`, `--- file` with text or (absent), `--- expected`, `--- right file`."""
    text = (Path(__file__).parent / "wrong" / "lint.txt").read_text(encoding="utf-8")
    found: list[tuple[str, Files, str, Files]] = []
    for case in text.split("=== ")[1:]:
        title, *parts = case.split("\n--- ")
        files = {name: body + "\n" for name, _, body in (part.partition("\n") for part in parts)}
        expected = files.pop("expected").rstrip("\n")
        right = {name.removeprefix("right "): files[name] for name in files if name.startswith("right ")}
        wrong = {name: body for name, body in files.items() if not name.startswith("right ")}
        found.append((title, wrong, expected, {**wrong, **right}))
    return found


CASES = _cases()
LINTS = {code for code in Code if code.startswith("R06")}


def _club(files: Files) -> dict[str, str]:
    return {name: text for name, text in {**SOUND, **files}.items() if text.strip() != "(absent)"}


def _lints(files: Files) -> list[Diagnostic]:
    """The warnings of lints; any error fails the test."""
    checked = check_files(_club(files))
    assert checked.rulebook is not None, checked.diagnostics
    return [each for each in checked.diagnostics if each.code in LINTS]


@pytest.mark.parametrize(("title", "wrong", "expected", "right"), CASES, ids=[case[0] for case in CASES])
def test_a_lint_warns_of_the_wrong_and_not_of_the_right(
    title: str, wrong: Files, expected: str, right: Files
) -> None:
    """Exactly what is printed, and in the right example nothing."""
    assert "\n".join(map(str, _lints(wrong))) == expected
    assert list(map(str, _lints(right))) == []


def test_every_lint_has_an_example() -> None:
    """No code of a lint, and no lint, is without a wrong example."""
    shown = "\n".join(expected for _, _, expected, _ in CASES)
    assert {code for code in LINTS if code not in shown} == set()
    silent = [lint.__name__ for lint in (*OF_ENTRIES, *OF_THE_WHOLE) if not _warns_somewhere(lint)]
    assert silent == []


def _warns_somewhere(lint: object) -> bool:
    assert callable(lint)
    for _, wrong, _, _ in CASES:
        findings = Findings()
        lint(Folder(_club(wrong), findings), findings)
        if findings.warnings:
            return True
    return False


def test_the_files_that_the_examples_start_from_are_without_a_warning() -> None:
    """Each warning comes from the file that is shown."""
    assert check_files(SOUND).diagnostics == ()


@pytest.mark.parametrize("club", sorted(path.parent for path in ROOT.glob("clubs/*/club.yaml")), ids=str)
def test_clubs_that_we_ship_have_no_lint(club: Path) -> None:
    """They are examples: a warning in them is a false alarm, or a slip of ours."""
    checked = check_files({path.name: path.read_text(encoding="utf-8") for path in club.glob("*.yaml")})
    assert [str(each) for each in checked.diagnostics if each.code in LINTS] == []


@pytest.mark.parametrize(
    "condition",
    [
        "discs > 3 && discs < 5",
        'channel != "a" && channel != "b"',
        "gift ? discs > 3 && discs < 2 : true",
        'items.exists(i, i.a == "x") && items.exists(i, i.a == "y")',
        'items.exists(i, i.a == "x" && i.a == "y")',
        "discs / 2 > 3 && discs / 2 < 4",
        '"a" in member.badges && "b" in member.badges',
        'channel < "a" && channel > "b"',
        "discs >= 3 && discs <= 3",
        'amount > money("1 USD") && amount > money("2 USD")',
        "local(occurred_at).getHours() >= 18 && discs < 3",
        "!(discs > 3 && discs < 3) && gift",
        "size(items) > 3 || size(items) <= 3",
        "",
        "&&",
        "((",
        "x in [",
        "!" * 200 + "gift",
        "(" * 3000,
        " && ".join(f"(a{n} || b{n})" for n in range(50)),
    ],
)
def test_reasoning_is_silent_when_in_doubt(condition: str) -> None:
    """Neither never nor always true, and no crash, as long as there is any way to be either."""
    found = cases(read(condition))
    assert found is None or not all(clash(case) for case in found)
    assert not always(read(condition))


def test_lints_are_linear() -> None:
    """Ten times the rules take about ten times as long, also when all are of one group."""
    few, many = (min(_seconds(rules) for _ in range(3)) for rules in (200, 2000))
    assert many < 40 * few


def _seconds(rules: int) -> float:
    text = "rules:\n" + "".join(
        f'  - {{id: r{n}, on: purchase, group: g, when: discs > {n} && gift && channel == "c{n}", '
        f"earn: {{points: {n + 1}}}, limit: {{points: 200, per: day}}}}\n"
        for n in range(rules)
    )
    findings = Findings()
    folder = Folder({**SOUND, "points.yaml": text}, findings)
    begin = process_time()
    for lint in (*OF_ENTRIES, *OF_THE_WHOLE):
        lint(folder, findings)
    return process_time() - begin
