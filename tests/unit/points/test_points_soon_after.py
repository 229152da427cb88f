"""What comes soon after an earlier action, perhaps another member's, in whatever order it is heard."""

import pytest
from msgspec import structs

from cercle.domain.action import Action, ActionAccepted, Field
from cercle.domain.decision import DAY, HOUR, MINUTE, Decision, Instant
from cercle.rulebook import Rulebook, compile_rulebook
from services.points import core, states, subjects
from services.points.commands import AwaitEarlier, DoDueWork, Earn, NoteEarlier
from services.points.events import (
    SOON_AFTER,
    EarlierNoted,
    Earned,
    Grant,
    Occasion,
    Posting,
)
from services.points.subjects import Subject
from tests.unit.points.club import CLUB, NOON
from tests.unit.points.town import Route, Town

TODAY = 20_453
SUBJECT = "subject/question/q1"
FILES = CLUB | {
    "actions.yaml": """
actions:
  question_asked: {fields: {question: text, number: integer}, optional: [question, number]}
  answer_given: {fields: {question: text, number: integer, topic: text}, optional: [question, number, topic]}
""",
    "points.yaml": """
wallets: {karma: {expires: never}}
rules:
  - {id: plain, on: answer_given, earn: {points: 1}}
  - {id: trains, on: answer_given, when: topic == "trains", multiply: 1.5, limit: {points: 3, per: day}}
  - {id: quick, on: answer_given, earn: {points: 5}, limit: {times: 2, per: day},
     soon_after: {action: question_asked, by: question, at_most: 30 minutes}}
  - {id: instant, on: answer_given, earn: {points: 9, in: karma},
     soon_after: {action: question_asked, by: question, at_most: 1 minute}}
  - {id: chat, on: answer_given, earn: {points: 2, in: karma},
     soon_after: {action: answer_given, by: number, at_most: 1 hour}}
""",
}


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    """A club that rewards quick answers."""
    return compile_rulebook(FILES)


@pytest.fixture
def town(rulebook: Rulebook) -> Town:
    """Nobody yet."""
    return Town(rulebook)


def does(town: Town, member: str, kind: str, action_id: str, at: Instant = NOON, **fields: Field) -> None:
    """The member's letters wait."""
    action = Action("urn:forum", action_id, kind, member, at, at, fields)
    town.do(member, Earn(action), at)


def asks(town: Town, member: str = "ana", at: Instant = NOON, question: str = "q1") -> None:
    """A question."""
    does(town, member, "question_asked", f"ask-{at}", at, question=question)


def answers(town: Town, member: str = "bob", at: Instant = NOON, name: str = "", **fields: Field) -> None:
    """An answer."""
    does(town, member, "answer_given", name or f"answer-{at}", at, **({"question": "q1"} | fields))


def given(town: Town, member: str = "bob") -> dict[str, int]:
    """What each rule gave the member in all."""
    sums: dict[str, int] = {}
    for event in town.events.get(member, []):
        for grant in event.grants if isinstance(event, Earned) else ():
            sums[grant.rule] = sums.get(grant.rule, 0) + grant.granted
    return sums


def question_last(routes: list[Route]) -> Route:
    """The order in which the question is heard of last."""
    return next((route for route in routes if route[0] == "bob"), routes[0])


