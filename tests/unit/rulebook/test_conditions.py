"""Conditions at work: which rules fire for which action."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.domain.action import Action, Field
from cercle.rulebook import EarnRule, Limit, MemberFacts, MultiplyRule, Rulebook, compile_rulebook
from cercle.rulebook.actions import ActionType
from cercle.rulebook.conditions.guarded import Guard, Guarded, Vocabularies, Vocabulary
from cercle.rulebook.conditions.text import metrics_in
from cercle.rulebook.times import Window

CLUB = """\
club: shop
name: Shop
time_zone: Europe/Paris
languages: [en]
currency: EUR
lateness: P30D
"""
ACTIONS = """\
actions:
  purchase:
    fields: {amount: money, channel: text, gift: boolean, discs: integer,
             items: [{sku: text, quantity: integer, amount: money, gift: boolean}]}
    optional: [amount, channel, gift, discs, items]
  visit: {fields: {shop: text}}
"""
AT = 1_772_445_600_000  # 2026-03-02 10:00 UTC


def rulebook(points: str, **files: str) -> Rulebook:
    """A club with these rules."""
    more = {f"{name}.yaml": text for name, text in files.items()}
    return compile_rulebook({"club.yaml": CLUB, "actions.yaml": ACTIONS, "points.yaml": points, **more})


def under(*conditions: str) -> Rulebook:
    """A club with a rule for each condition: r0, r1..."""
    rules = "".join(
        f"  - id: r{number}\n    on: purchase\n    earn: {{points: 1}}\n    when: >-\n      {condition}\n"
        for number, condition in enumerate(conditions)
    )
    return rulebook("rules:\n" + rules)


PARIS = ZoneInfo("Europe/Paris")
PURCHASE = ActionType(
    "purchase", {"amount": "money", "channel": "text", "items": {"sku": "text", "amount": "money"}}
)


def vocabulary() -> Vocabulary:
    """Of a purchase, in a club with two metrics."""
    metrics = {"purchases": "integer", "spent": "money"}
    return Vocabularies({"purchase": PURCHASE}, "EUR", PARIS, metrics)["purchase"]  # type: ignore[arg-type]


def holds(condition: str, member: MemberFacts = MemberFacts(), occurred_at: int = AT) -> bool:  # noqa: B008
    """Whether a sound condition is true of a purchase without fields."""
    known = vocabulary()
    assert known.problems(condition) == []
    return known.compile([condition]).hold({}, occurred_at, member) == [True]


def paris(moment: str) -> int:
    """The instant, in ms, of a moment with its offset."""
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def fired(rules: Rulebook, tier: str = "", **fields: Field) -> list[str]:
    """Ids of the earn rules that fire for a purchase."""
    action = Action("shop", "1", "purchase", "ana", AT, AT, fields)
    return [rule.id for rule in rules.points.rules_for(action, MemberFacts(tier)).earn]


@pytest.mark.parametrize(
    ("condition", "fields", "tier"),
    [
        ('amount >= money("50 EUR")', {"amount": 5000}, ""),
        ('amount > money("49.99 EUR") && amount < money( "50.01 EUR" )', {"amount": 5000}, ""),
        ("amount == money('10000000000.00 EUR')", {"amount": 10**12}, ""),
        ('channel == "web"', {"channel": "web"}, ""),
        ('channel in ["web", "app"] // wherever one clicks', {"channel": "app"}, ""),
        ("gift", {"gift": True}, ""),
        ("discs > 2 && discs < 4", {"discs": 3}, ""),
        ("discs == -9223372036854775808", {"discs": -(2**63)}, ""),
        ('member.tier == "gold"', {}, "gold"),
        (
            'items.exists(i, i.sku == "b" && i.quantity == 2 && i.amount >= money("5 EUR") && !i.gift)',
            {
                "items": (
                    {"sku": "a", "quantity": 1, "amount": 1, "gift": True},
                    {"sku": "b", "quantity": 2, "amount": 500, "gift": False},
                )
            },
            "",
        ),
        ('occurred_at == timestamp("2026-03-02T10:00:00Z")', {}, ""),
        ('occurred_at.getHours("Europe/Paris") == 11', {}, ""),
    ],
)
def test_a_condition_fires_when_it_is_true_and_only_then(
    condition: str, fields: dict[str, Field], tier: str
) -> None:
    """The rule fires for the action that it describes; the rule of its negation does not."""
    text, _, comment = condition.partition("//")
    both = under(condition, f"!({text})")
    assert fired(both, tier, **fields) == ["r0"], comment


def test_an_absent_optional_field_reads_as_its_zero() -> None:
    """Text "", integer 0, no money, false, an empty list."""
    rules = under('channel == "" && discs == 0 && amount == money("0 EUR") && !gift && items.size() == 0')
    assert fired(rules) == ["r0"]


def test_a_condition_that_fails_is_false_and_spoils_no_other() -> None:
    """A division by zero and an index past the end: the other rules fire as if these were not there."""
    rules = under("1 / discs == 1", "true || gift", 'items[0].sku == "a"', "!gift")
    assert fired(rules, discs=0) == ["r1", "r3"]
    assert fired(rules, discs=1) == ["r0", "r1", "r3"]


def test_more_conditions_than_one_expression_holds_all_count() -> None:
    """CEL limits an expression's length; rules beyond it are evaluated as well, and keep their order."""
    rules = under(*(f'channel == "{"x" * 100}{number}" || discs == {number}' for number in range(1500)))
    assert fired(rules, discs=1499) == ["r1499"]
    assert fired(rules, discs=7) == ["r7"]


