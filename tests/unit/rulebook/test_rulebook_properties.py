"""Order, comments and blanks change nothing; no text whatever makes the compiler crash."""

import io
import random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cercle.domain.action import Action, Field
from cercle.rulebook import MemberFacts, Rulebook, RulebookError, compile_rulebook
from cercle.rulebook.text.source import LONGEST_SHOWN, NOT_SHOWN

FILES = {
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
  purchase:
    fields: {order: text, amount: money, channel: text, items: [{sku: text, quantity: integer}], note: text}
    optional: [channel, items, note]
    personal: [note]
    subject: order
  review: {fields: {stars: integer}}
""",
    "points.yaml": """\
wallets:
  points: {expires: never, transfer: {at_most: 50 points, limit: {points: 90, per: week}}}
  karma: {expires: never, transfer: allowed}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: web, on: purchase, when: channel == "web", earn: {points: 50}, limit: {points: 200, per: day}}
  - {id: large, on: purchase, when: amount > money("50 USD"), multiply: 1.5}
  - {id: gold, on: purchase, when: member.tier == "gold", multiply: 2}
  - {id: review, on: review, when: stars > 3, earn: {points: 5, in: karma}}
  - {id: soon, on: review, soon_after: {action: review, by: stars, at_most: 1 hour}, earn: {points: 7}}
  - {id: friends, on: referral, when: friend != "x", earn: {points: 9, friend: 4, after: review}}
  - {id: more, on: referral, earn: {points: 9}, limit: {times: 1, per: day}}
stacking: {multiply: add}
""",
    "badges.yaml": """\
achievements:
  - id: collector
    badge: {en: Collector, fr: Collectionneuse}
    count: purchase
    levels: {bronze: 5, silver: 25}
  - {id: critic, badge: Critic, count: review, when: stars == 5, levels: {one: 1}}
""",
    "tiers.yaml": """\
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: member, from: 0}, {id: gold, from: 2000, benefits: [free-shipping]}]
""",
    "offers.yaml": """\
offers:
  - id: vinyl
    title: {en: A record, fr: Un disque}
    price: free
    issue: {on: badge_unlocked, when: level == "silver"}
  - id: ten-off
    title: {en: Ten off, fr: Dix de remise}
    price: 500 points
    voucher: {code: "TEN-{8}", valid: 60 days}
    stock: 10
    limit: {times: 2, per: month}
    budget: {total: 100 USD, each: 10 USD}
    during: {days: [mon, sun], until: 2026-12-24}
  - {id: gift, title: A gift, price: free, issue: {on: purchase, when: amount > money("100 USD")}}
""",
}
ORDERED = {"levels", "languages", "benefits"}
"""Ladders are written upwards, and the order of languages and benefits is the one that is read."""


def shuffled(value: Any, order: random.Random, key: str = "") -> Any:
    """The same content, in another order."""
    if isinstance(value, dict):
        items = [(name, shuffled(each, order, name)) for name, each in value.items()]
        return dict(items if key in ORDERED else order.sample(items, len(items)))
    if isinstance(value, list):
        return [
            shuffled(each, order) for each in (value if key in ORDERED else order.sample(value, len(value)))
        ]
    return value


def rewritten(text: str, order: random.Random) -> str:
    """Another order, block or flow style, comments and blanks between the lines."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = order.choice([False, None])
    commented = order.random() < 0.5
    yaml.width = 4096 if commented else 40
    written = io.StringIO()
    yaml.dump(shuffled(yaml.load(text), order), written)
    return written.getvalue().replace("\n", "  # a comment\n\n# another\n" if commented else "\n")


def answers(rulebook: Rulebook) -> list[object]:
    """What the rulebook says of a few actions."""
    points = rulebook.points
    found: list[object] = [sorted(rulebook.actions.items(), key=lambda each: each[0]), rulebook.tiers]
    found += [dict(points.transfers), points.referral_triggers, dict(points.subjects_of)]
    found += [(each.id, each.claim) for each in rulebook.offers.offers.values()]
    sent: list[tuple[str, dict[str, Field]]] = [("referral", {"friend": "ben"}), ("review", {"stars": 5})]
    for kind, said in sent:
        action = Action("s", "1", kind, "m", 0, 0, said)
        found.append((points.rules_for(action, MemberFacts()), points.referrals_for(action, MemberFacts())))
    for tier in ("member", "gold"):
        for fields in ({"order": "o", "amount": 12_000, "channel": "web"}, {"order": "o", "amount": 1}):
            action = Action("s", "1", "purchase", "m", 0, 0, fields)  # type: ignore[arg-type]
            found.append(rulebook.points.rules_for(action, MemberFacts(tier)))
            found.append([each.id for each in rulebook.badges.counted(action, MemberFacts(tier))])
            found.append(
                [each.id for each in rulebook.offers.issued_on("purchase", fields, 0, MemberFacts(tier))]
            )
    return found


