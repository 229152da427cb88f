"""`cercle rules explain`: every rule on an action, fired or not, by which value, and what a limit cut."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.console.__main__ import app
from tests.servers import ROOT

RECORDS = ROOT / "clubs" / "records"
POINTS = """
wallets:
  karma: {}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: big, on: purchase, when: discs >= 5 && member.tier != "gold", earn: {points: 10}}
  - {id: limited, on: purchase, earn: {points: 30}, limit: {points: 20, per: day}}
  - {id: kind, on: purchase, when: member.joined_at < occurred_at, earn: {points: 3, in: karma}}
  - {id: weekend, on: purchase, during: {days: [sat, sun]}, multiply: 2}
  - {id: silver, on: purchase, when: member.tier == "silver", multiply: 1.5}
  - {id: loyal, on: purchase, when: metrics.bought >= 3, earn: {points: 7}}
  - {id: spender, on: purchase, when: metrics.spent > money("100 USD"), earn: {points: 9}}
  - {id: patient, on: purchase, earn: {points: 1}, cooldown: 1 day}
"""
METRICS = """
metrics:
  bought: {count: purchase, over: 12 months}
  spent: {sum: purchase.amount, over: life}
"""
OFFERS = """
offers:
  - id: gift
    title: {en: A gift}
    price: free
    issue: {on: purchase, when: '"collector" in member.badges'}
"""
SATURDAY = {
    "id": "1",
    "type": "purchase",
    "member_id": "ana",
    "occurred_at": "2026-03-07",
    "fields": {"amount": "42.90 USD", "discs": 6},
}


@pytest.fixture
def club(tmp_path: Path) -> Path:
    """The record shop with more rules."""
    files = {path.name: path.read_text(encoding="utf-8") for path in RECORDS.glob("*.yaml")}
    files |= {"points.yaml": POINTS, "metrics.yaml": METRICS, "offers.yaml": OFFERS}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def explain(club: Path, action: object, *more: str) -> tuple[int, str]:
    """The command line: exit status, and what it printed."""
    said = action if isinstance(action, str) else json.dumps(action)
    result = CliRunner().invoke(app, ["rules", "explain", str(club), "--action", said, *more])
    return result.exit_code, result.output


def rules(club: Path, action: object, **state: object) -> dict[str, tuple[str, int, int]]:
    """Verdict, desired and granted by name."""
    status, text = explain(club, action, "--member", json.dumps(state), "--format", "json")
    assert status == 0, text
    return {
        each["name"]: (each["verdict"], each["desired"], each["granted"])
        for each in json.loads(text)["rules"]
    }


def test_every_rule_is_told_with_what_decided(club: Path) -> None:
    """The whole text, for a new member on a Saturday."""
    status, text = explain(club, SATURDAY)
    assert status == 0
    assert text == TEXT


TEXT = """\
purchase of ana, 2026-03-07 00:00 (America/New_York):
  rule base (points.yaml:5): fired: gives 42 points
  rule big (points.yaml:6): fired: gives 10 points (discs >= 5: discs is 6; member.tier != "gold": \
member.tier is "")
  rule kind (points.yaml:8): not fired: member.joined_at < occurred_at: member.joined_at is 2026-03-07 \
00:00 and occurred_at is 2026-03-07 00:00
  rule limited (points.yaml:7): fired: gives 20 points of 30: its limit cuts 10
  rule loyal (points.yaml:11): not fired: metrics.bought >= 3: metrics.bought is 1
  rule silver (points.yaml:10): not fired: member.tier == "silver": member.tier is ""
  rule spender (points.yaml:12): not fired: metrics.spent > money("100 USD"): metrics.spent is 42.90 USD
  rule weekend (points.yaml:9): fired: gives 82 points (inside its dates)
  achievement collector (badges.yaml:2): fired: counts
  offer gift (offers.yaml:3): not fired: "collector" in member.badges: member.badges is empty
  rule patient (points.yaml:13): inactive: this version of Cercle does not act on `cooldown` yet: the \
