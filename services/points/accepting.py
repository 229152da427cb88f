"""An action that counts: what it earns at once, and what it tells others by letter."""

from typing import Union

from cercle.domain import metrics, seen
from cercle.domain.decision import Decision, Instant, Rejection
from cercle.rulebook import MemberFacts, Rulebook
from services.points import earning, referrals, soon_after
from services.points.commands import Earn
from services.points.events import Event
from services.points.holds import timed_out
from services.points.member import Member


def earn(member: Member, command: Earn, rules: Rulebook, now: Instant) -> Union[Decision[Event], Rejection]:
    """Accepted even if it earns nothing. Rejections: `late`, `future`; a repeat: no event."""
    action, memory = command.action, member.seen
    verdict = seen.judge(memory, action, rules.club.lateness)
    if isinstance(verdict, Rejection):
        return verdict
    if verdict == "duplicate":
        return Decision()
    joined_at = seen.joined_at(memory, action.occurred_at)
    facts = MemberFacts(member.tier, member.badges, joined_at=joined_at)
    facts, counted = metrics.observe(
        member.metrics, rules.points.metrics, rules.club, action, facts, verdict.forget_before
    )
    fired = rules.points.rules_for(action, facts)
    earned = earning.earned(member, action, fired, rules)
    events: tuple[Event, ...] = (*timed_out(member, now), verdict, *counted, *earned)
    letters = soon_after.letters(action, fired, rules)
    if not referrals.concern(member, action, rules):
        return Decision(events, letters=letters)
    more = referrals.brought_about(member, action, facts, rules)
    return Decision((*events, *more.events), letters=(*letters, *more.letters))
