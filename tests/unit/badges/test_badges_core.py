"""What the badges service decides, one situation at a time."""

import msgspec
import pytest

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, Decision, Rejection
from cercle.domain.seen import Seen
from cercle.rulebook import Rulebook, compile_rulebook
from services.badges import core
from services.badges.achievements import LevelView
from services.badges.commands import Command, CountAction, CountPoints
from services.badges.events import BadgeUnlocked, PointsCounted, Progressed, TierChanged
from services.badges.member import Member, decode, encode
from services.badges.tiers import TierView

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
    "actions.yaml": """
actions:
  purchase: {fields: {order: text, amount: money}}
  answer_accepted: {fields: {answer: text, topic: text}}
  survey_answered: {fields: {survey: text, score: integer}}
""",
    "badges.yaml": """
achievements:
  - id: collector
    badge: {en: Collector, fr: Collectionneuse}
    count: purchase
    levels: {bronze: 2, silver: 4}
  - id: expert-trains
    badge: {en: Railway expert, fr: Expert du rail}
    count: answer_accepted
    when: topic == "trains"
    levels: {expert: 1}
""",
    "tiers.yaml": """
tiers:
  qualify_by: points earned
  period: all time
  levels:
    - {id: member, from: 0}
    - {id: silver, from: 500, benefits: [free-shipping]}
    - {id: gold, from: 2000, benefits: [free-shipping, early-access]}
""",
}


def changed(file: str, old: str, new: str) -> Rulebook:
    """The club with one text replaced in one of its files."""
    assert old in CLUB[file]
    return compile_rulebook(CLUB | {file: CLUB[file].replace(old, new)})


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    """The club of this file."""
    return compile_rulebook(CLUB)


def purchase(number: int, occurred_at: int = NOW, recorded_at: int = NOW) -> Action:
    """Purchase `o<number>` of 42.90 USD."""
    fields: dict[str, Field] = {"order": f"o{number}", "amount": 4290}
    return Action("shop", f"o{number}", "purchase", "ana", occurred_at, recorded_at, fields)


def answer(topic: str) -> Action:
    """An accepted answer about `topic`."""
    fields = {"answer": "a1", "topic": topic}
    return Action("forum", f"a-{topic}", "answer_accepted", "ana", NOW, NOW, fields)


def take(member: Member, command: Command, rules: Rulebook, now: int = NOW) -> tuple[object, ...]:
    """Decides and evolves; the events."""
    decision = core.decide(member, command, rules, now)
    assert isinstance(decision, Decision), decision
    for event in decision.events:
        core.evolve(member, event)
    return decision.events


def test_first_action_enters_the_lowest_tier(rules: Rulebook) -> None:
    """The first accepted action is recorded, counted, and makes somebody a member."""
    events = take(core.new(), CountAction(purchase(1)), rules)
    assert events == (
        ActionAccepted("shop", "o1", "purchase", NOW, NOW - 30 * DAY),
        Progressed("collector", 1),
        TierChanged("", "member", 0, NOW),
    )


def test_level_is_unlocked_by_the_action_that_reaches_it(rules: Rulebook) -> None:
    """The second purchase unlocks bronze, on the day when it was made, whenever that is decided."""
    member = core.new()
    take(member, CountAction(purchase(1)), rules)
    events = take(member, CountAction(purchase(2, NOW - DAY)), rules, NOW + 7)
    assert events[1:] == (Progressed("collector", 2), BadgeUnlocked("collector", "bronze", 2, NOW - DAY))
    assert take(member, CountAction(purchase(3)), rules)[1:] == (Progressed("collector", 3),)


def test_action_dates_the_tier_that_it_enters(rules: Rulebook) -> None:
    """The card says the day of the first purchase, though it was heard of a week later."""
    bought = NOW - 7 * DAY
    events = take(core.new(), CountAction(purchase(1, bought)), rules, NOW)
    assert events[-1] == TierChanged("", "member", 0, bought)


def test_condition_decides_what_counts(rules: Rulebook) -> None:
    """Only an answer about trains counts for the railway expert; another is still recorded."""
    member = core.new()
    assert [type(event) for event in take(member, CountAction(answer("boats")), rules)] == [
        ActionAccepted,
        TierChanged,
    ]
    assert take(member, CountAction(answer("trains")), rules)[1:] == (
        Progressed("expert-trains", 1),
        BadgeUnlocked("expert-trains", "expert", 1, NOW),
    )