rule gives nothing
In all: 154 points.
"""


def test_what_the_member_has_decides(club: Path) -> None:
    """Tier, badges, metrics and joining are what conditions see; a metric of money is an amount."""
    new = rules(club, SATURDAY)
    known = rules(
        club,
        SATURDAY,
        tier="gold",
        badges=["collector/silver"],
        joined_at="2026-01-31",
        metrics={"bought": 3, "spent": "100.01 USD"},
    )
    changed = {name: (new[name][0], known[name][0]) for name in new if new[name][0] != known[name][0]}
    assert changed == {
        "big": ("fired", "not fired"),
        "kind": ("not fired", "fired"),
        "loyal": ("not fired", "fired"),
        "spender": ("not fired", "fired"),
        "gift": ("not fired", "fired"),
    }


def test_metrics_that_are_not_told_begin_with_the_action(club: Path) -> None:
    """120 dollars are more than 100, in the first purchase; what is told is what counts."""
    action = {**SATURDAY, "fields": {"amount": "120.00 USD", "discs": 1}}
    assert rules(club, action)["spender"][0] == "fired"
    assert rules(club, action, metrics={"spent": "0.00 USD"})["spender"][0] == "not fired"
    assert rules(club, SATURDAY)["spender"][0] == "not fired"


def test_what_was_given_that_day_counts_towards_limits(club: Path) -> None:
    """Of 20 points a day 15 are gone: 5 are granted of 30; on another day nothing changes but the weekend."""
    assert rules(club, SATURDAY)["limited"] == ("fired", 30, 20)
    assert rules(club, SATURDAY, given={"limited": {"points": 15, "times": 1}})["limited"] == ("fired", 30, 5)


def test_the_sum_is_what_the_real_earning_makes(club: Path) -> None:
    """Base 42 and 10 and 30, doubled on a Saturday, of which a limit lets 20 of 30 pass."""
    _, text = explain(club, SATURDAY, "--format", "json")
    assert json.loads(text)["wallets"] == {"points": 42 + 10 + 20 + 82}
    _, text = explain(club, {**SATURDAY, "occurred_at": "2026-03-06T10:00:00-05:00"}, "--format", "json")
    assert json.loads(text)["wallets"] == {"points": 42 + 10 + 20}


def test_the_action_and_the_member_may_lie_in_files(club: Path, tmp_path: Path) -> None:
    """As one line of JSON or spread over several; whoever types it need not make up an id."""
    action, member = tmp_path / "action.jsonl", tmp_path / "member.json"
    action.write_text(json.dumps(SATURDAY), encoding="utf-8")
    member.write_text(json.dumps({"tier": "gold"}), encoding="utf-8")
    from_files = explain(club, str(action), "--member", str(member))
    spread = tmp_path / "action.json"
    spread.write_text(json.dumps(SATURDAY, indent=2), encoding="utf-8")
    assert explain(club, str(spread), "--member", str(member)) == from_files
    unnamed = {name: value for name, value in SATURDAY.items() if name != "id"}
    typed = explain(club, json.dumps(unnamed, indent=2), "--member", json.dumps({"tier": "gold"}, indent=2))
    assert from_files == typed
    assert from_files[0] == 0


@pytest.mark.parametrize(
    ("action", "member", "said"),
    [
        ({**SATURDAY, "type": "purchas"}, "{}", "did you mean `purchase`?"),
        ({**SATURDAY, "fields": {"amount": "1 USD", "discs": "6"}}, "{}", "`discs` must be an integer."),
        ({**SATURDAY, "fields": {"amount": "1 USD"}}, "{}", "the field `discs` of `purchase` is missing."),
        ({"id": 3}, "{}", "`type` is missing. Write it as in"),
        ({**SATURDAY, "id": 3}, "{}", "this is no action in JSON"),
        ({**SATURDAY, "amount": "1 USD"}, "{}", "`amount` cannot stand there; the action's own fields"),
        ("[1]", "{}", "an action stands in braces"),
        ("{type: purchase}", "{}", "line 1, character 2, at `type: purchase}`: a name in double quotes"),
        ('{"type": "purchase",\n "fields": {"discs" 6}}', "{}", "line 2, character 21, at `6}}`: a colon"),
        ('{"type": "purchase"', "{}", "at the end: a comma or a closing bracket is missing"),
        ("{}", "{}", 'Write it as in {"type": "purchase", "member_id": "ana", "occurred_at": "2026-03-07"'),
        ("[" * 100_000, "{}", "too many brackets"),
        (SATURDAY, "{tier: gold}", "line 1, character 2, at `tier: gold}`: a name in double quotes"),
        ("nowhere.json", "{}", "nowhere.json"),
        (SATURDAY, "nowhere.json", "nowhere.json"),
        (SATURDAY, '{"tier": 3}', "The member cannot be read"),
        (SATURDAY, '{"teir": "gold"}', "teir"),
        (SATURDAY, '{"tier": "glod"}', "did you mean `gold`?"),
        (SATURDAY, '{"badges": ["colector"]}', "did you mean `collector`?"),
        (SATURDAY, '{"metrics": {"bougth": 1}}', "did you mean `bought`?"),
        (SATURDAY, '{"metrics": {"spent": 10}}', 'an amount, such as "120.00 USD"'),
        (SATURDAY, '{"metrics": {"bought": "10 USD"}}', "a whole number"),
        (SATURDAY, '{"given": {"limitd": {"points": 1}}}', "did you mean `limited`?"),
        (SATURDAY, '{"joined_at": "07.03.2026"}', "`2026-03-07`"),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(club: Path, action: object, member: str, said: str) -> None:
    """An action that the club would refuse, a member that it cannot have: exit status 2, and why."""
    status, text = explain(club, action, "--member", member)
    assert status == 2
    assert said in text
    assert "Traceback" not in text
    assert "object keys must be strings" not in text


def test_wrong_rules_are_not_explained(club: Path) -> None:
    """They are shown as `check` shows them."""
    (club / "points.yaml").write_text("rules: [{id: x, onn: purchase, earn: {points: 1}}]", encoding="utf-8")
    status, text = explain(club, SATURDAY)
    assert status == 2
    assert "points.yaml:1:17" in text


CROSSING = """
rules:
  - {id: plain, on: refund, earn: {points: 1}}
  - {id: quick, on: refund, earn: {points: 5}, soon_after: {action: purchase, by: discs, at_most: 30 minutes}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50}}
  - {id: gold-friends, on: referral, when: member.tier == "gold", earn: {points: 7}}