def test_rules_of_one_action_come_sorted_and_split_by_kind() -> None:
    """Earn and multiply rules, each by id, whatever their order in the file; exact factors; limits a day."""
    rules = rulebook(
        """\
wallets: {karma: {expires: never}}
rules:
  - {id: z, on: purchase, earn: {points: 5, in: karma}, limit: {times: 2, per: day}}
  - {id: m, on: purchase, multiply: 1.1, when: gift, limit: {points: 100, per: day}}
  - {id: b, on: purchase, multiply: 2}
  - {id: a, on: purchase, when: gift, earn: {points: 1}}
  - {id: v, on: visit, earn: {points: 1}}
stacking: {multiply: add}
"""
    )
    action = Action("shop", "1", "purchase", "ana", AT, AT, {"gift": True})
    found = rules.points.rules_for(action, MemberFacts())
    assert found.earn == (
        EarnRule("a", "points", 1, None, None),
        EarnRule("z", "karma", 5, None, Limit(None, 2)),
    )
    assert [(rule.id, str(rule.factor), rule.limit) for rule in found.multiply] == [
        ("b", "2", None),
        ("m", "11/10", Limit(100, None)),
    ]
    assert all(isinstance(rule, MultiplyRule) and rule.wallet == "points" for rule in found.multiply)
    assert rules.points.wallets == {"points", "karma"}
    assert rules.points.stacking == "add"


def test_achievements_and_offers_have_conditions_too() -> None:
    """Counted and issued only when true; an offer on an action says that actions concern offers."""
    rules = rulebook(
        "rules: []",
        badges="""\
achievements:
  - {id: clicker, badge: Clicker, count: purchase, when: channel == "web", levels: {one: 1}}
  - {id: buyer, badge: Buyer, count: purchase, levels: {one: 1}}
""",
        offers="""\
offers:
  - {id: second, title: B, price: free, issue: {on: purchase, when: gift}}
  - {id: first, title: A, price: free, issue: {on: purchase}}
  - {id: up, title: C, price: free, issue: {on: tier_changed, when: previous == "" && member.tier == "gold"}}
""",
    )
    web = Action("shop", "1", "purchase", "ana", AT, AT, {"channel": "web"})
    till = Action("shop", "2", "purchase", "ana", AT, AT, {"channel": "till"})
    assert [each.id for each in rules.badges.counted(web, MemberFacts())] == ["buyer", "clicker"]
    assert [each.id for each in rules.badges.counted(till, MemberFacts())] == ["buyer"]
    assert rules.offers.concern_actions
    issued = rules.offers.issued_on("purchase", {"gift": True}, AT, MemberFacts())
    assert [offer.id for offer in issued] == ["first", "second"]
    gold = rules.offers.issued_on("tier_changed", {"tier": "gold", "previous": ""}, AT, MemberFacts("gold"))
    assert [offer.id for offer in gold] == ["up"]


