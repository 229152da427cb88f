"""What several members' actions have in common: which of them came soon after which.

For each action that waits, and each action before it that it may have come soon after: whichever
letter comes first, the second one finds it, and the member is told once. Judged by when the two
occurred alone. What cannot matter any more is forgotten by when the newest action occurred: an
action comes at most the club's lateness after it occurred, and PATIENCE is for partitions that lag.
"""

from typing import Union

import msgspec

from cercle.domain.decision import DAY, Decision, Instant, Letter
from cercle.domain.seen import fingerprint
from cercle.rulebook import Rulebook
from services.points.commands import AwaitEarlier, EarnSoonAfter, NoteEarlier, SubjectCommand
from services.points.events import (
    EarlierNoted,
    Event,
    SubjectEvent,
    Waiting,
    WaitingEnded,
    WaitingNoted,
)

PATIENCE = 7 * DAY
"""How far the letters of one partition may be behind those of another, and nothing is missed."""


class Subject(msgspec.Struct, array_like=True):
    """The actions that others may come soon after: by type, hash to occurred_at. And what waits."""

    earlier: dict[str, dict[int, Instant]] = msgspec.field(default_factory=dict)
    waiting: tuple[Waiting, ...] = ()
    forget_before: Instant = -(2**62)


def decide(subject: Subject, command: SubjectCommand, rules: Rulebook) -> Decision[Event]:
    """What was told is noted, and who waited for it is told in turn."""
    if isinstance(command, NoteEarlier):
        return _note_earlier(subject, command, rules)
    return _await_earlier(subject, command, rules)


def _note_earlier(subject: Subject, command: NoteEarlier, rules: Rulebook) -> Decision[Event]:
    noted = EarlierNoted(
        command.action,
        command.member,
        command.source,
        command.id,
        command.occurred_at,
        _forget_before(subject, command.occurred_at, rules),
    )
    found = [
        each
        for each in subject.waiting
        if each.after == command.action
        and _came_soon(each, command.occurred_at)
        and _who(each) != _who(command)
    ]
    return _told([noted], found)


def _await_earlier(subject: Subject, command: AwaitEarlier, rules: Rulebook) -> Decision[Event]:
    noted: list[Event] = []
    for each in command.waiting:
        noted.append(WaitingNoted(each, _forget_before(subject, each.occurred_at, rules)))
    return _told(noted, [each for each in command.waiting if _has_earlier(subject, each)])


def _told(noted: list[Event], found: list[Waiting]) -> Decision[Event]:
    """One letter for each action."""
    ended = [WaitingEnded(each.member, each.source, each.id, each.rule) for each in found]
    by_action: dict[tuple[str, int], list[Waiting]] = {}
    for each in found:
        by_action.setdefault((each.member, _who(each)), []).append(each)
    letters = tuple(Letter(member, EarnSoonAfter(tuple(won))) for (member, _), won in by_action.items())
    return Decision((*noted, *ended), letters=letters)


def _has_earlier(subject: Subject, waiting: Waiting) -> bool:
    own = _who(waiting)
    earlier = subject.earlier.get(waiting.after, {})
    return any(_came_soon(waiting, at) for who, at in earlier.items() if who != own)


def _came_soon(waiting: Waiting, earlier: Instant) -> bool:
    return 0 <= waiting.occurred_at - earlier <= waiting.at_most


def _who(action: Union[Waiting, NoteEarlier, EarlierNoted]) -> int:
    """8-byte hash of whose action it is, and which: none came soon after itself."""
    return fingerprint(f"{action.member}\0{action.source}", action.id)


def _forget_before(subject: Subject, occurred_at: Instant, rules: Rulebook) -> Instant:
    kept_for = rules.club.lateness + rules.points.longest_wait + PATIENCE
    return max(subject.forget_before, occurred_at - kept_for)


def evolve(subject: Subject, event: SubjectEvent) -> Subject:
    """Changes `subject` in place and answers it."""
    match event:
        case EarlierNoted():
            subject.earlier.setdefault(event.action, {})[_who(event)] = event.occurred_at
            _forget(subject, event.forget_before)
        case WaitingNoted():
            subject.waiting = (*subject.waiting, event.waiting)
            _forget(subject, event.forget_before)
        case WaitingEnded(member, source, id, rule):
            ended = (member, source, id, rule)
            subject.waiting = tuple(
                each for each in subject.waiting if (each.member, each.source, each.id, each.rule) != ended
            )
    return subject


def _forget(subject: Subject, before: Instant) -> None:
    if before == subject.forget_before:
        return
    subject.forget_before = before
    for action, earlier in list(subject.earlier.items()):
        subject.earlier[action] = {who: at for who, at in earlier.items() if at >= before}
        if not subject.earlier[action]:
            del subject.earlier[action]
    subject.waiting = tuple(each for each in subject.waiting if each.occurred_at >= before)
