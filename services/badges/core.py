"""The law of badges: every accepted action is a record, counts rise by it, and nothing earned is lost.

`decide` reads only, `evolve` is the only place where a member changes. Pure: `now` is an
argument, and the same events give the same member to the byte.
"""

from collections.abc import Mapping
from typing import Union

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import Action, ActionAccepted
from cercle.domain.decision import Decision, Instant, Rejection
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import MemberFacts, Rulebook
from services.badges import achievements, tiers
from services.badges.commands import Command, CountAction, CountPoints
from services.badges.events import BadgeUnlocked, Event, PointsCounted, Progressed, TierChanged
from services.badges.member import Member


def new() -> Member:
    """A member nobody has heard of."""
    return Member()


def decide(
    member: Member, command: Command, rules: Rulebook, now: Instant
) -> Union[Decision[Event], Rejection]:
    """What the command brings about. Rejections: `late`, `future` (of an action)."""
    match command:
        case CountAction():
            return count_action(member, command.action, rules)
        case CountPoints():
            return count_points(member, command, rules)


def count_action(member: Member, action: Action, rules: Rulebook) -> Union[Decision[Event], Rejection]:
    """Accepted even if it counts for nothing, so that every service judges lateness alike."""
    verdict = seen.judge(member.seen, action, rules.club.lateness)
    if isinstance(verdict, Rejection):
        return verdict
    if verdict == "duplicate":
        return Decision()
    facts, counted = metrics.observe(
        member.metrics,
        rules.badges.metrics,
        rules.club,
        action,
        facts_before(member, action, rules),
        verdict.forget_before,
    )
    raised = rules.badges.counted(action, facts)
    return Decision(
        (
            verdict,
            *counted,
            *achievements.progress(member, raised, action.occurred_at),
            *tiers.rise(member, rules.tiers, member.tier_points, action.occurred_at),
        )
    )


def facts_before(member: Member, action: Action, rules: Rulebook) -> MemberFacts:
    """What conditions see of the member as it was before the action; badges where one reads them."""
    badges = member.badges() if rules.badges.read_badges else ()
    return MemberFacts(member.tier, badges, joined_at=seen.joined_at(member.seen, action.occurred_at))


def count_points(member: Member, command: CountPoints, rules: Rulebook) -> Decision[Event]:
    """More points that count towards the tier."""
    total = member.tier_points + command.points
    rise = tiers.rise(member, rules.tiers, total, command.occurred_at)
    return Decision((PointsCounted(command.points, total), *rise))


def evolve(member: Member, event: Event) -> Member:
    """Changes `member` in place and answers it."""
    match event:
        case ActionAccepted():
            seen.note(member.seen, event)
        case MetricCounted():
            metrics.note(member.metrics, event)
        case Progressed():
            achievements.progressed(member, event)
        case BadgeUnlocked():
            achievements.unlocked(member, event)
        case PointsCounted():
            member.tier_points = event.total
        case TierChanged():
            member.tier = event.tier
    return member


def due_at(member: Member) -> Union[Instant, None]:
    """When this member next needs a visit: never, since nothing here lapses with time."""
    return None


def ranks(member: Member) -> Mapping[str, int]:
    """The member's score on each leaderboard: absolute, so that writing it twice changes nothing."""
    return {"points": member.tier_points}


class View(msgspec.Struct, frozen=True):
    """What a reader sees: the tier, and every achievement by id."""

    tier: tiers.TierView
    achievements: tuple[achievements.ProgressView, ...]


def view(member: Member, rules: Rulebook, language: str, now: Instant) -> View:
    """The member's standing in `language` (empty: the club's first), by the rulebook of `now`."""
    return View(
        tiers.view(member, rules.tiers),
        achievements.view(member, rules.badges.achievements, language),
    )
