"""Explanations: the part of a condition that decided, and the value that it saw."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.rulebook.actions import ActionType
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts, Vocabularies
from cercle.rulebook.times import Hours, Window

ZONE = ZoneInfo("America/New_York")
PURCHASE = ActionType(
    "purchase",
    {
        "amount": "money",
        "channel": "text",
        "gift": "boolean",
        "discs": "integer",
        "note": "text",
        "wrapped": "boolean",
        "items": {"category": "text", "quantity": "integer", "amount": "money"},
    },
)
VOCABULARY = Vocabularies({"purchase": PURCHASE}, "USD", ZONE, {"purchases": "integer", "spent": "money"})[
    "purchase"
]
FIELDS = {
    "amount": 4290,
    "channel": "till",
    "gift": True,
    "discs": 3,
    "items": (
        {"category": "cd", "quantity": 1, "amount": 1290},
        {"category": "book", "quantity": 2, "amount": 3000},
    ),
}


def at(moment: str) -> int:
    """The instant, in ms, of a moment by the club's clocks."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=ZONE).timestamp() * 1000)


NOON = at("2026-11-30T12:05")  # a Monday
MEMBER = MemberFacts(
    "silver", ("collector", "collector/bronze"), (), at("2025-12-01T10:00"), {"purchases": 2, "spent": 5_000}
)


def explained(when: str | None, window: Window | None = None, occurred_at: int = NOON) -> tuple[bool, str]:
    """Whether an item under that guard fires, and why."""
    if when is not None:
        assert VOCABULARY.problems(when) == []
    guarded = Guarded([Guard("item", when, window)], VOCABULARY, tuple)
    (found,) = guarded.explain(FIELDS, occurred_at, MEMBER)
    assert found.item == "item"
    assert found.fired == bool(guarded.select(FIELDS, occurred_at, MEMBER))
    return found.fired, found.reason


@pytest.mark.parametrize(
    ("condition", "fired", "observed"),
    [
        ('channel == "web"', False, 'channel is "till"'),
        ('"till" == channel', True, 'channel is "till"'),
        ('amount > money("50 USD")', False, "amount is 42.90 USD"),
        ("discs in [1, 2]", False, "discs is 3"),
        ("gift", True, "it is true"),
        ("!gift", False, "it is true"),
        ('!(channel == "till")', False, 'channel is "till"'),
        ('channel.startsWith("w")', False, 'channel is "till"'),
        ("items.size() > 2", False, "items.size() is 2"),
        (
            "items[1].amount > items[0].amount",
            True,
            "items[1].amount is 30.00 USD and items[0].amount is 12.90 USD",
        ),
        ('items.exists(i, i.category == "lp")', False, 'no entry of items has it: category is "cd", "book"'),
        ('items.exists(i, i.category == "cd")', True, 'an entry of items has it: category is "cd"'),
        (
            'items.exists(i, i.category == "cd" && i.amount > money("20 USD"))',
            False,
            'no entry of items has it: category "cd", amount 12.90 USD; category "book", amount 30.00 USD',
        ),
        ("items.all(i, i.quantity > 1)", False, "an entry of items has it not: quantity is 1"),
        ("items.all(i, i.quantity > 0)", True, "every entry of items has it: quantity is 1, 2"),
        ("items.exists_one(i, i.quantity > 0)", False, "2 entries of items have it"),
        ('member.tier == "gold"', False, 'member.tier is "silver"'),
        ('"reader" in member.badges', False, 'member.badges is "collector", "collector/bronze"'),
        (
            'member.badges.exists(b, b.endsWith("gold"))',
            False,
            'no entry of member.badges has it: "collector", "collector/bronze"',
        ),
        ("member.segments.exists(s, s == channel)", False, "member.segments has no entries"),
        ("metrics.purchases >= 3", False, "metrics.purchases is 2"),
        ('metrics.spent >= money("200 USD")', False, "metrics.spent is 50.00 USD"),
        ('local(occurred_at).weekday in ["sat", "sun"]', False, 'local(occurred_at).weekday is "mon"'),
        (
            'occurred_at - member.joined_at > duration("365 days")',
            False,
            "occurred_at - member.joined_at is 364 days 2:05",
        ),
        (
            "member.joined_at == occurred_at",
            False,
            "member.joined_at is 2025-12-01 10:00 and occurred_at is 2026-11-30 12:05",
        ),
        ("gift ? discs > 5 : true", False, "it is false"),
        ("items[4].quantity == 1", False, "it asks for an entry that is not there, so it counts as false"),
        ("1 / (discs - 3) == 1", False, "it divides by 0, so it counts as false"),
        ('channel.matches(channel + "[")', False, "it cannot be worked out, so it counts as false"),
    ],
)
def test_a_comparison_shows_the_value_that_it_saw(condition: str, fired: bool, observed: str) -> None:
    """Of the side that is not written out: money with its currency, texts in quotes, local times."""
    assert explained(condition) == (fired, f"{condition}: {observed}")


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ('note == "hi"', 'note == "hi": note is "" (it was not sent)'),
        ("!wrapped", "!wrapped: it is false (it was not sent)"),
        ('note.contains("hi")', 'note.contains("hi"): note is "" (it was not sent)'),
    ],
)
def test_a_field_that_was_left_out_is_said_to_be(condition: str, reason: str) -> None:
    """Its empty value alone would look as if the shop had sent it."""
    assert explained(condition)[1] == reason


