"""Spending, in two steps: a hold sets points aside, a capture spends them, a release gives them back.

A hold is closed once: captured, released, or released by itself at its `until`.
"""

from typing import Union

from cercle.domain.decision import Decision, Instant
from cercle.domain.remembering import REMEMBERED_FOR
from services.points import ledger
from services.points.answers import Outcome, closed_lately, refused, remember, repeated
from services.points.commands import Capture, PlaceHold, Release
from services.points.events import Captured, Event, Held, Refused, Released
from services.points.member import Closed, Hold, Member

HoldAnswer = Union[Held, Captured, Released, Refused]


def place(member: Member, command: PlaceHold, now: Instant) -> Outcome:
    """Held, or Refused insufficient_points. Rejections as `answers.repeated` says.

    `until` counts from when it was asked if that is later than `now`, which lags behind the
    sender's clock while the partition catches up.
    """
    known = repeated(member, command, now)
    if known is not None:
        return known
    lapsed = timed_out(member, now)
    points, wallet = command.points, command.wallet
    available = available_after(member, wallet, lapsed)
    if points > available:
        sentence = f"{points} points asked, {available} available in {wallet}"
        return _answered(lapsed, refused(command, "insufficient_points", sentence))
    until = max(now, command.issued_at) + command.keep_for
    postings = ledger.held(points)
    return _answered(
        lapsed, Held(command.key, command.issued_at, command.key, wallet, points, until, postings)
    )


def close(member: Member, command: Union[Capture, Release], now: Instant) -> Outcome:
    """Captured or Released, or Refused hold_unknown, hold_captured, hold_released.

    Rejections as `answers.repeated` says.
    """
    known = repeated(member, command, now)
    if known is not None:
        return known
    hold = _open_hold(member, command, now)
    answer = _closed(command, hold) if isinstance(hold, Hold) else hold
    return _answered(timed_out(member, now), answer)


def available_after(member: Member, wallet: str, lapsed: tuple[Released, ...]) -> int:
    """What may be spent in the wallet once these holds are released."""
    return member.wallet(wallet).available + sum(r.points for r in lapsed if r.wallet == wallet)


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


def note(member: Member, event: HoldAnswer) -> None:
    """Evolves holds and remembered answers in place."""
    if event.key:
        remember(member, event)
    match event:
        case Held():
            member.holds[event.hold] = Hold(event.wallet, event.points, event.until)
        case Captured() | Released():
            del member.holds[event.hold]
            at = max(event.issued_at, member.forget_before + REMEMBERED_FOR)
            member.closed[event.hold] = Closed(isinstance(event, Captured), at)


def _open_hold(member: Member, command: Union[Capture, Release], now: Instant) -> Union[Hold, Refused]:
    """The hold that the command names, or why it cannot be closed any more."""
    hold = member.holds.get(command.hold)
    if hold is not None and hold.until > now:
        return hold
    closed = closed_lately(member, command.hold)
    if closed is not None and closed.captured:
        return refused(command, "hold_captured", f"hold {command.hold} was captured")
    if closed is not None or hold is not None:
        return refused(command, "hold_released", f"hold {command.hold} was released")
    return refused(command, "hold_unknown", f"no hold {command.hold}")


def _closed(command: Union[Capture, Release], hold: Hold) -> HoldAnswer:
    key, issued_at, wallet, points = command.key, command.issued_at, hold.wallet, hold.points
    if isinstance(command, Capture):
        return Captured(key, issued_at, command.hold, wallet, points, ledger.captured(points))
    return Released(key, issued_at, command.hold, wallet, points, False, ledger.released(points))


def _answered(lapsed: tuple[Released, ...], answer: HoldAnswer) -> Decision[Event]:
    return Decision((*lapsed, answer), answer)