"""


def crossing(club: Path, kind: str, **fields: object) -> list[str]:
    """What is told of the rules of points on an action; the club takes disks back."""
    actions = (club / "actions.yaml").read_text(encoding="utf-8") + "  refund: {fields: {discs: integer}}\n"
    (club / "actions.yaml").write_text(actions, encoding="utf-8")
    (club / "points.yaml").write_text(CROSSING, encoding="utf-8")
    action = {"type": kind, "member_id": "ana", "occurred_at": "2026-03-07", "fields": fields}
    status, text = explain(club, action)
    assert status == 0, text
    return [line.strip() for line in text.splitlines() if " rule " in line]


def test_a_rule_that_waits_for_an_earlier_action_says_which(club: Path) -> None:
    """Whether it was is not known of one action alone; the others give at once."""
    assert crossing(club, "refund", discs=2) == [
        "rule plain (points.yaml:3): fired: gives 1 point",
        "rule quick (points.yaml:4): fired: gives 5 points if a purchase with the same discs was at most "
        "30 minutes before",
    ]


def test_a_referral_says_what_it_promises_and_after_what(club: Path) -> None:
    """Nothing is given yet; a condition is about the referral."""
    assert crossing(club, "referral", friend="ben") == [
        "rule friends (points.yaml:5): fired: gives 100 points, and 50 points to the friend, once the friend "
        "first does purchase",
        'rule gold-friends (points.yaml:6): not fired: member.tier == "gold": member.tier is ""',
    ]
