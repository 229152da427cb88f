"""The language as it was agreed on, by example: `vocabulary/` is a club of every file and every key of it.

One thing differs from the page that the club was copied from: in metrics.yaml the condition of
`train_spend` stands in quotes. Within braces a comma ends a text, so that unquoted it would be cut
at `items.exists(i`; the page's own spelling is R0103, and the message shows the quoted one.
"""

from pathlib import Path

import pytest

from cercle.rulebook import FILES, compile_rulebook
from cercle.rulebook.check import check_files
from cercle.rulebook.codes import Code, Severity
from services.console.checking import check_club
from services.console.scenarios import run_scenarios

FOLDER = Path(__file__).parent / "vocabulary"
CLUB = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml"))}
SCENARIOS = "records_test.yaml"
SPELLINGS = [
    ("club.yaml", "join: on first action", "join: on member_joined"),
    ("club.yaml", "lateness: 30 days", "lateness: P30D"),
    ("club.yaml", "name: {en: The Record Circle, fr: Le Cercle des disques}", "name: The Record Circle"),
    ("points.yaml", "pending: 14 days", "pending: P14D"),
    ("points.yaml", "on_refund: within_balance", "on_refund: only_pending"),
    ("points.yaml", "on_refund: within_balance", "on_refund: allow_negative"),
    ("points.yaml", "for_each: 1 USD", "for_each: item"),
    ("points.yaml", "for_each: 1 USD", "for_each: quantity"),
    ("points.yaml", "for_each: 1 USD", "nth: 10"),
    ("points.yaml", "for_each: 1 USD", "first: true"),
    ("points.yaml", "{points: 50}", "{bands: [{from: 0 USD, points: 5}, {from: 50 USD, points: 20}]}"),
    ("points.yaml", "limit: {points: 200, per: month}", "limit: {points: 200, per: week}"),
    ("points.yaml", "limit: {points: 200, per: month}", "limit: {points: 200, per: life}"),
    ("points.yaml", "limit: {points: 200, per: month}", "limit: {points: 200, per: 30 days}"),
    ("points.yaml", "limit: {times: 1, per: year}", "group: welcome"),
    ("points.yaml", "on: birthday", "on: member_joined"),
    (
        "points.yaml",
        "on: birthday\n    earn: {points: 200}",
        "on: referral\n    earn: {points: 9, friend: 5}",
    ),
    ("points.yaml", "at_most: 30 minutes", "at_most: PT30M"),
    ("points.yaml", "until: 2026-12-24", "until: 2026-12-24 18:00"),
    ("points.yaml", "stacking: {multiply: best}", "stacking: {multiply: add}"),
    ("points.yaml", "stacking: {multiply: best}", "stacking: {multiply: product}"),
    ("badges.yaml", "count: purchase  ", "sum: purchase.items.quantity  "),
    (
        "badges.yaml",
        "count: purchase                             # count | sum: purchase.amount | distinct: "
        "purchase.items.category\n    levels: {bronze: 5, silver: 25, gold: 100}",
        "sum: purchase.amount\n    levels: {bronze: 5 USD, silver: 25 USD}",
    ),
    ("badges.yaml", "count: purchase  ", "distinct: purchase.items.category  "),
    ("badges.yaml", "progress: shown", "progress: secret"),
    ("badges.yaml", "from: publication", "from: the beginning"),
    ("tiers.yaml", "period: calendar year", "period: all time"),
    ("tiers.yaml", "period: calendar year", "period: rolling 12 months"),
    ("tiers.yaml", "period: calendar year", "period: anniversary of joining"),
    ("tiers.yaml", "downgrade: one level at a time", "downgrade: to the balance"),
    ("offers.yaml", 'code: "TEN-{8}"', "pool: vouchers/ten-off.csv"),
    ("offers.yaml", "price: 500 points", "price: free"),
]


@pytest.fixture(scope="module")
def page() -> list[tuple[Code, str]]:
    """What is said of the club but R0701, with the word that it is about."""
    found = check_club(CLUB).diagnostics
    return [(each.code, each.place.text.split()[0]) for each in found if each.code is not Code.INACTIVE]


def test_the_club_has_every_file_of_the_language() -> None:
    """And scenarios."""
    assert CLUB.keys() == {*FILES, SCENARIOS}


def test_the_whole_vocabulary_is_sound(page: list[tuple[Code, str]]) -> None:
    """Every key and word is known; `categories` is shown as a metric, and nothing on the page uses it."""
    assert page == [(Code.UNUSED_METRIC, "categories:")]
    assert compile_rulebook({name: CLUB[name] for name in FILES})


