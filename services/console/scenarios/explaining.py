"""One action, judged by every rule on its type: fired or not, and why; what it gives, what a limit cuts.

Points are what the real earning code makes of the action; nothing is decided, and nothing kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from cercle.actions.instants import local_time
from cercle.domain import metrics
from cercle.domain.action import Action, RawAction
from cercle.domain.admission import admit
from cercle.domain.decision import Rejection
from cercle.rulebook import MemberFacts, Rulebook
from cercle.rulebook.phrases import in_wallet
from services.console.scenarios.asking import Question
from services.console.scenarios.catalogue import Catalogue
from services.console.scenarios.report import trace_line
from services.console.scenarios.state import State
from services.console.scenarios.tracing import Line, Tracer
from services.points import earning
from services.points.events import Earned
from services.points.member import Counted, Member


class Unexplained(Exception):
    """The club would not accept the action; the text says why."""


@dataclass(frozen=True)
class Explained:
    """`action`: which one, in words. `wallets`: what it earns in each."""

    action: str
    lines_of_rules: tuple[Line, ...]
    wallets: tuple[tuple[str, int], ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.action}:"
        if not self.lines_of_rules:
            yield "  no rule is on it"
        yield from (f"  {trace_line(line)}" for line in self.lines_of_rules)
        total = " and ".join(in_wallet(points, wallet) for wallet, points in self.wallets)
        yield f"In all: {total or 'nothing'}."

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "action": self.action,
            "rules": [line._asdict() for line in self.lines_of_rules],
            "wallets": dict(self.wallets),
        }


def explain_action(raw: RawAction, state: State, rules: Rulebook, known: Catalogue) -> Explained:
    """As the rules judge it for a member in that state. Raises Unexplained."""
    action = admit(raw, raw.occurred_at, rules)
    if isinstance(action, Rejection):
        raise Unexplained(f"The club would refuse this action ({action.code}): {_ended(action.sentence)}")
    facts = _facts(action, state, rules)
    earned = earning.earned(
        _member(action, state, rules), action, rules.points.rules_for(action, facts), rules
    )
    questions = [
        Question(service, action.type, action.fields, action.occurred_at, facts)
        for service in ("points", "referrals", "badges", "offers")
    ]
    lines = Tracer(rules, known).trace(action.type, questions, earned)
    at = local_time(action.occurred_at, rules.club.time_zone)
    title = f"{action.type} of {action.member_id}, {at:%Y-%m-%d %H:%M} ({rules.club.time_zone})"
    return Explained(title, tuple(lines), tuple((event.wallet, _granted(event)) for event in earned))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _facts(action: Action, state: State, rules: Rulebook) -> MemberFacts:
    """The member's, with this action alone in the metrics that the state does not tell."""
    found: dict[str, int] = {}
    for kept in (rules.points.metrics, rules.badges.metrics, rules.offers.metrics):
        seen, _ = metrics.observe({}, kept, rules.club, action, state.facts, action.occurred_at)
        found |= seen.metrics
    return structs.replace(state.facts, metrics={**found, **state.facts.metrics})


def _member(action: Action, state: State, rules: Rulebook) -> Member:
    """Somebody to whom the rules gave that much on the day of the action."""
    day = rules.club.day(action.occurred_at)
    given = {rule: Counted(given.points, given.times) for rule, given in state.given.items()}
    return Member(counted={day: given})


def _granted(event: Earned) -> int:
    return sum(grant.granted for grant in event.grants)
