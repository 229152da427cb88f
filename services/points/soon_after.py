"""Points for what comes soon after an earlier action, perhaps another member's.

The two actions have a field's value in common, a question say: the subject. It is a key of its
own, told by letter of the actions that others may come soon after, and of those that wait for
one. It compares when they occurred (see subjects.py), and tells the member. So it does not
matter which of the two is heard of first. What is to be earned is computed when the member's
action is accepted; only the limits cut it later, by what its day gave until then.
"""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Union

from cercle.domain.action import Action
from cercle.domain.decision import Decision, Instant, Letter
from cercle.domain.keys import SUBJECT
from cercle.rulebook import EarnRule, FiredRules, Limit, Rulebook, SoonAfter
from services.points import earning, holds, ledger, limits
from services.points.commands import AwaitEarlier, EarnSoonAfter, NoteEarlier
from services.points.events import SOON_AFTER, Desired, Earned, Event, Grant, Occasion, Promise, Waiting
from services.points.member import Counted, Member

LONGEST_VALUE = 128
"""Characters of a value that is in its subject's key as it is."""


def letters(action: Action, fired: FiredRules, rules: Rulebook) -> tuple[Letter, ...]:
    """What subjects are told of an action: that it occurred, and what waits for an earlier one."""
    points = rules.points
    if not points.subjects_of:
        return ()
    told: list[Letter] = []
    note = NoteEarlier(action.type, action.member_id, action.source, action.id, action.occurred_at)
    for by in points.subjects_of.get(action.type, ()):
        if subject := subject_of(action, by):
            told.append(Letter(subject, note))
    waiting: dict[str, list[Waiting]] = {}
    for each in _waiting(action, fired, rules):
        waiting.setdefault(each.subject, []).append(each)
    told += [Letter(subject, AwaitEarlier(tuple(each))) for subject, each in sorted(waiting.items())]
    return tuple(told)


def subject_of(action: Action, by: str) -> str:
    """The key of what the action is about; empty: the field says nothing."""
    value = action.fields.get(by, "")
    text = str(value) if isinstance(value, (str, int)) else ""
    if len(text) > LONGEST_VALUE:
        text = blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{SUBJECT}{by}/{text}" if text else ""


def _waiting(action: Action, fired: FiredRules, rules: Rulebook) -> Iterator[Waiting]:
    day = rules.club.day(action.occurred_at) if fired.soon_after else 0
    for rule in fired.soon_after:
        soon = rule.soon_after
        assert soon is not None, "the rulebook keeps apart those that have it"
        subject = subject_of(action, soon.by)
        desired = _desired(rule, fired, action, rules)
        if subject and desired:
            yield _wait(action, subject, day, rule, soon, desired)


def _wait(
    action: Action, subject: str, day: int, rule: EarnRule, soon: SoonAfter, desired: tuple[Desired, ...]
) -> Waiting:
    return Waiting(
        action.member_id,
        subject,
        action.type,
        action.source,
        action.id,
        action.occurred_at,
        day,
        rule.id,
        soon.action,
        soon.at_most,
        rule.wallet,
        desired,
    )


def _desired(rule: EarnRule, fired: FiredRules, action: Action, rules: Rulebook) -> tuple[Desired, ...]:
    """What the rule gives by itself, and what multipliers add to it: one floor, as of other rules."""
    alone = FiredRules((rule,), fired.multiply)
    shares = earning.shares(alone, rule.wallet, action, rules.points.stacking)
    return tuple(Desired(each.id, points, *most_of(each.limit)) for each, points in shares if points > 0)


def earn(member: Member, letter: EarnSoonAfter, now: Instant) -> Decision[Event]:
    """One Earned for each rule, each cut by what the action's day gave before it."""
    events: list[Event] = [*holds.timed_out(member, now)]
    given: dict[tuple[int, str], Counted] = {}
    for each in letter.waiting:
        grants = tuple(
            Grant(desired.rule, desired.points, _grant(member, each.day, desired, given))
            for desired in sorted(each.desired, key=lambda desired: desired.rule)
        )
        postings = ledger.earned(sum(grant.granted for grant in grants))
        occasion = Occasion(SOON_AFTER, each.action, each.source, each.id, each.occurred_at, each.subject)
        events.append(Earned(each.wallet, grants, each.day, postings, occasion))
    return Decision(tuple(events))


def _grant(member: Member, day: int, desired: Desired, given: dict[tuple[int, str], Counted]) -> int:
    """What the limit lets through; `given`: what was counted, this decision's own grants too."""
    known = limits.of_day(member, day).get(desired.rule)
    counted = given.setdefault(
        (day, desired.rule), Counted(known.points, known.times) if known else Counted()
    )
    granted = limits.granted(limit_of(desired), counted, desired.points)
    counted.points += granted
    counted.times += granted > 0
    return granted


def most_of(limit: Union[Limit, None]) -> tuple[Union[int, None], Union[int, None]]:
    """What a limit lets through, as letters carry it: points and times."""
    return (limit.points, limit.times) if limit else (None, None)


def limit_of(desired: Union[Desired, Promise]) -> Limit:
    """The limit that came with it."""
    return Limit(desired.most_points, desired.most_times)