EXPECTED = compile_rulebook(FILES)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_order_comments_and_blanks_change_neither_version_nor_results(seed: int) -> None:
    """Rules, keys and files in any order, however they are written: the same rulebook."""
    order = random.Random(seed)
    files = {name: rewritten(text, order) for name, text in order.sample(sorted(FILES.items()), len(FILES))}
    rulebook = compile_rulebook(files)
    assert rulebook.version == EXPECTED.version
    assert answers(rulebook) == answers(EXPECTED)


def test_defaults_written_out_change_no_version() -> None:
    """`in: points`, `join: on first action`, `stacking: {multiply: best}`, ISO durations, 1.00 for 1."""
    rules = "rules:\n  - {id: a, on: purchase, earn: {points: 1, for_each: 1 USD}}\n"
    same = (
        "rules:\n  - {id: a, on: purchase, earn: {points: 1, for_each: 1.00 USD, in: points}}\n"
        "stacking: {multiply: best}\nwallets: {}\n"
    )
    club = FILES["club.yaml"].replace("30 days", "P30D") + "join: on first action\n"
    short = {**FILES, "points.yaml": rules}
    assert (
        compile_rulebook({**short, "club.yaml": club, "points.yaml": same}).version
        == compile_rulebook(short).version
    )


def test_whatever_changes_a_result_changes_the_version() -> None:
    """Each of these edits is a new rulebook."""
    edits = [
        ("points.yaml", "points: 50", "points: 51"),
        ("points.yaml", "multiply: 1.5", "multiply: 1.25"),
        ("points.yaml", '"50 USD"', '"51 USD"'),
        ("points.yaml", "multiply: add", "multiply: product"),
        ("club.yaml", "New_York", "Chicago"),
        ("club.yaml", "30 days", "31 days"),
        ("club.yaml", "[en, fr]", "[fr, en]"),
        ("actions.yaml", "optional: [channel, items, note]", "optional: [channel, items]"),
        ("badges.yaml", "silver: 25", "silver: 26"),
        ("tiers.yaml", "2000", "2001"),
        ("offers.yaml", "Un disque", "Un vinyle"),
    ]
    edited = [{**FILES, name: FILES[name].replace(old, new)} for name, old, new in edits]
    versions = {compile_rulebook(files).version for files in edited}
    assert len(versions - {EXPECTED.version}) == len(edits)


PIECES = [
    "",
    ":",
    "\n",
    " ",
    "  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "&a ",
    "*a",
    "!t ",
    "|\n",
    ">\n",
    "#",
    "%",
    "\t",
]
PIECES += [
    "null",
    "true",
    "-1",
    "1.5",
    "1e999",
    "9" * 40,
    "\ud83d\ude00",
    "é",
    "\x00",
    "\u2028",
    "when: ",
    "&&",
    "(",
    ")",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_damaged_file_is_sound_or_told_and_never_crashes(name: str, data: st.DataObject) -> None:
    """A few cuts and insertions anywhere: a rulebook, or a RulebookError whose places lie in the files."""
    text = FILES[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 8)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    check_told({**FILES, name: text})


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("abi.()[]{}\"'\\&|!=<>+-*/%?:, 0159\nuxé"), max_size=25))
@example("money(")
@example("01u")
@example("0x5u == 5u")
@example("(" * 249 + "true" + ")" * 249)
@example("true || " * 12_499 + "true")
@example('money("")')
@example("items.map(i, i.sku)")
def test_a_random_condition_is_sound_or_told_and_never_crashes(condition: str) -> None:
    """Whatever stands after `when`, the caret lies within the file."""
    quoted = condition.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    rules = f'rules:\n  - {{id: a, on: purchase, when: "{quoted}", earn: {{points: 1}}}}\n'
    check_told({**FILES, "points.yaml": rules})


def check_told(files: dict[str, str]) -> None:
    """Compiles, or fails with places that exist."""
    try:
        assert compile_rulebook(files).version
    except RulebookError as error:
        assert error.diagnostics
        assert list(error.diagnostics) == sorted(error.diagnostics)
        for each in error.diagnostics:
            lines = files[each.place.file].split("\n") if each.place.file in files else [""]
            line = lines[each.place.line - 1].rstrip("\r")
            assert 1 <= each.place.column <= len(line) + 2
            if len(line) <= LONGEST_SHOWN:
                assert NOT_SHOWN.sub("\ufffd", line) == each.place.text
