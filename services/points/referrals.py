"""A member refers a friend; both are paid once the friend first does what the rule waits for.

Told by letter, in whatever order things arrive. The friend's side decides: who already has an
advocate keeps that one; who did what a promise waits for before the referral was not new; and
who ever referred anybody cannot be referred any more. That last rule alone makes rings
impossible. For let a1 refer a2, a2 refer a3, ... and an refer a1, and each accept. Every one of
them made their referral after they had accepted the one of the member before: when they accepted
they had made none. And each accepted after the member before made theirs, since a letter comes
after it is sent. So each made theirs after the member before made theirs, all round the ring, and
a1 later than a1: there is none.

The points of who refers are cut by the limit of the referral's day: counted in `referred`, which
is kept, and not with what actions earned, whose days are forgotten before a friend may pay.
"""

from typing import NamedTuple

from cercle.domain.action import Action
from cercle.domain.decision import Decision, Instant, Letter
from cercle.rulebook import MemberFacts, Rulebook
from cercle.rulebook.built_in import FRIEND
from cercle.rulebook.built_in import REFERRAL as ON_REFERRAL
from services.points import holds, ledger, limits
from services.points.commands import Recommend, RefuseReferral, RewardReferral
from services.points.events import (
    REFERRAL,
    REFERRED,
    Earned,
    Event,
    Grant,
    Occasion,
    Promise,
    PromisesSettled,
    Recommended,
    ReferralEvent,
    ReferralMade,
    ReferralRefused,
    TriggerNoted,
)
from services.points.member import Counted, Member, Referral, Trigger
from services.points.soon_after import limit_of, most_of


class _Done(NamedTuple):
    """What a promise may wait for."""

    action: str
    source: str
    id: str
    occurred_at: Instant


def concern(member: Member, action: Action, rules: Rulebook) -> bool:
    """Whether the action is a referral, or a referral may wait for it: of most actions neither is so."""
    return (
        action.type == ON_REFERRAL or action.type in rules.points.referral_triggers or bool(member.promises)
    )


def brought_about(member: Member, action: Action, facts: MemberFacts, rules: Rulebook) -> Decision[Event]:
    """What follows from an action that counts, after what it earned at once."""
    if action.type == ON_REFERRAL:
        return _refer(member, action, facts, rules)
    events: list[Event] = []
    if action.type in rules.points.referral_triggers and _is_first(member, action):
        events.append(TriggerNoted(action.type, action.source, action.id, action.occurred_at))
    done = _Done(action.type, action.source, action.id, action.occurred_at)
    waiting = tuple(each for each in member.promises if each.after == action.type)
    settled = _settled(action.member_id, member.advocate, member.recommended_at, waiting, done, rules)
    return Decision((*events, *settled.events), letters=settled.letters)


def _is_first(member: Member, action: Action) -> bool:
    first = member.triggers.get(action.type)
    return first is None or action.occurred_at < first.occurred_at


def _refer(member: Member, action: Action, facts: MemberFacts, rules: Rulebook) -> Decision[Event]:
    """Nothing where no rule promises anything for it."""
    friend = str(action.fields[FRIEND])
    fired = rules.points.referrals_for(action, facts)
    if not fired:
        return Decision()
    if friend == action.member_id:
        return Decision((ReferralRefused(friend, "self_referral", "friend: is the member who refers"),))
    if friend in member.referred:
        sentence = f"friend: {friend} was referred by the same member before"
        return Decision((ReferralRefused(friend, "already_referred", sentence),))
    promises = tuple(
        Promise(rule.id, rule.wallet, rule.points, rule.friend, rule.after, *most_of(rule.limit))
        for rule in fired
    )
    made = ReferralMade(friend, rules.club.day(action.occurred_at), promises)
    letter = Letter(friend, Recommend(friend, action.member_id, action.occurred_at, promises))
    return Decision((made,), letters=(letter,))


def recommended(member: Member, letter: Recommend, rules: Rulebook, now: Instant) -> Decision[Event]:
    """Recommended, and paid at once for what came before the letter; or a letter back that refuses."""
    friend, advocate, occurred_at = letter.friend, letter.advocate, letter.occurred_at
    if member.advocate:
        return _refused(letter, "has_advocate", f"friend: {friend} was referred by another member before")
    if member.referred:
        return _refused(letter, "has_referred", f"friend: {friend} has referred a member, and is not new")
    promises = tuple(each for each in letter.promises if _is_new(member, each, occurred_at))
    if not promises:
        return _refused(letter, "not_new", _not_new(friend, letter.promises))
    events: list[Event] = [*holds.timed_out(member, now), Recommended(advocate, occurred_at, promises)]
    letters: list[Letter] = []
    for action in sorted({each.after for each in promises} & member.triggers.keys()):
        first = member.triggers[action]
        done = _Done(action, first.source, first.id, first.occurred_at)
        due = tuple(each for each in promises if each.after == action)
        settled = _settled(friend, advocate, occurred_at, due, done, rules)
        events += settled.events
        letters += settled.letters
    return Decision(tuple(events), letters=tuple(letters))


