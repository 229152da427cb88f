"""What conditions on offers see of a member: metrics, badges, when they joined; what that is to remember."""

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, HOUR, Decision, Instant
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import Rulebook, compile_rulebook
from services.offers import core
from services.offers.commands import Command, Hear, NoteAction, NoteBadge, NoteTier
from services.offers.events import OfferIssued
from services.offers.member import Member, decode, encode

NOW = 1_767_225_600_000
CLUB = {
    "club.yaml": "{club: c, name: C, time_zone: Europe/Paris, languages: [en], currency: EUR, "
    "lateness: 30 days}",
    "actions.yaml": "actions: {purchase: {fields: {amount: money}}}",
    "metrics.yaml": "metrics: {spend: {sum: purchase.amount, over: 7 days}}",
}


def club(on: str, when: str) -> Rulebook:
    """A club with one offer."""
    offer = f"{{id: gift, title: Gift, price: free, issue: {{on: {on}, when: '{when}'}}}}"
    return compile_rulebook(CLUB | {"offers.yaml": f"offers: [{offer}]"})


def purchase(number: int, euros: int, at: Instant) -> NoteAction:
    """A purchase, recorded when it occurred."""
    fields: dict[str, Field] = {"amount": euros * 100}
    return NoteAction(Action("shop", str(number), "purchase", "ana", at, at, fields))


def take(member: Member, command: Command, rules: Rulebook) -> tuple[object, ...]:
    """Decides and evolves; the events."""
    decision = core.decide(member, command, rules, NOW)
    assert isinstance(decision, Decision), decision
    for event in decision.events:
        core.evolve(member, event)
    return decision.events


def gifts(events: tuple[object, ...]) -> int:
    """How many offers were given."""
    return sum(isinstance(event, OfferIssued) for event in events)


def test_an_action_is_counted_before_offers_are_given_on_it() -> None:
    """The purchase that reaches 100 euros within 7 days brings the gift, after the events that count it."""
    rules, member = club("purchase", 'metrics.spend >= money("100 EUR")'), core.new()
    assert gifts(take(member, purchase(1, 60, NOW), rules)) == 0
    events = take(member, purchase(2, 40, NOW + 6 * DAY), rules)
    assert [type(event) for event in events] == [ActionAccepted, MetricCounted, OfferIssued]
    assert gifts(take(member, purchase(3, 59, NOW + 7 * DAY), rules)) == 0


def test_a_badge_sees_what_was_counted_up_to_its_day() -> None:
    """Not what came on later days, though it is known already."""
    rules, member = club("badge_unlocked", 'metrics.spend == money("60 EUR")'), core.new()
    assert rules.offers.concern_actions
    take(member, purchase(1, 60, NOW), rules)
    take(member, purchase(2, 40, NOW + 2 * DAY), rules)
    assert gifts(take(member, Hear((NoteBadge("collector", "x", NOW + DAY),)), rules)) == 1
    assert gifts(take(member, Hear((NoteBadge("collector", "y", NOW + 2 * DAY),)), rules)) == 0


def test_when_a_member_joined_is_remembered_where_it_is_read() -> None:
    """A tier that is reached within a day of the first action; actions leave no record elsewhere."""
    rules = club("tier_changed", 'occurred_at - member.joined_at < duration("24 hours")')
    for later, expected in ((23 * HOUR, 1), (25 * HOUR, 0)):
        member = core.new()
        assert [type(event) for event in take(member, purchase(1, 1, NOW), rules)] == [ActionAccepted]
        assert gifts(take(member, Hear((NoteTier("gold", "", NOW + later),)), rules)) == expected
    assert take(core.new(), purchase(1, 1, NOW), club("tier_changed", 'tier == "gold"')) == ()


def test_a_badge_that_is_unlocked_is_among_the_members_badges() -> None:
    """As the new tier is the member's when it changes; and it stays."""
    rules = club("badge_unlocked", '"collector/silver" in member.badges')
    member = core.new()
    assert gifts(take(member, Hear((NoteBadge("collector", "bronze", NOW),)), rules)) == 0
    assert gifts(take(member, Hear((NoteBadge("collector", "silver", NOW),)), rules)) == 1
    assert gifts(take(member, Hear((NoteBadge("baker", "x", NOW),)), rules)) == 1


def test_older_bytes_can_be_read() -> None:
    """A state that was written before there were badges and metrics has none."""
    member = Member(tier="gold")
    fields = encode(member)
    assert decode(bytes([fields[0] - 2]) + fields[1:-2]) == member
