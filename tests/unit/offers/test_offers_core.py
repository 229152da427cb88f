"""What the offers service decides, one situation at a time."""

import pytest

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, Decision, Rejection
from cercle.rulebook import Rulebook, compile_rulebook
from services.offers import core
from services.offers.commands import Command, Hear, NoteAction, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, OfferIssued, TierNoted
from services.offers.issuing import OfferView, on_note
from services.offers.member import Member

NOW = 1_767_225_600_000

CLUB = {
    "club.yaml": """
club: records
name: {en: The Record Circle, fr: Le Cercle des disques}
time_zone: America/New_York
languages: [en, fr]
currency: USD
lateness: 30 days
""",
    "actions.yaml": "actions: {survey_answered: {fields: {survey: text, score: integer}}}",
    "tiers.yaml": """
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: member, from: 0}, {id: gold, from: 2000}]
""",
}

ON_BADGE = """
  - id: welcome-vinyl
    title: {en: Your silver record, fr: Votre disque d'argent}
    price: free
    issue: {on: badge_unlocked, when: badge == "collector" && level == "silver"}
"""
ON_TIER = """
  - id: gold-pin
    title: A golden pin
    price: free
    issue: {on: tier_changed, when: tier == "gold"}
"""
ON_ACTION = """
  - id: thanks
    title: Thank you
    price: free
    issue: {on: survey_answered, when: score >= 9 && member.tier == "gold"}
"""
ON_GOLD_BADGE = """
  - id: gold-collector
    title: Gold and collector
    price: free
    issue: {on: badge_unlocked, when: member.tier == "gold"}
"""

SILVER = NoteBadge("collector", "silver", NOW - 5)
GOLD = NoteTier("gold", "member", NOW - 4)


def club(*offers: str) -> Rulebook:
    """The club with these offers."""
    return compile_rulebook(CLUB | {"offers.yaml": "offers:" + "".join(offers)})


@pytest.fixture(scope="module")
def on_notes() -> Rulebook:
    """Offers on badges and tiers alone."""
    return club(ON_BADGE, ON_TIER, ON_GOLD_BADGE)


@pytest.fixture(scope="module")
def on_actions() -> Rulebook:
    """An offer on an action."""
    return club(ON_ACTION)


def survey(number: int, score: int, occurred_at: int = NOW) -> Action:
    """An answered survey, recorded now."""
    fields: dict[str, Field] = {"survey": "nps", "score": score}
    return Action("survey", f"s{number}", "survey_answered", "ana", occurred_at, NOW, fields)


def take(member: Member, command: Command, rules: Rulebook, now: int = NOW) -> tuple[object, ...]:
    """Decides and evolves; the events."""
    decision = core.decide(member, command, rules, now)
    assert isinstance(decision, Decision), decision
    for event in decision.events:
        core.evolve(member, event)
    return decision.events


def test_badge_brings_its_offer(on_notes: Rulebook) -> None:
    """The silver collector gets the record, with the badge as the reason and its date."""
    assert take(core.new(), Hear((SILVER,)), on_notes) == (
        BadgeNoted("collector", "silver"),
        OfferIssued("welcome-vinyl", "badge_unlocked", "collector/silver", 1, NOW - 5),
    )


@pytest.mark.parametrize("note", [NoteBadge("collector", "gold", NOW), NoteBadge("baker", "silver", NOW)])
def test_other_badge_is_noted_and_brings_nothing(on_notes: Rulebook, note: NoteBadge) -> None:
    """No condition holds: it is remembered for those that read it, once."""
    member = core.new()
    assert take(member, Hear((note,)), on_notes) == (BadgeNoted(note.badge, note.level),)
    assert member.badges == (note.badge, f"{note.badge}/{note.level}")
    assert core.decide(member, Hear((note,)), on_notes, NOW) == Decision()


def test_tier_is_noted_and_brings_its_offer(on_notes: Rulebook) -> None:
    """The tier is remembered, then offers are issued on the change, at its date."""
    member = core.new()
    assert take(member, Hear((GOLD,)), on_notes) == (
        TierNoted("gold"),
        OfferIssued("gold-pin", "tier_changed", "gold", 1, NOW - 4),
    )
    assert member.tier == "gold"