@pytest.mark.parametrize(
    ("condition", "decided"),
    [
        ('gift && discs > 2 && channel == "web"', ['channel == "web": channel is "till"']),
        ('discs > 5 && channel == "web"', ["discs > 5: discs is 3"]),
        ('gift && channel == "till"', ["gift: it is true", 'channel == "till": channel is "till"']),
        ('discs > 5 || channel == "web"', ["discs > 5: discs is 3", 'channel == "web": channel is "till"']),
        ("discs > 5 || discs > 2 || gift", ["discs > 2: discs is 3"]),
        ('!(gift && channel == "till")', ["gift: it is true", 'channel == "till": channel is "till"']),
        ('!(gift && channel == "web")', ['channel == "web": channel is "till"']),
        (
            '(gift && (discs > 5 || channel == "web")) // why not',
            ["discs > 5: discs is 3", 'channel == "web": channel is "till"'],
        ),
        ("1 / (discs - 3) == 1 || gift", ["gift: it is true"]),
        ("1 / (discs - 3) == 1 && discs > 5", ["discs > 5: discs is 3"]),
        (
            'channel == "a && b" || channel == "(c"',
            ['channel == "a && b": channel is "till"', 'channel == "(c": channel is "till"'],
        ),
    ],
)
def test_only_the_parts_that_decided_are_shown(condition: str, decided: list[str]) -> None:
    """Of a false `&&` its first false part, of a false `||` all, of a true `||` the first true one."""
    assert explained(condition)[1] == "; ".join(decided)


SAT_SUN = frozenset((5, 6))
NIGHT = Hours(22 * 60, 2 * 60)


@pytest.mark.parametrize(
    ("window", "moment", "reason"),
    [
        (
            Window(ZONE, begin=at("2026-12-01T00:00")),
            "2026-11-30T12:05",
            "outside its dates: 2026-11-30 is before 2026-12-01",
        ),
        (
            Window(ZONE, begin=at("2026-11-30T18:00")),
            "2026-11-30T12:05",
            "outside its dates: 2026-11-30 12:05 is before 2026-11-30 18:00",
        ),
        (
            Window(ZONE, end=at("2026-11-30T00:00")),
            "2026-11-30T12:05",
            "outside its dates: 2026-11-30 is after 2026-11-29",
        ),
        (
            Window(ZONE, end=at("2026-11-30T12:00")),
            "2026-11-30T12:05",
            "outside its dates: 2026-11-30 12:05 is not before 2026-11-30 12:00",
        ),
        (Window(ZONE, days=SAT_SUN), "2026-11-30T12:05", "outside its days: a Monday is not among sat, sun"),
        (
            Window(ZONE, hours=Hours(18 * 60, 20 * 60)),
            "2026-11-30T12:05",
            "outside its hours: 12:05 is not in 18:00 to 20:00",
        ),
        (
            Window(ZONE, days=SAT_SUN, hours=NIGHT),
            "2026-11-28T01:00",
            "outside its days: a Friday is not among sat, sun (its hours began on the day before)",
        ),
        (Window(ZONE, days=SAT_SUN, hours=NIGHT), "2026-11-30T01:00", "inside its dates"),
        (None, "2026-11-30T12:05", "no condition"),
    ],
)
def test_a_window_says_which_of_its_bounds_it_was(window: Window | None, moment: str, reason: str) -> None:
    """Dates where a day begins or ends, else with the time; the day on which hours past midnight began."""
    fired, said = explained(None, window, at(moment))
    assert (said, fired) == (reason, not reason.startswith("outside"))


def test_a_window_and_a_condition_both_say_why_not() -> None:
    """Someone who mends the one must not find out about the other afterwards."""
    window = Window(ZONE, days=SAT_SUN)
    outside = "outside its days: a Monday is not among sat, sun"
    assert explained('channel == "web"', window) == (False, f'{outside}; channel == "web": channel is "till"')
    assert explained("gift", window) == (False, outside)
    assert explained("gift", window, at("2026-11-29T12:00")) == (True, "gift: it is true")


def test_many_entries_are_not_all_shown() -> None:
    """The first five different ones, and how many there are besides."""
    items = tuple({"category": f"c{number}"} for number in range(9))
    guarded = Guarded([Guard(1, 'items.exists(i, i.category == "x")')], VOCABULARY, tuple)
    (found,) = guarded.explain({"items": items}, NOON, MEMBER)
    assert found.reason.endswith('category is "c0", "c1", "c2", "c3", "c4" and 4 more')


LEAVES = st.sampled_from(
    [
        "gift",
        "discs > 2",
        "discs > 5",
        'channel == "web"',
        'channel in ["till", "web"]',
        "1 / (discs - 3) == 1",
        "items[7].quantity == 1",
        'items.exists(i, i.category == "cd" || i.quantity > 5)',
        'items.all(i, !(i.category == "cd"))',
        'amount >= money("42.90 USD")',
        "(gift ? discs > 5 : gift)",
    ]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.tuples(parts, parts).map(lambda two: f"({two[0]} && {two[1]})"),
        st.tuples(parts, parts, parts).map(lambda three: f"({three[0]} || {three[1]} || {three[2]})"),
        st.tuples(parts, parts).map(lambda two: f"({two[0]}) && ({two[1]})"),
        parts.map(lambda part: f"!({part})"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(CONDITIONS)
def test_what_is_explained_is_what_happened(condition: str) -> None:
    """However a condition is put together, failing parts included: fired as judged, and always a reason."""
    guarded = Guarded([Guard("item", condition)], VOCABULARY, tuple)
    (found,) = guarded.explain(FIELDS, NOON, MEMBER)
    assert found.fired == bool(guarded.select(FIELDS, NOON, MEMBER))
    assert found.reason
