"""Conditions at work: which rules fire for which action."""

import pytest

from cercle.domain.action import Action, Field
from cercle.rulebook import EarnRule, Limit, MemberFacts, MultiplyRule, Rulebook, compile_rulebook

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