def test_same_tier_again_is_not_noted(on_notes: Rulebook) -> None:
    """Only a change is recorded; the offer on the occasion is given all the same."""
    member = core.new()
    take(member, Hear((GOLD,)), on_notes)
    assert take(member, Hear((GOLD,)), on_notes) == (
        OfferIssued("gold-pin", "tier_changed", "gold", 2, NOW - 4),
    )


def test_conditions_see_when_the_action_occurred() -> None:
    """The one that brought the badge or the tier: an outage changes no condition on `occurred_at`."""
    assert (on_note(SILVER).occurred_at, on_note(GOLD).occurred_at) == (NOW - 5, NOW - 4)


def test_notes_of_one_decision_are_heard_in_order(on_notes: Rulebook) -> None:
    """A badge after the tier finds the new tier; before it, the old one."""
    after = take(core.new(), Hear((GOLD, NoteBadge("baker", "x", NOW))), on_notes)
    assert OfferIssued("gold-collector", "badge_unlocked", "baker/x", 1, NOW) in after
    before = take(core.new(), Hear((NoteBadge("baker", "x", NOW), GOLD)), on_notes)
    assert [event.offer for event in before if isinstance(event, OfferIssued)] == ["gold-pin"]


def test_issues_of_one_offer_are_numbered(on_notes: Rulebook) -> None:
    """Across decisions and within one."""
    member = core.new()
    take(member, Hear((SILVER,)), on_notes)
    events = take(member, Hear((SILVER, SILVER)), on_notes)
    assert [event.number for event in events if isinstance(event, OfferIssued)] == [2, 3]


def test_club_that_issues_nothing_on_actions_ignores_them(on_notes: Rulebook) -> None:
    """Not even a late one has an effect: no record for nothing."""
    for occurred_at in (NOW, NOW - 31 * DAY):
        command = NoteAction(survey(1, 10, occurred_at))
        assert core.decide(core.new(), command, on_notes, NOW) == Decision()


def test_action_is_recorded_and_brings_its_offer(on_actions: Rulebook) -> None:
    """Recorded whether it brings an offer or not, which has the action's date; a repeat has no effect."""
    member = core.new()
    accepted = ActionAccepted("survey", "s1", "survey_answered", NOW, NOW - 30 * DAY)
    assert take(member, NoteAction(survey(1, 10)), on_actions) == (accepted,)
    take(member, Hear((GOLD,)), on_actions)
    assert take(member, NoteAction(survey(2, 10, NOW - DAY)), on_actions)[1:] == (
        OfferIssued("thanks", "survey_answered", "s2", 1, NOW - DAY),
    )
    assert core.decide(member, NoteAction(survey(2, 10)), on_actions, NOW) == Decision()


@pytest.mark.parametrize(("occurred_at", "code"), [(NOW - 31 * DAY, "late"), (NOW + DAY, "future")])
def test_late_and_future_actions_are_refused(on_actions: Rulebook, occurred_at: int, code: str) -> None:
    """Where actions matter, they are judged as in every service."""
    refused = core.decide(core.new(), NoteAction(survey(1, 10, occurred_at)), on_actions, NOW)
    assert isinstance(refused, Rejection) and refused.code == code


def test_view_is_newest_first_in_the_asked_language(on_notes: Rulebook) -> None:
    """The title falls back to the club's first language, and to the id once the offer is gone."""
    member = core.new()
    take(member, Hear((SILVER,)), on_notes)
    take(member, Hear((GOLD,)), on_notes)
    assert core.view(member, on_notes, "fr", NOW).offers == (
        OfferView("gold-pin", "A golden pin", NOW - 4, "tier_changed", "gold"),
        OfferView("welcome-vinyl", "Votre disque d'argent", NOW - 5, "badge_unlocked", "collector/silver"),
    )
    assert core.view(member, on_notes, "", NOW).offers[1].title == "Your silver record"
    assert core.view(member, club(ON_TIER), "fr", NOW).offers[1].title == "welcome-vinyl"


def test_unknown_member_has_nothing(on_notes: Rulebook) -> None:
    """No offer, no rank, no due work."""
    member = core.new()
    assert core.view(member, on_notes, "en", NOW).offers == ()
    assert core.ranks(member) == {} and core.due_at(member) is None
