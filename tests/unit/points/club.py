"""A small club for the tests of points: its rules, its actions, and one member's life."""

from collections.abc import Iterable

from cercle.domain.action import Action, Field
from cercle.domain.decision import Decision, Instant
from cercle.rulebook import Rulebook, compile_rulebook
from services.points import core
from services.points.commands import Command, NoteStanding
from services.points.events import Answer, Captured, Event, Held, Refused, Released
from services.points.member import Member

NOON = 1_767_200_400_000
"""2025-12-31 12:00 in New York."""

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
  purchase: {fields: {order: text, amount: money, channel: text}}
  answer_accepted: {fields: {answer: text, topic: text}}
  survey_answered: {fields: {survey: text, score: integer}}
""",
    "points.yaml": """
wallets:
  karma: {expires: never}
rules:
  - id: purchase-base
    on: purchase
    earn: {points: 1, for_each: 1 USD}
  - id: big-spender
    on: purchase
    earn: {points: 10, for_each: 50 USD}
    limit: {points: 15, per: day}
  - id: web-double
    on: purchase
    when: channel == "web"
    multiply: 2
    limit: {points: 100, per: day}
  - id: gold-bonus
    on: purchase
    when: member.tier == "gold"
    multiply: 1.5
  - id: helpful
    on: answer_accepted
    earn: {points: 20, in: karma}
    limit: {times: 2, per: day}
  - id: thanks
    on: answer_accepted
    earn: {points: 3}
""",
}


def rules(points: str = CLUB["points.yaml"]) -> Rulebook:
    """The club with these points rules."""
    return compile_rulebook(CLUB | {"points.yaml": points})


def action(action_id: str, type_: str, fields: dict[str, Field], at: Instant = NOON) -> Action:
    """What ana did at `at`, recorded at that moment."""
    return Action("urn:shop", action_id, type_, "ana", at, at, fields)


def purchase(order: str, cents: int, at: Instant = NOON, channel: str = "shop") -> Action:
    """A purchase of that amount."""
    return action(order, "purchase", {"order": order, "amount": cents, "channel": channel}, at)


def answer(answer_id: str, at: Instant = NOON) -> Action:
    """An answer that somebody accepted."""
    return action(answer_id, "answer_accepted", {"answer": answer_id, "topic": "trains"}, at)


def tier(name: str) -> NoteStanding:
    """Badges says that the member has this tier."""
    return NoteStanding(name, (), NOON)


def badge(name: str, level: str) -> NoteStanding:
    """Badges says that the member unlocked this level."""
    return NoteStanding(None, ((name, level),), NOON)


def evolved(member: Member, events: Iterable[Event]) -> Member:
    """The member after the events."""
    for event in events:
        member = core.evolve(member, event)
    return member


class Life:
    """One member, lived command by command."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rules = rulebook
        self.member = core.new()
        self.events: list[Event] = []

    def do(self, command: Command, now: Instant = NOON) -> tuple[Event, ...]:
        """What the command brought about; the member has it behind it."""
        decision = core.decide(self.member, command, self.rules, now)
        assert isinstance(decision, Decision), decision
        self.member = evolved(self.member, decision.events)
        self.events += decision.events
        return decision.events

    def ask(self, command: Command, now: Instant = NOON) -> Answer:
        """What the command's sender is told."""
        decision = core.decide(self.member, command, self.rules, now)
        assert isinstance(decision, Decision), decision
        self.member = evolved(self.member, decision.events)
        self.events += decision.events
        assert isinstance(decision.answer, (Held, Captured, Released, Refused))
        return decision.answer