@pytest.mark.parametrize("order", [min, max, question_last])
@pytest.mark.parametrize(
    ("after", "rules"),
    [
        (0, {"plain": 1, "quick": 5, "instant": 9}),
        (MINUTE, {"plain": 1, "quick": 5, "instant": 9}),
        (MINUTE + 1, {"plain": 1, "quick": 5}),
        (30 * MINUTE, {"plain": 1, "quick": 5}),
        (30 * MINUTE + 1, {"plain": 1}),
        (-1, {"plain": 1}),
    ],
)
def test_an_answer_that_comes_soon_earns(town: Town, order, after: int, rules: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    """By when the two occurred, to the millisecond, whichever is heard of first."""
    asks(town)
    answers(town, at=NOON + after)
    assert given(town) == {"plain": 1}
    town.deliver_all(order)
    assert given(town) == rules


def test_the_entry_explains_itself(town: Town) -> None:
    """What was done, when, and what it has in common with the question."""
    asks(town)
    answers(town, at=NOON + 2 * MINUTE, name="a7")
    town.deliver_all()
    occasion = Occasion(SOON_AFTER, "answer_given", "urn:forum", "a7", NOON + 2 * MINUTE, SUBJECT)
    assert town.events["bob"][-1] == Earned(
        "points",
        (Grant("quick", 5, 5),),
        TODAY,
        (Posting("issued", -5), Posting("available", 5)),
        occasion,
    )


def test_it_earns_once_however_many_were_earlier(town: Town) -> None:
    """Three questions before it, two of them heard of after it."""
    asks(town)
    town.deliver_all()
    answers(town, at=NOON + 2 * MINUTE)
    town.deliver_all()
    asks(town, "eve", NOON + MINUTE)
    asks(town, "joe", NOON + 2 * MINUTE)
    town.deliver_all()
    assert given(town) == {"plain": 1, "quick": 5, "instant": 9}


def test_ones_own_question_will_do(town: Town) -> None:
    """An earlier action is anybody's."""
    asks(town, "bob")
    answers(town)
    town.deliver_all()
    assert given(town)["quick"] == 5


def test_nothing_comes_soon_after_itself(town: Town) -> None:
    """An answer may come soon after an answer, but not after itself."""
    answers(town, number=7)
    town.deliver_all()
    assert "chat" not in given(town)
    answers(town, "eve", NOON + MINUTE, number=7)
    town.deliver_all()
    assert ("chat" in given(town), given(town, "eve")["chat"]) == (False, 2)


def test_multipliers_act_on_the_rule_alone(town: Town) -> None:
    """5 times 1.5 is 7, in a floor of its own; and the multiplier's limit counts both."""
    asks(town)
    answers(town, topic="trains")
    town.deliver_all()
    assert given(town) == {"plain": 1, "quick": 5, "instant": 9, "trains": 2}
    answers(town, at=NOON + 2 * MINUTE, topic="trains")
    town.deliver_all()
    assert given(town)["trains"] == 3


def test_limits_cut_by_the_day_of_the_action(town: Town) -> None:
    """Twice a day, although the question is heard of much later; the next day begins again."""
    for number in range(3):
        answers(town, at=NOON + number * MINUTE)
    answers(town, at=NOON + DAY)
    asks(town)
    asks(town, at=NOON + DAY)
    town.deliver_all(question_last, NOON + DAY)
    assert given(town)["quick"] == 15
    grants = [event.grants[0] for event in town.events["bob"] if isinstance(event, Earned)]
    assert grants.count(Grant("quick", 5, 0)) == 1


def test_other_subjects_are_others(town: Town) -> None:
    """Another question's answer, or none's, earns nothing more; numbers are subjects too."""
    asks(town, question="q2")
    asks(town, question="")
    answers(town)
    answers(town, "eve", question="")
    answers(town, "joe", number=7, question="")
    answers(town, "kim", number=7, question="")
    town.deliver_all()
    assert [given(town, name) for name in ("bob", "eve")] == [{"plain": 1}] * 2
    assert "subject/number/7" in town.states
    assert "subject/question/" not in town.states


def test_a_long_value_has_a_short_key(town: Town) -> None:
    """A subject's key is no place for a whole text."""
    asks(town, question="q" * 5000)
    answers(town, question="q" * 5000)
    assert all(len(to) < 100 for _, to in town.letters)
    town.deliver_all()
    assert given(town)["quick"] == 5


def test_a_repeated_action_tells_nobody(town: Town, rulebook: Rulebook) -> None:
    """Sent twice, it is one action."""
    action = Action("urn:forum", "a1", "answer_given", "bob", NOON, NOON, {"question": "q1"})
    assert len(town.do("bob", Earn(action)).letters) == 1
    assert town.do("bob", Earn(action)) == Decision()


def test_a_club_without_such_rules_tells_nobody() -> None:
    """Nothing is looked for, nothing is kept."""
    plain = FILES | {"points.yaml": "rules: [{id: plain, on: answer_given, earn: {points: 1}}]"}
    town = Town(compile_rulebook(plain))
    asks(town)
    answers(town)
    assert town.letters == {}


def test_what_cannot_matter_any_more_is_forgotten(town: Town) -> None:
    """After the club's lateness, the longest wait, and a week for partitions that lag."""
    asks(town)
    answers(town, at=NOON - HOUR)
    town.deliver_all()
    last = NOON + 30 * DAY + HOUR + subjects.PATIENCE
    asks(town, "eve", last)
    town.deliver_all()
    state = town.states[SUBJECT]
    assert isinstance(state, Subject)
    assert (len(state.earlier["question_asked"]), len(state.waiting)) == (2, 0)
    asks(town, "joe", last + 1)
    town.deliver_all()
    assert sorted(state.earlier["question_asked"].values()) == [last, last + 1]


def test_a_subject_survives_its_bytes(town: Town) -> None:
    """With what waits and what was earlier."""
    asks(town)
    answers(town, at=NOON - MINUTE)
    town.deliver_all()
    state = town.states[SUBJECT]
    read = states.decode(SUBJECT, states.encode(state))
    assert structs.asdict(read) == structs.asdict(state)
    assert isinstance(read, Subject)
    assert len(read.waiting) == 2


def test_states_of_another_kind_are_an_error(town: Town, rulebook: Rulebook) -> None:
    """A member is told nothing that is for a subject, and a subject does nothing that members do."""
    note = NoteEarlier("question_asked", "ana", "s", "1", NOON)
    with pytest.raises(TypeError, match="not for a member"):
        core.decide(core.new(), note, rulebook, NOON)
    with pytest.raises(TypeError, match="several members share"):
        core.decide(Subject(), DoDueWork(), rulebook, NOON)
    assert (core.due_at(Subject()), core.ranks(Subject())) == (None, {})
    decided = core.decide(Subject(), AwaitEarlier(()), rulebook, NOON)
    assert decided == Decision()


def test_the_records_say_who_told_what(town: Town) -> None:
    """Of the subject: what was earlier. Of who asked: that the action counts, and no more."""
    asks(town)
    town.deliver_all()
    assert [type(event) for event in town.events["ana"]] == [ActionAccepted]
    assert [type(event) for event in town.events[SUBJECT]] == [EarlierNoted]