def test_the_comma_in_braces_is_told_with_the_quotes_that_it_wants() -> None:
    """The page's own spelling of `train_spend`."""
    bare = CLUB["metrics.yaml"].replace("'", "")
    assert bare != CLUB["metrics.yaml"]
    found = check_files({**CLUB, "metrics.yaml": bare}).diagnostics
    [error] = [each for each in found if each.code is Code.WANTS_QUOTES]
    assert """when: 'items.exists(i, i.category == "trains")', over""" in error.sentence


@pytest.mark.parametrize(("file", "written", "other"), SPELLINGS)
def test_what_the_page_names_beside_its_examples_is_sound(file: str, written: str, other: str) -> None:
    """The other words of a key, other shapes of a rule, and ISO 8601 lengths of time."""
    assert written in CLUB[file]
    files = {**CLUB, file: CLUB[file].replace(written, other)}
    told = {each.code for each in check_files(files).diagnostics}
    assert told <= {Code.INACTIVE, Code.UNUSED_METRIC}, check_files(files).diagnostics


def test_a_place_is_near() -> None:
    """`near` wants the action's `lat` and `lon`."""
    actions = CLUB["actions.yaml"].replace(
        "channel: text, items", "lat: text, lon: text, channel: text, items"
    )
    near = "{points: 50, near: {lat: 46.2, lon: 6.14, radius: 2 km}}"
    files = {
        **CLUB,
        "actions.yaml": actions,
        "points.yaml": CLUB["points.yaml"].replace("{points: 50}", near),
    }
    assert {each.code for each in check_files(files).diagnostics} <= {Code.INACTIVE, Code.UNUSED_METRIC}


def test_the_scenario_runs_and_fails_only_where_pending_is_not_acted_on() -> None:
    """Its steps are read and played; 42 points are there at once, since nothing waits for 14 days yet."""
    report = run_scenarios(CLUB, compile_rulebook(CLUB))
    assert report.errors == ()
    [failed] = report.failed
    assert [tuple(each) for each in failed.different] == [
        ("points, available", "0", "42"),
        ("points, pending", "42", "0"),
    ]


def test_without_what_is_not_acted_on_the_scenario_passes() -> None:
    """The same steps, with what this version makes of `pending`, and before the refund."""
    steps = CLUB[SCENARIOS].replace("available: 0, pending: 42", "available: 42, pending: 0")
    steps = steps[: steps.index("      - {at: 2026-03-17")]
    report = run_scenarios({**CLUB, SCENARIOS: steps}, compile_rulebook(CLUB))
    assert (report.errors, report.failed, len(report.passed)) == ((), (), 1)


@pytest.mark.parametrize(
    ("condition", "code", "carets", "said"),
    [
        (
            'items.exists(i, i.categry == "vinyl")',
            Code.CONDITION_FIELD,
            "categry",
            "did you mean `category`?",
        ),
        ('member.teir == "gold"', Code.CONDITION_FIELD, "teir", "did you mean `tier`?"),
        ("metrics.trane_answers > 3", Code.CONDITION_FIELD, "trane_answers", "did you mean `train_answers`?"),
        ('chanel == "web"', Code.CONDITION_FIELD, "chanel", "did you mean `channel`?"),
        ('topic == "trains"', Code.CONDITION_FIELD, "topic", "is not a field of `purchase`"),
        ("amount > 50", Code.CONDITION_AMOUNT, "50", 'write money("50 USD")'),
        ("metrics.train_spend > 50", Code.CONDITION_AMOUNT, "50", 'write money("50 USD")'),
        ('amount == "50 USD"', Code.CONDITION_AMOUNT, '"50 USD"', 'money("50 USD")'),
        ("amount == channel", Code.CONDITION_AMOUNT, "==", "text"),
        ("amount", Code.CONDITION_NOT_BOOLEAN, "amount", "true or false"),
    ],
)
def test_a_wrong_condition_is_told_at_the_very_token(
    condition: str, code: Code, carets: str, said: str
) -> None:
    """A misspelt field of an entry, of the member or of metrics; money against what is no money."""
    points = CLUB["points.yaml"].replace('when: channel == "web"', f"when: {condition}")
    found = check_files({**CLUB, "points.yaml": points}).diagnostics
    [error] = [each for each in found if each.severity is Severity.ERROR]
    place = error.place
    assert error.code == code
    assert place.text[place.column - 1 :][: place.length] == carets
    assert said in error.sentence
