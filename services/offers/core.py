"""The law of offers: an offer is given on an occasion that the rules name, and once given it stays.

`decide` reads only, `evolve` is the only place where a member changes. Pure: `now` is an
argument, and the same events give the same member to the byte.
"""

from collections.abc import Mapping
from typing import Union

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import Action, ActionAccepted
from cercle.domain.badges import with_badge
from cercle.domain.decision import Decision, Instant, Rejection
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import MemberFacts, Rulebook
from services.offers import issuing
from services.offers.commands import Command, Hear, NoteAction
from services.offers.events import BadgeNoted, Event, OfferIssued, TierNoted
from services.offers.member import Issued, Member


def new() -> Member:
    """A member nobody has heard of."""
    return Member()


def decide(
    member: Member, command: Command, rules: Rulebook, now: Instant
) -> Union[Decision[Event], Rejection]:
    """What the command brings about. Rejections: `late`, `future` (of an action)."""
    match command:
        case NoteAction():
            return note_action(member, command.action, rules)
        case Hear():
            return Decision(tuple(issuing.hear(member, command.notes, rules)))


def note_action(member: Member, action: Action, rules: Rulebook) -> Union[Decision[Event], Rejection]:
    """No effect at all in a club whose offers concern no action; else judged as in every service."""
    if not rules.offers.concern_actions:
        return Decision()
    verdict = seen.judge(member.seen, action, rules.club.lateness)
    if isinstance(verdict, Rejection):
        return verdict
    if verdict == "duplicate":
        return Decision()
    joined_at = seen.joined_at(member.seen, action.occurred_at)
    facts, counted = metrics.observe(
        member.metrics,
        rules.offers.metrics,
        rules.club,
        action,
        MemberFacts(tier=member.tier, badges=member.badges, joined_at=joined_at),
        verdict.forget_before,
    )
    issued = issuing.issue(member, issuing.on_action(action), facts, rules.offers)
    return Decision((verdict, *counted, *issued))


def evolve(member: Member, event: Event) -> Member:
    """Changes `member` in place and answers it."""
    match event:
        case ActionAccepted():
            seen.note(member.seen, event)
        case MetricCounted():
            metrics.note(member.metrics, event)
        case OfferIssued():
            member.issued.append(Issued(event.offer, event.issued_at, event.on, event.reason))
        case BadgeNoted():
            member.badges = with_badge(member.badges, event.badge, event.level)
        case TierNoted():
            member.tier = event.tier
    return member


def due_at(member: Member) -> Union[Instant, None]:
    """When this member next needs a visit: never, since nothing here lapses with time."""
    return None


def ranks(member: Member) -> Mapping[str, int]:
    """The member's score on each leaderboard: offers have none."""
    return {}


class View(msgspec.Struct, frozen=True):
    """What a reader sees: the offers, newest first."""

    offers: tuple[issuing.OfferView, ...]


def view(member: Member, rules: Rulebook, language: str, now: Instant) -> View:
    """The member's offers in `language` (empty: the club's first), by the rulebook of `now`."""
    return View(issuing.view(member, rules.offers, language))
