"""What is wrong in a *_test.yaml: each mistake at its place, with its code and the nearest right word."""

import pytest

from cercle.rulebook import compile_rulebook
from services.console.scenarios import Report, run_scenarios
from tests.servers import ROOT

ACTIONS = """
actions:
  purchase:
    fields: {amount: money, channel: text, gift: boolean, discs: integer, id: text,
      items: [{sku: text, price: money}]}
    optional: [channel, gift, discs, items, id]
"""
FILES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "clubs" / "records").glob("*.yaml")}
RULES = {name: text for name, text in FILES.items() if not name.endswith("_test.yaml")} | {
    "actions.yaml": ACTIONS
}
RULEBOOK = compile_rulebook(RULES)


def play(text: str) -> Report:
    """The record shop's rules, and these scenarios."""
    return run_scenarios(RULES | {"a_test.yaml": text}, RULEBOOK)


def story(*steps: str) -> str:
    """One scenario; the first step is in line 4, and begins in column 9."""
    return "scenarios:\n  - name: a story\n    steps:\n" + "".join(f"      - {step}\n" for step in steps)


DO = "at: 2026-03-02 10:00, member: ana, do: purchase"
WRONG = {
    "a date without a time": (
        "{at: 2026-03-02, member: ana, expect: {points: 1}}",
        "R0210",
        "2026-03-02,",
        "10:00`",
    ),
    "a date in French order": (
        "{at: 02.03.2026 10:00, member: ana, expect: {points: 1}}",
        "R0210",
        "02.03",
        "",
    ),
    "a member without quotes": (
        "{at: 2026-03-02 10:00, member: 7, expect: {points: 1}}",
        "R0205",
        "7,",
        "text",
    ),
    "no member": ("{at: 2026-03-02 10:00, expect: {points: 1}}", "R0204", "{at", "`member`"),
    "a misspelt member": (
        "{at: 2026-03-02 10:00, membr: ana, do: purchase, amount: 1 USD}",
        "R0203",
        "membr",
        "`member`",
    ),
    "a misspelt do": (
        "{at: 2026-03-02 10:00, member: ana, doo: purchase, amount: 1 USD}",
        "R0203",
        "doo",
        "`do`",
    ),
    "a misspelt expect": (
        "{at: 2026-03-02 10:00, member: ana, expct: {points: 1}}",
        "R0203",
        "expct",
        "`expect`",
    ),
    "nothing done": ("{at: 2026-03-02 10:00, member: ana}", "R0502", "{at", "exactly one of"),
    "two things done": ("{" + DO + ", amount: 1 USD, expect: {points: 1}}", "R0502", "{at", "exactly one of"),
    "an unknown action": (
        "{at: 2026-03-02 10:00, member: ana, do: purchas}",
        "R0401",
        "purchas",
        "`purchase`",
    ),
    "an unknown field": ("{" + DO + ", amount: 1 USD, chanel: web}", "R0503", "chanel", "`channel`"),
    "a misspelt word of the step": ("{" + DO + ", amount: 1 USD, tims: 3}", "R0503", "tims", "`times`"),
    "a field that is missing": ("{" + DO + "}", "R0503", "purchase", "`amount`"),
    "an amount without a currency": ("{" + DO + ", amount: 42.90}", "R0208", "42.90", "currency"),
    "an amount in another currency": ("{" + DO + ", amount: 42.90 EUR}", "R0406", "42.90", "USD"),
    "a negative amount": ("{" + DO + ", amount: -1.00 USD}", "R0208", "-1.00", "negative"),
    "a number where a text is": ("{" + DO + ", amount: 1 USD, channel: 5}", "R0503", "5}", '`"5"`'),
    "a truth where a text is": ("{" + DO + ", amount: 1 USD, channel: true}", "R0503", "true}", '`"true"`'),
    "a text where a truth is": ("{" + DO + ", amount: 1 USD, gift: yes}", "R0503", "yes", "true or false"),
    "half a disc": ("{" + DO + ", amount: 1 USD, discs: 2.5}", "R0503", "2.5", "integer"),
    "no list": ("{" + DO + ", amount: 1 USD, items: vinyl}", "R0503", "vinyl", "list"),
    "an unknown field in a list": (
        "{" + DO + ", amount: 1 USD, items: [{sku: a, price: 1 USD}, {skuu: a, price: 1 USD}]}",
        "R0503",
        "skuu",
        "`sku`",
    ),
    "a wrong value in a list": (
        "{" + DO + ", amount: 1 USD, items: [{sku: a, price: 1}]}",
        "R0208",
        "1}]",
        "currency",
    ),
    "a field that is missing in a list": (
        "{" + DO + ", amount: 1 USD, items: [{sku: a}]}",
        "R0503",
        "{sku",
        "price",
    ),
    "a wrong field within fields": ("{" + DO + ", amount: 1 USD, fields: {id: 7}}", "R0503", "7}", '`"7"`'),
    "every without times": ("{" + DO + ", amount: 1 USD, every: 1 day}", "R0502", "{at", "`times`"),
    "times with sent_at": (
        "{" + DO + ", amount: 1 USD, times: 2, sent_at: 2026-03-02 11:00}",
        "R0502",
        "{at",
        "`sent_at`",
    ),
    "no times": ("{" + DO + ", amount: 1 USD, times: 0}", "R0211", "0}", "at least 1"),
    "an unknown refusal": ("{" + DO + ", amount: 1 USD, refused: lat}", "R0206", "lat}", "`late`"),
    "an unknown wallet": (
        "{at: 2026-03-02 10:00, member: ana, expect: {pionts: 1}}",
        "R0504",
        "pionts",
        "`points`",
    ),
    "an unknown balance": (
        "{at: 2026-03-02 10:00, member: ana, expect: {points: {availabel: 1}}}",
        "R0203",
        "availabel",
        "`available`",
    ),
    "an unknown tier": (
        "{at: 2026-03-02 10:00, member: ana, expect: {tier: sliver}}",
        "R0504",
        "sliver",
        "`silver`",
    ),
    "an unknown badge": (
        "{at: 2026-03-02 10:00, member: ana, expect: {badges: [colector]}}",
        "R0504",
        "colector",
        "`collector`",
    ),
    "an unknown level": (
        "{at: 2026-03-02 10:00, member: ana, expect: {badges: {collector: sliver}}}",
        "R0504",
        "sliver",
        "`silver`",
    ),
    "an unknown offer": (
        "{at: 2026-03-02 10:00, member: ana, expect: {offers: {welcome-vynil: 1}}}",
        "R0504",
        "welcome-vynil",
        "`welcome-vinyl`",
    ),
    "nothing expected": ("{at: 2026-03-02 10:00, member: ana, expect: {}}", "R0214", "{}", "`expect`"),
    "a hold in no wallet": (
        "{at: 2026-03-02 10:00, member: ana, hold: {id: h, points: 1, in: karma, keep_for: 1 day}}",
        "R0405",
        "karma",
        "`points`",
    ),
    "a hold without an end": (
        "{at: 2026-03-02 10:00, member: ana, hold: {id: h, points: 1}}",
        "R0204",
        "{id",
        "`keep_for`",
    ),
}