def test_repeated_action_has_no_effect(rules: Rulebook) -> None:
    """The same source and id again: no event."""
    member = core.new()
    take(member, CountAction(purchase(1)), rules)
    assert core.decide(member, CountAction(purchase(1)), rules, NOW + 9) == Decision()


@pytest.mark.parametrize(
    ("occurred_at", "recorded_at", "code"),
    [(NOW - 31 * DAY, NOW, "late"), (NOW + DAY, NOW, "future"), (NOW - 31 * DAY, NOW - 31 * DAY, "late")],
)
def test_late_and_future_actions_are_refused(
    rules: Rulebook, occurred_at: int, recorded_at: int, code: str
) -> None:
    """By the record's timestamp, and by the member's newest action."""
    member = core.new()
    take(member, CountAction(purchase(1)), rules)
    refused = core.decide(member, CountAction(purchase(2, occurred_at, recorded_at)), rules, NOW)
    assert isinstance(refused, Rejection) and refused.code == code


def test_action_that_counts_for_nothing_moves_lateness(rules: Rulebook) -> None:
    """A survey counts for no badge, yet an action a month older is late after it, as in every service."""
    member = core.new()
    survey = Action("survey", "s1", "survey_answered", "ana", NOW, NOW, {"survey": "s", "score": 9})
    take(member, CountAction(survey), rules)
    old = purchase(1, NOW - 31 * DAY, NOW - 31 * DAY)
    refused = core.decide(member, CountAction(old), rules, NOW)
    assert isinstance(refused, Rejection) and refused.code == "late"


def test_points_raise_the_tier(rules: Rulebook) -> None:
    """The total decides, and what earned the last of it dates the change; below that nothing changes."""
    member = core.new()
    take(member, CountAction(purchase(1)), rules)
    assert take(member, CountPoints(499, NOW), rules) == (PointsCounted(499, 499),)
    assert take(member, CountPoints(1, NOW - 3), rules, NOW + 3) == (
        PointsCounted(1, 500),
        TierChanged("member", "silver", 500, NOW - 3),
    )
    assert core.ranks(member) == {"points": 500}


def test_points_first_enter_the_lowest_tier_too(rules: Rulebook) -> None:
    """Whoever is faster, points or action: everybody enters at the bottom, with an event of its own."""
    events = take(core.new(), CountPoints(2500, NOW), rules, NOW + 3)
    assert events == (
        PointsCounted(2500, 2500),
        TierChanged("", "member", 2500, NOW),
        TierChanged("member", "gold", 2500, NOW),
    )


def test_higher_threshold_takes_no_tier_away(rules: Rulebook) -> None:
    """A new rulebook that asks more for silver leaves it to those who have it."""
    member = core.new()
    take(member, CountPoints(600, NOW), rules)
    harder = changed("tiers.yaml", "from: 500", "from: 900")
    assert take(member, CountPoints(10, NOW), harder) == (PointsCounted(10, 610),)
    assert member.tier == "silver"


def test_renamed_tier_is_left_for_the_one_that_the_points_reach(rules: Rulebook) -> None:
    """A tier that the rulebook has no longer gives way at the next occasion."""
    member = core.new()
    take(member, CountPoints(600, NOW), rules)
    renamed = changed("tiers.yaml", "id: silver", "id: argent")
    assert take(member, CountPoints(1, NOW), renamed)[1:] == (TierChanged("silver", "argent", 601, NOW),)


def test_club_without_tiers_still_counts_points() -> None:
    """No tiers.yaml: points are counted for the leaderboard, nobody has a tier."""
    rules = compile_rulebook({name: text for name, text in CLUB.items() if name != "tiers.yaml"})
    member = core.new()
    assert take(member, CountPoints(5, NOW), rules) == (PointsCounted(5, 5),)
    assert core.view(member, rules, "en", NOW).tier == TierView("", 5, "", 0, ())