@pytest.mark.parametrize(
    "condition",
    [
        '"collector" in member.badges && "collector/gold" in member.badges',
        '!("reader" in member.badges)',
        'member.badges.exists(badge, badge.startsWith("coll"))',
        'member.segments == ["fan"] && "fan" in member.segments',
        "metrics.purchases == 3 && metrics.purchases + 1 > 3",
        'metrics.spent >= money("50 EUR")',
        'occurred_at - member.joined_at == duration("30 days")',
        'occurred_at - member.joined_at > duration("4 weeks") + duration("36 hours")',
        "local(member.joined_at).month == 1 && local( occurred_at ).month == 3",
    ],
)
def test_conditions_know_the_member_as_they_are_told(condition: str) -> None:
    """Badges and their levels, segments, the metrics, and since when."""
    joined_at = AT - 30 * 86_400_000
    member = MemberFacts(
        "", ("collector", "collector/gold"), ("fan",), joined_at, {"purchases": 3, "spent": 5_000}
    )
    assert holds(condition, member)
    assert not holds(f"!({condition})", member)


def test_someone_who_has_not_joined_joins_with_the_action() -> None:
    """They have been members for no time at all, and not since 1970; what else is not told is empty or 0."""
    assert holds('member.joined_at == occurred_at && member.tier == "" && member.badges == []')
    assert holds('local(member.joined_at).date == "2026-03-02"')
    assert holds('metrics.purchases == 0 && metrics.spent == money("0 EUR")')


def test_a_metric_beyond_what_conditions_can_count_is_the_largest_number() -> None:
    """A sum of many large numbers is compared as the largest or the smallest, and no action fails for it."""
    huge = MemberFacts(metrics={"purchases": 10**30, "spent": 10**30})
    assert holds('metrics.purchases == 9223372036854775807 && metrics.spent > money("1 EUR")', huge)
    assert holds("metrics.purchases == -9223372036854775808", MemberFacts(metrics={"purchases": -(10**30)}))


@pytest.mark.parametrize(
    ("moment", "condition"),
    [
        (
            "2026-12-24T23:30+01:00",
            'l.date == "2026-12-24" && l.year == 2026 && l.month == 12 && l.day == 24',
        ),
        ("2026-12-24T23:30+01:00", 'l.hour == 23 && l.minute == 30 && l.weekday == "thu"'),
        ("2026-12-24T23:30+00:00", 'l.date == "2026-12-25" && l.weekday == "fri" && l.hour == 0'),
        ("2026-03-29T01:59+01:00", "l.hour == 1 && l.minute == 59"),
        ("2026-03-29T02:00+01:00", 'l.hour == 3 && l.minute == 0 && l.date == "2026-03-29"'),
        ("2026-10-25T02:30+02:00", 'l.hour == 2 && l.minute == 30 && l.weekday == "sun"'),
        ("2026-10-25T02:30+01:00", 'l.hour == 2 && l.minute == 30 && l.weekday == "sun"'),
        ("2026-10-25T03:00+01:00", "l.hour == 3"),
    ],
)
def test_local_is_what_the_clubs_clocks_show(moment: str, condition: str) -> None:
    """Also where an hour is left out (29 March), and where one comes twice (25 October)."""
    assert holds(condition.replace("l.", "local(occurred_at)."), occurred_at=paris(moment))


def test_a_window_and_a_condition_must_both_hold() -> None:
    """Items without either always fire; the order of the items is kept."""
    window = Window(PARIS, begin=AT, end=AT + 1000)
    guards = [
        Guard("both", 'channel == "web"', window),
        Guard("condition", 'channel == "web"'),
        Guard("window", None, window),
        Guard("none"),
    ]
    guarded = Guarded(guards, vocabulary(), tuple)
    assert guarded.select({"channel": "web"}, AT, MemberFacts()) == ("both", "condition", "window", "none")
    assert guarded.select({"channel": "web"}, AT + 1000, MemberFacts()) == ("condition", "none")
    assert guarded.select({"channel": "app"}, AT + 999, MemberFacts()) == ("window", "none")
    alone = Guarded([Guard("window", None, window)], vocabulary(), tuple)
    assert alone.select({}, AT, MemberFacts()) == ("window",)
    assert alone.select({}, AT - 1, MemberFacts()) == ()


def test_conditions_answer_alike_the_first_time_and_later() -> None:
    """What was compiled by another action says the same as what is compiled with it."""
    guards = [Guard(text, text) for text in ('channel == "web"', "items[0].sku == channel", "1 / 0 == 1")]
    warm, cold = (Guarded(guards, vocabulary(), tuple) for _ in range(2))
    warm.select({}, 0, MemberFacts())
    for fields in ({"channel": "web"}, {"channel": "a", "items": ({"sku": "a"},)}, {}):
        assert warm.select(fields, AT, MemberFacts()) == cold.select(fields, AT, MemberFacts())


