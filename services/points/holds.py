"""Spending, in two steps: a hold sets points aside, a capture spends them, a release gives them back.

A hold is closed once: captured, released, or released by itself at its `until`. A command is
decided once: its answer, a refusal too, is remembered by its key for 24 hours, and forgotten
only when a copy, with the same `issued_at`, is too old. When memory is swept changes nothing.
"""

from typing import Union

from cercle.domain.decision import DAY, Decision, Instant, Rejection
from services.points import ledger
from services.points.commands import Capture, PlaceHold, Release, Request
from services.points.events import Answer, Captured, Event, Held, Refused, Released
from services.points.member import Closed, Hold, Member

REMEMBERED_FOR = DAY
_SWEEP_EVERY = 32

Outcome = Union[Decision[Event], Rejection]


def place(member: Member, command: PlaceHold, now: Instant) -> Outcome:
    """Held, or Refused insufficient_points. Rejections as `repeated` says.

    `until` counts from when it was asked if that is later than `now`, which lags behind the
    sender's clock while the partition catches up.
    """
    known = repeated(member, command, now)
    if known is not None:
        return known
    lapsed = timed_out(member, now)
    points, wallet = command.points, command.wallet
    available = member.wallet(wallet).available + sum(r.points for r in lapsed if r.wallet == wallet)
    if points > available:
        sentence = f"{points} points asked, {available} available in {wallet}"
        return _answered(lapsed, _refused(command, "insufficient_points", sentence))
    until = max(now, command.issued_at) + command.keep_for
    postings = ledger.held(points)
    return _answered(
        lapsed, Held(command.key, command.issued_at, command.key, wallet, points, until, postings)
    )


def close(member: Member, command: Union[Capture, Release], now: Instant) -> Outcome:
    """Captured or Released, or Refused hold_unknown, hold_captured, hold_released.

    Rejections as `repeated` says.
    """
    known = repeated(member, command, now)
    if known is not None:
        return known
    hold = _open_hold(member, command, now)
    answer = _closed(command, hold) if isinstance(hold, Hold) else hold
    return _answered(timed_out(member, now), answer)


def timed_out(member: Member, now: Instant) -> tuple[Released, ...]:
    """The releases of all holds whose time is up, in due order, ties by hold id."""
    if not member.holds:
        return ()
    due = sorted((hold.until, key, hold) for key, hold in member.holds.items() if hold.until <= now)
    return tuple(
        Released("", until, key, hold.wallet, hold.points, True, ledger.released(hold.points))
        for until, key, hold in due
    )


def next_time_out(member: Member) -> Union[Instant, None]:
    """When the next hold times out; None: no hold is open."""
    return min((hold.until for hold in member.holds.values()), default=None)


def repeated(member: Member, command: Request, now: Instant) -> Union[Outcome, None]:
    """What is said to a command that must not be decided (again); None: decide it.

    The same request: the first answer and no event. Rejections: `too_old`, `key_reused`.
    """
    forget_before = max(now - REMEMBERED_FOR, member.forget_before)
    if command.issued_at < forget_before:
        return Rejection("too_old", "issued_at is more than 24 hours ago", "issued_at")
    answer = member.answers.get(command.key)
    if answer is not None and answer.issued_at >= forget_before:
        if _request(answer) == _request(command):
            return Decision((), answer)
        return Rejection("key_reused", "the key was used for another request", "key")
    if isinstance(command, PlaceHold) and (
        command.key in member.holds or _closed_lately(member, command.key)
    ):
        return Rejection("key_reused", "the key is the id of another hold", "key")
    return None


def note(member: Member, event: Answer) -> None:
    """Evolves holds and remembered answers in place."""
    if event.key:
        _remember(member, event)
    match event:
        case Held():
            member.holds[event.hold] = Hold(event.wallet, event.points, event.until)
        case Captured() | Released():
            del member.holds[event.hold]
            at = max(event.issued_at, member.forget_before + REMEMBERED_FOR)
            member.closed[event.hold] = Closed(isinstance(event, Captured), at)


def _remember(member: Member, answer: Answer) -> None:
    member.answers[answer.key] = answer
    before = member.forget_before = max(member.forget_before, answer.issued_at - REMEMBERED_FOR)
    if len(member.answers) % _SWEEP_EVERY == 0:
        member.answers = {key: a for key, a in member.answers.items() if a.issued_at >= before}
        member.closed = {key: c for key, c in member.closed.items() if c.at >= before}


def _open_hold(member: Member, command: Union[Capture, Release], now: Instant) -> Union[Hold, Refused]:
    """The hold that the command names, or why it cannot be closed any more."""
    hold = member.holds.get(command.hold)
    if hold is not None and hold.until > now:
        return hold
    closed = _closed_lately(member, command.hold)
    if closed is not None and closed.captured:
        return _refused(command, "hold_captured", f"hold {command.hold} was captured")
    if closed is not None or hold is not None:
        return _refused(command, "hold_released", f"hold {command.hold} was released")
    return _refused(command, "hold_unknown", f"no hold {command.hold}")


def _closed(command: Union[Capture, Release], hold: Hold) -> Answer:
    key, issued_at, wallet, points = command.key, command.issued_at, hold.wallet, hold.points
    if isinstance(command, Capture):
        return Captured(key, issued_at, command.hold, wallet, points, ledger.captured(points))
    return Released(key, issued_at, command.hold, wallet, points, False, ledger.released(points))


def _closed_lately(member: Member, hold: str) -> Union[Closed, None]:
    closed = member.closed.get(hold)
    return closed if closed is not None and closed.at >= member.forget_before else None


def _answered(lapsed: tuple[Released, ...], answer: Answer) -> Decision[Event]:
    return Decision((*lapsed, answer), answer)


def _refused(command: Request, code: str, sentence: str) -> Refused:
    return Refused(command.key, command.issued_at, code, sentence, _request(command))


def _request(of: Union[Request, Answer]) -> str:
    """What a command asks and an answer was asked, in one form. `keep_for` and `issued_at` are
    not part of it: whoever asks again learns from the answer until when the points are held."""
    match of:
        case Refused():
            return of.request
        case PlaceHold() | Held():
            return f"hold {of.points} {of.wallet}"
        case Capture() | Captured():
            return f"capture {of.hold}"
        case Release() | Released():
            return f"release {of.hold}"
