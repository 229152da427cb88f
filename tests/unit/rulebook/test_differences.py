"""What changes from one rulebook to another: the sentences, and that none is missing."""

from pathlib import Path

import pytest

from cercle.rulebook import FILES, compile_rulebook
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.differences import differences
from cercle.rulebook.folder import Folder

RECORDS = {
    path.name: path.read_text(encoding="utf-8")
    for path in (Path(__file__).parents[3] / "clubs" / "records").glob("*.yaml")
    if path.name in FILES
}
POINTS = """\
wallets: {karma: {expires: never}}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: vinyl-lover, on: purchase, when: discs > 1, earn: {points: 50}, limit: {points: 200, per: month}}
  - {id: double, on: purchase, multiply: 2}
"""
CASES = [
    ("points.yaml", "points: 50}", "points: 60}", ["rule `vinyl-lover` now gives 60 points instead of 50"]),
    (
        "points.yaml",
        "earn: {points: 50}, limit: {points: 200, per: month}",
        "earn: {points: 60}",
        [
            "rule `vinyl-lover` now gives 60 points instead of 50; "
            "its monthly limit is gone (at most 200 points per month)"
        ],
    ),
    (
        "points.yaml",
        "per: month",
        "per: day",
        [
            "rule `vinyl-lover`: its limit is now at most 200 points per day instead of at most 200 points "
            "per month (counted from the start of the new version)"
        ],
    ),
    ("points.yaml", "multiply: 2", "multiply: 1.5", ["rule `double` now multiplies by 1.5 instead of 2"]),
    (
        "points.yaml",
        "multiply: 2",
        "earn: {points: 3, in: karma}",
        ["rule `double` now gives 3 karma; no longer multiplies times 2"],
    ),
    (
        "points.yaml",
        "when: discs > 1, ",
        "",
        ["rule `vinyl-lover` now always: its condition `discs > 1` is gone"],
    ),
    (
        "points.yaml",
        "discs > 1",
        "discs > 2",
        ["rule `vinyl-lover` now when `discs > 2` instead of when `discs > 1`"],
    ),
    (
        "points.yaml",
        "  - {id: double, on: purchase, multiply: 2}\n",
        "",
        ["rule `double` is gone: it was on purchase, times 2"],
    ),
    (
        "points.yaml",
        "id: double,",
        "id: twice,",
        [
            "rule `double` is called `twice` now, and nothing else about it changes: "
            "what members did under the old name is not counted under the new one"
        ],
    ),
    (
        "points.yaml",
        "wallets: {karma: {expires: never}}\n",
        "",
        ["wallet `karma` is gone"],
    ),
    (
        "points.yaml",
        "rules:\n",
        "stacking: {multiply: add}\nrules:\n",
        ["stacking is now `{multiply: add}`; it was not written before"],
    ),
    (
        "points.yaml",
        "karma: {expires: never}",
        "karma: {expires: never, transfer: {at_most: 50 karma, limit: {times: 3, per: week}}}",
        [
            "wallet `karma` now lets members send it to each other, at most 50 karma at once and at most "
            "3 times per week"
        ],
    ),
    (
        "points.yaml",
        "karma: {expires: never}",
        "karma: {expires: never}, coins: {transfer: {}}",
        ["new wallet `coins`: sent between members, without limits"],
    ),
    (
        "points.yaml",
        "id: vinyl-lover, on: purchase,",
        "id: vinyl-lover, on: purchase, soon_after: {action: purchase, by: discs, at_most: 1 hour},",
        ["rule `vinyl-lover` now only at most 1 hour after purchase with the same discs"],
    ),
    (
        "points.yaml",
        "rules:\n",
        "rules:\n  - {id: friends, on: referral, earn: {points: 100, friend: 50}}\n",
        ["new rule `friends`: on referral, 100 points, and 50 points to the friend"],
    ),
    (
        "badges.yaml",
        "silver: 25",
        "silver: 30",
        ["achievement `collector`: its level `silver` is now `30` instead of `25`"],
    ),
    (
        "badges.yaml",
        "fr: Collectionneuse",
        "fr: Amatrice",
        ["achievement `collector`: its name in `fr` is now `Amatrice` instead of `Collectionneuse`"],
    ),
    ("tiers.yaml", "from: 500", "from: 600", ["tier `silver` now begins at `600` instead of `500`"]),
    ("club.yaml", "lateness: 30 days", "lateness: 1 week", ["lateness is now `7 days` instead of `30 days`"]),
    (
        "actions.yaml",
        "discs: integer",
        "discs: integer, shop: text",
        ["action `purchase`: its field `shop` is new: `text`"],
    ),
]


def folder(files: dict[str, str]) -> Folder:
    """The folder of sound files."""
    findings = Findings()
    read = Folder(files, findings)
    assert not findings.errors
    return read


def sentences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """What is said of the change."""
    return [each.sentence for each in differences(folder(old), folder(new))]


CLUB = {**RECORDS, "points.yaml": POINTS}


@pytest.mark.parametrize(("file", "old", "new", "expected"), CASES)
def test_a_change_is_told_in_a_sentence(file: str, old: str, new: str, expected: list[str]) -> None:
    """One small change of one file, and exactly what a marketer reads of it."""
    assert old in CLUB[file]
    assert sentences(CLUB, {**CLUB, file: CLUB[file].replace(old, new)}) == expected


