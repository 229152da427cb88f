"""actions.yaml: what is built in, what is declared, and what takes back what."""

import pytest

from cercle.rulebook import RulebookError, compile_rulebook
from cercle.rulebook.built_in import BUILT_IN_ACTIONS, acts_on

CLUB = """\
club: shop
name: Shop
time_zone: Europe/Zurich
languages: [en]
currency: CHF
lateness: 30 days
"""
ACTIONS = """\
actions:
  purchase:
    fields: {order: text, amount: money, channel: text, items: [{sku: text, quantity: integer}], note: text}
    optional: [channel, items, note]
    personal: [note]
    subject: order
  refund: {fields: {order: text, amount: money}, reverses: {action: purchase, by: order, share: amount}}
  cancelled: {fields: {order: text}, reverses: {action: purchase, by: order}}
"""
FILES = {"club.yaml": CLUB, "actions.yaml": ACTIONS}
RULES = {
    "points.yaml": "rules: [{{id: r, on: {}, earn: {{points: 1}}}}]",
    "badges.yaml": "achievements: [{{id: a, badge: A, count: {}, levels: {{one: 1}}}}]",
    "offers.yaml": "offers: [{{id: o, title: O, price: free, issue: {{on: {}}}}}]",
    "metrics.yaml": "metrics: {{m: {{count: {}, over: life}}}}",
}


def test_a_refund_is_an_action_and_takes_nothing_back_yet() -> None:
    """Both are warned of in one sentence; what brands send is admitted with all its fields."""
    rulebook = compile_rulebook(FILES)
    assert rulebook.actions["refund"].required == {"order", "amount"}
    assert rulebook.actions["purchase"].required == {"order", "amount"}
    (warning,) = rulebook.inactive
    assert warning.sentence == (
        "this version of Cercle does not act on `reverses` yet: the action takes nothing back "
        "(also in line 8)"
    )


@pytest.mark.parametrize("name", sorted(BUILT_IN_ACTIONS))
def test_no_action_has_a_built_in_name(name: str) -> None:
    """A brand cannot send what Cercle itself finds out."""
    with pytest.raises(RulebookError, match=f"`{name}` is built in"):
        compile_rulebook({**FILES, "actions.yaml": f"actions: {{{name}: {{fields: {{}}}}}}"})


@pytest.mark.parametrize("file", sorted(RULES))
@pytest.mark.parametrize("name", sorted(BUILT_IN_ACTIONS))
def test_what_is_built_in_is_acted_on_refused_or_warned_of(name: str, file: str) -> None:
    """By the one table of what is built in: nothing is ever accepted in silence."""
    files = {"club.yaml": CLUB, "actions.yaml": "actions: {visit: {fields: {}}, purchase: {fields: {}}}"}
    files[file] = RULES[file].format(name)
    if file not in BUILT_IN_ACTIONS[name].used_in:
        with pytest.raises(RulebookError, match=f"`{name}` is for the rules of "):
            compile_rulebook(files)
        return
    assert bool(compile_rulebook(files).inactive) is not acts_on(name, file)


def test_conditions_name_the_fields_of_what_is_built_in() -> None:
    """Each with the right kind, and no other."""

    def offer(on: str, when: str) -> dict[str, str]:
        rule = f"offers: [{{id: o, title: O, price: free, issue: {{on: {on}, when: '{when}'}}}}]"
        return {"club.yaml": CLUB, "actions.yaml": "actions: {visit: {fields: {}}}", "offers.yaml": rule}

    for on, when in (
        ("badge_unlocked", 'badge == "b" && level == "l"'),
        ("tier_changed", 'tier == "gold" && previous != ""'),
        ("points_earned", 'wallet == "karma" && points > 5'),
        ("referral", 'friend != ""'),
    ):
        assert compile_rulebook(offer(on, when))
    with pytest.raises(RulebookError, match="`friend` is not a field of `badge_unlocked`"):
        compile_rulebook(offer("badge_unlocked", 'friend == "b"'))


def test_a_wrong_action_does_not_make_the_rules_on_it_wrong() -> None:
    """The rule is judged once the action is mended: one mistake, one error."""
    files = {
        **FILES,
        "actions.yaml": ACTIONS.replace("share: amount", "share: amonut"),
        "points.yaml": "rules: [{id: r, on: refund, when: nonsense, earn: {points: 1}}]",
    }
    with pytest.raises(RulebookError) as caught:
        compile_rulebook(files)
    (error,) = caught.value.diagnostics
    assert error.nearest == "amount"