def _is_new(member: Member, promise: Promise, referred_at: Instant) -> bool:
    first = member.triggers.get(promise.after)
    return first is None or first.occurred_at >= referred_at


def _not_new(friend: str, promises: tuple[Promise, ...]) -> str:
    actions = ", ".join(sorted({each.after for each in promises}))
    return f"friend: {friend} is not new: {actions} came before the referral"


def _refused(letter: Recommend, code: str, sentence: str) -> Decision[Event]:
    return Decision(letters=(Letter(letter.advocate, RefuseReferral(letter.friend, code, sentence)),))


def _settled(
    friend: str,
    advocate: str,
    referred_at: Instant,
    promises: tuple[Promise, ...],
    done: _Done,
    rules: Rulebook,
) -> Decision[Event]:
    """What `friend` did settles the promises that wait for it: kept, or broken if it was before."""
    if not promises:
        return Decision()
    names = tuple(each.rule for each in promises)
    if done.occurred_at < referred_at:
        refusal = RefuseReferral(friend, "not_new", _not_new(friend, promises))
        return Decision((PromisesSettled(advocate, names, False),), letters=(Letter(advocate, refusal),))
    day = rules.club.day(done.occurred_at)
    occasion = Occasion(REFERRED, *done, member=advocate)
    paid = tuple(
        Earned(
            each.wallet,
            (Grant(each.rule, each.friend, each.friend),),
            day,
            ledger.earned(each.friend),
            occasion,
        )
        for each in promises
        if each.friend
    )
    reward = RewardReferral(friend, *done, promises)
    return Decision((PromisesSettled(advocate, names, True), *paid), letters=(Letter(advocate, reward),))


def reward(member: Member, letter: RewardReferral, now: Instant) -> Decision[Event]:
    """Earned for each promise, cut by what the rule gave for referrals of the same day."""
    referral = member.referred[letter.friend]
    occasion = Occasion(
        REFERRAL, letter.action, letter.source, letter.id, letter.occurred_at, member=letter.friend
    )
    events: list[Event] = [*holds.timed_out(member, now)]
    for each in letter.promises:
        counted = _counted(member, each.rule, referral.day)
        granted = limits.granted(limit_of(each), counted, each.points)
        grants = (Grant(each.rule, each.points, granted),)
        events.append(Earned(each.wallet, grants, referral.day, ledger.earned(granted), occasion))
    return Decision(tuple(events))


def _counted(member: Member, rule: str, day: int) -> Counted:
    given = [each.granted.get(rule, 0) for each in member.referred.values() if each.day == day]
    return Counted(sum(given), sum(points > 0 for points in given))


def refuse(member: Member, letter: RefuseReferral, now: Instant) -> Decision[Event]:
    """ReferralRefused: it stays a referral, and that friend cannot be referred again."""
    refused = ReferralRefused(letter.friend, letter.code, letter.sentence)
    return Decision((*holds.timed_out(member, now), refused))


def count(member: Member, event: Earned) -> None:
    """Evolves what the referral of a friend earned, in place."""
    if event.occasion is not None and event.occasion.kind == REFERRAL:
        granted = member.referred[event.occasion.member].granted
        for grant in event.grants:
            granted[grant.rule] = grant.granted


def note(member: Member, event: ReferralEvent) -> None:
    """Evolves referrals and promises in place."""
    match event:
        case ReferralMade():
            member.referred[event.friend] = Referral(event.day)
        case Recommended():
            member.advocate, member.recommended_at = event.advocate, event.occurred_at
            member.promises = event.promises
        case PromisesSettled():
            member.promises = tuple(each for each in member.promises if each.rule not in event.rules)
        case TriggerNoted():
            member.triggers[event.action] = Trigger(event.source, event.id, event.occurred_at)
        case ReferralRefused():
            pass


def is_of_referral(event: Earned) -> bool:
    """Whether a referral earned it: then it is not counted with what actions earned."""
    return event.occasion is not None and event.occasion.kind in (REFERRAL, REFERRED)