RICH = {
    **CLUB,
    "metrics.yaml": "metrics:\n  discs: {sum: purchase.discs, over: 12 months}\n",
    "segments.yaml": """\
segments:
  - {id: fan, when: metrics.discs >= 3}
  - {id: reach, bands_of: points earned, over: 12 months, bands: {visitor: 0, vip: 300}}
""",
    "offers.yaml": """\
offers:
  - id: ten-off
    title: {en: Ten off, fr: Dix de remise}
    price: 500 points
    voucher: {code: "TEN-{8}", valid: 60 days}
    stock: 1000
    budget: {total: 20000 USD, each: 10 USD}
    during: {days: [sat, sun], until: 2026-12-24}
""",
}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("offers.yaml", "500 points", "400 points", "now costs `400 points` instead of `500 points`"),
        ("offers.yaml", "    stock: 1000\n", "", ": stock is no longer written; it was `1000`"),
        (
            "offers.yaml",
            "each: 10 USD",
            "each: 15 USD",
            ": budget `each` is now `15 USD` instead of `10 USD`",
        ),
        ("offers.yaml", "Ten off", "10 off", ": its title in `en` is now `10 off` instead of `Ten off`"),
        ("offers.yaml", "[sat, sun]", "[sun, fri]", ": of the during `days`, `fri` is new and `sat` is gone"),
        (
            "offers.yaml",
            "    during: {days: [sat, sun], until: 2026-12-24}\n",
            "",
            "no longer only during `{days: [sat, sun], until: 2026-12-24}`",
        ),
        ("metrics.yaml", "12 months", "24 months", "now looks back over `24 months` instead of `12 months`"),
        (
            "segments.yaml",
            ">= 3",
            ">= 5",
            "now takes members with `metrics.discs >= 5` instead of `metrics.discs >= 3`",
        ),
        ("segments.yaml", "vip: 300", "vip: 400", ": its band `vip` is now `400` instead of `300`"),
        ("tiers.yaml", ", early-access", "", ": of the benefits, `early-access` is gone"),
        (
            "points.yaml",
            "on: purchase, mult",
            "on: refund, mult",
            "now fires on `refund` instead of `purchase`",
        ),
        (
            "points.yaml",
            "for_each: 1 USD",
            "for_each: 2 USD",
            "now gives 1 point for each 2 USD instead of 1",
        ),
    ],
)
def test_what_changes_is_said_in_the_words_of_its_kind(file: str, old: str, new: str, expected: str) -> None:
    """An offer costs, a tier begins, a metric looks back; of a list, only what comes and goes."""
    assert old in RICH[file]
    (told,) = sentences(RICH, {**RICH, file: RICH[file].replace(old, new)})
    assert expected in told


SAID = """\
wallets: {karma: {transfer: {at_most: 50 karma}}}
rules:
  - {id: soon, on: purchase, earn: {points: 5}, soon_after: {action: refund, by: order, at_most: 1 hour}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50}}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "transfer: {at_most: 50 karma}",
            "transfer: allowed",
            "wallet `karma`: what members may send each other is now without limits instead of "
            "at most 50 karma at once",
        ),
        (
            "transfer: {at_most: 50 karma}",
            "expires: never",
            "wallet `karma` no longer lets members send it to each other",
        ),
        (
            "1 hour",
            "2 hours",
            "rule `soon` now only at most 2 hours after refund with the same order instead of at most "
            "1 hour after refund with the same order",
        ),
        (
            ", soon_after: {action: refund, by: order, at_most: 1 hour}",
            "",
            "rule `soon` now at any time, and no longer only at most 1 hour after refund with the same order",
        ),
        (
            "friend: 50",
            "friend: 50, after: refund",
            "rule `friends` now gives 100 points, and 50 points to the friend, after the friend's first "
            "refund instead of 100 points, and 50 points to the friend",
        ),
        (
            "friend: 50",
            "friend: 20",
            "rule `friends` now gives 100 points, and 20 points to the friend instead of 100 points, and "
            "50 points to the friend",
        ),
    ],
)
def test_what_crosses_members_is_said_as_a_marketer_would(old: str, new: str, expected: str) -> None:
    """Transfers, quick answers and referrals, when what is written of them changes or goes."""
    assert old in SAID
    before, after = ({**CLUB, "points.yaml": text} for text in (SAID, SAID.replace(old, new)))
    assert sentences(before, after) == [expected]


@pytest.mark.parametrize(("file", "old", "new", "_"), CASES)
def test_every_change_of_the_version_is_told_both_ways(file: str, old: str, new: str, _: list[str]) -> None:
    """The versions' hashes differ, so there is a sentence, also back again."""
    changed = {**CLUB, file: CLUB[file].replace(old, new)}
    assert compile_rulebook(changed).version != compile_rulebook(CLUB).version
    assert sentences(CLUB, changed)
    assert sentences(changed, CLUB)


def test_the_order_of_rules_comments_and_defaults_are_no_change() -> None:
    """Equal versions have no difference."""
    lines = POINTS.splitlines(keepends=True)
    moved = "".join([*lines[:2], *reversed(lines[2:]), "# a remark\n", "stacking: {multiply: best}\n"])
    assert compile_rulebook({**CLUB, "points.yaml": moved}).version == compile_rulebook(CLUB).version
    assert sentences(CLUB, {**CLUB, "points.yaml": moved}) == []


def test_a_whole_file_that_comes_or_goes_is_told_thing_by_thing() -> None:
    """Each achievement, each tier, each setting of the file."""
    without = {name: text for name, text in CLUB.items() if name not in ("badges.yaml", "tiers.yaml")}
    assert sentences(CLUB, without)[0] == (
        "achievement `collector` is gone: it was badge {en: Collector, fr: Collectionneuse}, "
        "count purchase, levels {bronze: 5, silver: 25, gold: 100}"
    )
    assert [line.split(":")[0] for line in sentences(without, CLUB)] == [
        "new achievement `collector`",
        "period is now `all time`; it was not written before",
        "qualify_by is now `points earned`; it was not written before",
        "new tier `gold`",
        "new tier `member`",
        "new tier `silver`",
    ]
