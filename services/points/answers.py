"""The memory of commands: each is decided once, and its answer given again to whoever asks again.

An answer, a refusal too, is remembered by its key for 24 hours, and forgotten only when a copy,
with the same `issued_at`, is too old. When memory is swept changes nothing. What came of a
transfer takes the place of its first answer, so that asking again tells the newest.
"""

from typing import Union

from cercle.domain.decision import Decision, Instant, Rejection
from cercle.domain.remembering import REMEMBERED_FOR, forgotten_before, too_old
from services.points.commands import Capture, PlaceHold, Release, Request, Transfer
from services.points.events import (
    Answer,
    Captured,
    Event,
    Held,
    Refused,
    Released,
    TransferCompleted,
    TransferReturned,
    TransferSent,
)
from services.points.member import Closed, Member

_SWEEP_EVERY = 32

Outcome = Union[Decision[Event], Rejection]


def repeated(member: Member, command: Request, now: Instant) -> Union[Outcome, None]:
    """What is said to a command that must not be decided (again); None: decide it.

    The same request: its answer and no event. Rejections: `too_old`, `key_reused`.
    """
    forget_before = forgotten_before(now, member.forget_before)
    if (rejection := too_old(command.issued_at, forget_before)) is not None:
        return rejection
    answer = member.answers.get(command.key)
    if answer is not None and answer.issued_at >= forget_before:
        if _request(answer) == _request(command):
            return Decision((), answer)
        return Rejection("key_reused", "the key was used for another request", "key")
    if isinstance(command, PlaceHold) and (command.key in member.holds or closed_lately(member, command.key)):
        return Rejection("key_reused", "the key is the id of another hold", "key")
    if isinstance(command, Transfer) and command.key in member.transfers:
        return Rejection("key_reused", "the key is the id of another transfer", "key")
    return None


def remember(member: Member, answer: Answer) -> None:
    """Evolves the memory in place."""
    member.answers[answer.key] = answer
    before = member.forget_before = max(member.forget_before, answer.issued_at - REMEMBERED_FOR)
    if len(member.answers) % _SWEEP_EVERY == 0:
        member.answers = {key: a for key, a in member.answers.items() if a.issued_at >= before}
        member.closed = {key: c for key, c in member.closed.items() if c.at >= before}


def renew(member: Member, outcome: Union[TransferCompleted, TransferReturned]) -> None:
    """Evolves the memory in place: what came of a transfer, if its answer is still remembered."""
    answer = member.answers.get(outcome.key)
    if isinstance(answer, TransferSent) and answer.issued_at == outcome.issued_at:
        member.answers[outcome.key] = outcome


def refused(command: Request, code: str, sentence: str) -> Refused:
    """The refusal of a command by the member's state."""
    return Refused(command.key, command.issued_at, code, sentence, _request(command))


def closed_lately(member: Member, hold: str) -> Union[Closed, None]:
    """What became of a hold, as long as that is remembered."""
    closed = member.closed.get(hold)
    return closed if closed is not None and closed.at >= member.forget_before else None


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
        case Transfer() | TransferSent() | TransferCompleted() | TransferReturned():
            return f"transfer {of.points} {of.wallet} to {of.to}"