@pytest.mark.parametrize(("step", "code", "at", "word"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_step_is_one_error_at_its_very_place(step: str, code: str, at: str, word: str) -> None:
    """One mistake, one error: its code, the line and column of what is wrong, and the right word."""
    report = play(story(step))
    assert [str(error.code) for error in report.errors] == [code], report.errors
    (error,) = report.errors
    assert (error.place.file, error.place.line) == ("a_test.yaml", 4)
    assert error.place.text[error.place.column - 1 :].startswith(at), error
    assert word in error.sentence
    assert report.passed == ()


def test_steps_are_in_the_order_of_time() -> None:
    """The second step is earlier than the end of the first one's repetitions."""
    report = play(
        story(
            "{" + DO + ", amount: 1 USD, times: 3, every: 1 day}",
            "{at: 2026-03-04 09:59, member: ana, expect: {points: 1}}",
        )
    )
    assert [(str(error.code), error.place.line, error.place.column) for error in report.errors] == [
        ("R0501", 5, 14)
    ]
    assert "2026-03-04 10:00" in report.errors[0].sentence


def test_an_action_that_arrives_late_has_its_place_by_its_arrival() -> None:
    """`sent_at` counts for the order of the steps, `at` does not."""
    late = "{at: 2026-03-01 10:00, member: ana, do: purchase, amount: 1 USD, sent_at: 2026-03-03 10:00}"
    assert play(story("{" + DO + ", amount: 1 USD}", late)).passed
    before = play(
        story("{" + DO + ", amount: 1 USD}", late.replace("03-03", "03-02").replace("10:00}", "09:00}"))
    )
    assert [str(error.code) for error in before.errors] == ["R0501"]


def test_all_errors_come_in_one_go_and_nothing_is_played() -> None:
    """Of several files and scenarios, sorted by file and line."""
    wrong, right = "{" + DO + ", amount: 1 USD, chanel: web, discs: x}", "{" + DO + ", amount: 1 USD}"
    files = RULES | {
        "b_test.yaml": story(right, wrong),
        "a_test.yaml": story(wrong),
        "c_test.yaml": story(right),
    }
    report = run_scenarios(files, RULEBOOK)
    found = [(error.place.file, error.place.line, str(error.code)) for error in report.errors]
    assert found == [
        ("a_test.yaml", 4, "R0503"),
        ("a_test.yaml", 4, "R0503"),
        ("b_test.yaml", 5, "R0503"),
        ("b_test.yaml", 5, "R0503"),
    ]
    assert (report.passed, report.failed) == ((), ())


def test_a_step_that_was_misread_has_no_other_error() -> None:
    """A comma for a decimal point makes YAML read another key: that one mistake is told, and no more."""
    report = play(story("{" + DO + ", amount: 42,90 USD}"))
    assert [str(error.code) for error in report.errors] == ["R0208"]


def test_a_file_that_is_no_yaml_is_an_error_too() -> None:
    """It is found as in every other file; a file with no scenario yet is none."""
    assert play("scenarios: [").errors
    assert play("").errors
    assert play("scenarios: []").is_empty


def test_somebody_who_did_nothing_is_said_to_have_and_who_was_probably_meant() -> None:
    """A misspelt member has no points, and no trace that would show why."""
    report = play(
        story(f"{{{DO}, amount: 5 USD}}", "{at: 2026-03-02 10:00, member: anna, expect: {points: 5}}")
    )
    hint = "    `anna` did nothing in this scenario before this step; did you mean `ana`?"
    assert hint in list(report.lines())


def test_an_amount_is_proposed_in_the_currency_of_the_club() -> None:
    """Not in that of the examples."""
    rules = {name: text.replace("USD", "EUR") for name, text in RULES.items()}
    report = run_scenarios(rules | {"a_test.yaml": story(f"{{{DO}, amount: 5}}")}, compile_rulebook(rules))
    assert [each.sentence for each in report.errors] == [
        "`5` lacks the currency; write it after the number, as in `5 EUR`"
    ]


@pytest.mark.parametrize(
    ("step", "at", "said"),
    [
        ("friend: ''", "''", "`friend` is a member id, and one must have 1 to 128 characters"),
        ("friend: offer/x", "offer/x", "`friend` is a member id, and one cannot begin with `offer/`"),
        ("friend: 7", "7", 'this is a text, so it is written in quotes: `"7"`'),
        ("freind: ben", "freind", "`referral` has no field `freind`; did you mean `friend`?"),
    ],
)
def test_a_referral_is_a_step_whose_friend_is_judged(step: str, at: str, said: str) -> None:
    """One error, at its place; a sound one is played."""
    report = play(story(f"{{at: 2026-03-02 10:00, member: ana, do: referral, {step}}}"))
    (error,) = report.errors
    assert error.sentence.startswith(said)
    assert error.place.text[error.place.column - 1 :].startswith(at)
    sound = play(story("{at: 2026-03-02 10:00, member: ana, do: referral, friend: ben}"))
    assert (sound.errors, sound.failed) == ((), ())