def test_conditions_on_no_action_know_the_member_only() -> None:
    """Those of segments read `member` and `metrics`; an action's fields and its time are not there."""
    known = Vocabularies({"purchase": PURCHASE}, "EUR", PARIS, {"spent": "money"}).of_members
    text = 'member.tier == "gold" && metrics.spent > money("5 EUR") && local(member.joined_at).year > 2020'
    assert known.problems(text) == []
    assert known.compile([text]).hold({}, AT, MemberFacts("gold", metrics={"spent": 501})) == [True]
    assert [problem.word for problem in known.problems('channel == "web"')] == ["channel"]
    (problem,) = known.problems("occurred_at > member.joined_at")
    assert "about a member and not about an action" in problem.sentence


def test_a_metrics_own_condition_reads_no_metrics() -> None:
    """It knows everything else, and a metric with that condition never waits for another one."""
    known = Vocabularies({"purchase": PURCHASE}, "EUR", PARIS, {"spent": "money"}).of_metrics["purchase"]
    assert known.problems('channel == "web" && member.tier == "gold"') == []
    (problem,) = known.problems("metrics.spent > metrics.spent")[:1]
    assert problem.sentence == "a metric's own condition cannot read other metrics"


@pytest.mark.parametrize(
    ("condition", "blamed"),
    [
        ('channel == "web" && amount > 50', "50"),
        ("items.exists(i, i.amount > 50 && i.skuu == channel)", "50 skuu"),
        ('amount >= money("50 USD")', '"50 USD"'),
        ("metrics.purchase > 3", "purchase"),
        ('channel = "web" and amount > 50 €', "= and 50 €"),
        ("occurred_at >= 2026-12-01", "2026-12-01"),
        ("channel", "channel"),
        ("  amount  ", "amount"),
    ],
)
def test_a_problem_spans_the_very_words_that_are_to_blame(condition: str, blamed: str) -> None:
    """From its first character to its last; several problems in their order."""
    found = vocabulary().problems(condition)
    spans = [condition[each.offset : each.offset + each.length] for each in found]
    assert " ".join(spans) == blamed


def test_metrics_are_found_by_their_names() -> None:
    """In texts and comments nothing is named."""
    text = 'metrics.spent > money("5 EUR") && metrics . purchases > 1 && channel == "metrics.no" // metrics.x'
    assert metrics_in(text) == {"spent", "purchases"}
    assert metrics_in('channel == "web"') == frozenset()


def test_blanks_from_a_word_processor_are_blanks() -> None:
    """A no-break space is not seen, so it must not matter."""
    assert holds('channel\u00a0==\u2009""')


PIECES = """
    amount channel items member .tier .badges metrics .spent metrics.purchases local(occurred_at) local( .date
    .weekday occurred_at == = != => < && || & and or not in is ! ( ) [ ] { } , . : ; ? "web" " ' “ ” 50 49,90
    € % - + * / null true True money("5_EUR") money("5") money( .exists(i, i.sku ) .contains( uint( 1u
    50.5 0x \\ @ é duration("1h") matches("[") 2026-12-01 // if package _local_joined
"""
OF_CEL = (
    "overload",
    "undeclared",
    "ERROR",
    "INVALID",
    "Syntax",
    "cercle.",
    "<input>",
    "struct",
    "EOF",
    "_==_",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES.split()), max_size=10), st.sampled_from(["", " "]))
def test_no_text_whatever_gets_an_answer_in_cels_own_words(pieces: list[str], between: str) -> None:
    """It is sound and can be judged, or each problem lies within it and is said in ours."""
    text = between.join(pieces).replace("5_EUR", "5 EUR")
    problems = vocabulary().problems(text)
    for problem in problems:
        assert 0 <= problem.offset <= problem.offset + problem.length <= len(text) + 1
        assert not any(word in problem.sentence for word in OF_CEL)
    if not problems:
        guarded = Guarded([Guard("item", text)], vocabulary(), tuple)
        (explained,) = guarded.explain({}, AT, MemberFacts())
        assert explained.fired == bool(guarded.select({}, AT, MemberFacts()))