def test_earned_level_survives_a_new_rulebook(rules: Rulebook) -> None:
    """A level that the rulebook drops stays on the card; a lowered one is unlocked by the next action."""
    member = core.new()
    for number in range(2):
        take(member, CountAction(purchase(number)), rules)
    other = changed("badges.yaml", "{bronze: 2, silver: 4}", "{wood: 1, silver: 4}")
    assert BadgeUnlocked("collector", "wood", 3, NOW) in take(member, CountAction(purchase(3)), other)
    shown = core.view(member, other, "en", NOW).achievements[0]
    assert shown.reached == (LevelView("bronze", 0, NOW), LevelView("wood", 1, NOW))


def test_levels_are_shown_lowest_first_whenever_they_were_reached(rules: Rulebook) -> None:
    """A lower level that a new rulebook adds, and the next action reaches, comes before the older one."""
    member = core.new()
    for number in range(2):
        take(member, CountAction(purchase(number)), rules)
    other = changed("badges.yaml", "{bronze: 2,", "{wood: 1, bronze: 2,")
    take(member, CountAction(purchase(3, NOW + 5)), other)
    shown = core.view(member, other, "en", NOW).achievements[0]
    assert shown.reached == (LevelView("wood", 1, NOW + 5), LevelView("bronze", 2, NOW))


def test_count_without_a_badge_goes_with_its_achievement(rules: Rulebook) -> None:
    """The card forgets what the rulebook dropped before anything was unlocked."""
    member = core.new()
    take(member, CountAction(purchase(1)), rules)
    other = changed("badges.yaml", "id: collector", "id: gatherer")
    assert [one.achievement for one in core.view(member, other, "en", NOW).achievements] == [
        "expert-trains",
        "gatherer",
    ]


def test_condition_sees_the_tier_from_before_the_action() -> None:
    """`member.tier` is empty at the first action, and the tier that was entered from the second on."""
    rules = changed("badges.yaml", 'topic == "trains"', 'member.tier == "member"')
    member = core.new()
    assert Progressed("expert-trains", 1) not in take(member, CountAction(answer("trains")), rules)
    assert Progressed("expert-trains", 1) in take(member, CountAction(answer("boats")), rules)


def test_badge_of_a_dropped_achievement_stays_on_the_card(rules: Rulebook) -> None:
    """Under its id, without a next level."""
    member = core.new()
    take(member, CountAction(answer("trains")), rules)
    text = CLUB["badges.yaml"]
    other = compile_rulebook(CLUB | {"badges.yaml": text[: text.index("  - id: expert-trains")]})
    shown = core.view(member, other, "fr", NOW).achievements
    assert [(one.achievement, one.title, one.next) for one in shown] == [
        ("collector", "Collectionneuse", LevelView("bronze", 2)),
        ("expert-trains", "expert-trains", None),
    ]


def test_view_shows_progress_and_what_is_missing(rules: Rulebook) -> None:
    """Reached levels lowest first, the next one, and the points to the next tier."""
    member = core.new()
    for number in range(3):
        take(member, CountAction(purchase(number, NOW + number)), rules)
    take(member, CountPoints(700, NOW), rules)
    view = core.view(member, rules, "en", NOW)
    assert view.tier == TierView("silver", 700, "gold", 1300, ("free-shipping",))
    collector = view.achievements[0]
    assert (collector.title, collector.count) == ("Collector", 3)
    assert collector.reached == (LevelView("bronze", 2, NOW + 1),)
    assert collector.next == LevelView("silver", 4)


def test_unknown_member_has_nothing(rules: Rulebook) -> None:
    """No tier, no level, no due work; the lowest tier is what comes next."""
    view = core.view(core.new(), rules, "", NOW)
    assert view.tier == TierView("", 0, "member", 0, ())
    assert all(one.count == 0 and one.reached == () for one in view.achievements)
    assert core.due_at(core.new()) is None


def test_state_from_before_a_field_was_added_is_read() -> None:
    """Bytes with fewer fields decode to the defaults of the missing ones; other bytes raise."""
    assert decode(msgspec.msgpack.encode([[0, {}], {}])) == Member(Seen(0))
    assert decode(encode(core.new())) == core.new()
    with pytest.raises(msgspec.DecodeError):
        decode(b"\xc1")
