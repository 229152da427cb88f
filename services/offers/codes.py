"""A voucher's code, at a key of its own: it is one claim's, and used once or cancelled, never both.

Whoever asks again with the same key gets the same answer. A code that nobody was given leaves nothing
behind, so that guessing fills no log.
"""

from typing import Union

import msgspec

from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.domain.keys import CODE
from cercle.domain.remembering import REMEMBERED_FOR, forgotten_before, too_old
from services.offers.commands import (
    CancelCode,
    CodeCommand,
    NoteCodeCancelled,
    NoteRedeemed,
    NoteRegistered,
    Redeem,
    Register,
)
from services.offers.events import (
    CodeCancelled,
    CodeEvent,
    CodeRedeemed,
    CodeRefused,
    CodeRegistered,
    Event,
    RedeemRefused,
)

_SWEEP_EVERY = 32


class Code(msgspec.Struct, array_like=True):
    """Whose claim's it is (`claim` empty: nobody's yet), and what became of it.

    `redeemed_by`: the key of the Redeem; `refused`: what was said to others lately, by key. Commands
    issued before `forget_before` are too old.
    """

    code: str = ""
    member: str = ""
    claim: str = ""
    offer: str = ""
    valid_until: Union[Instant, None] = None
    cancelled: bool = False
    redeemed_by: str = ""
    redeemed_at: Instant = 0
    refused: dict[str, RedeemRefused] = msgspec.field(default_factory=dict)
    forget_before: Instant = 0


class Redemption(msgspec.Struct, frozen=True):
    """What whoever redeemed a code is told."""

    claim: str
    offer: str
    member: str
    redeemed_at: Instant


def key_of(code: str) -> str:
    """The key of a code: capitals or not, and blanks around it, make no difference."""
    return CODE + code.strip().upper()


def decide(code: Code, command: CodeCommand, now: Instant) -> Union[Decision[Event], Rejection]:
    """Rejections, of Redeem alone: `too_old`, `code_unknown`."""
    match command:
        case Register():
            return _register(code, command)
        case CancelCode():
            return _cancel(code, command)
        case Redeem():
            return _redeem(code, command, now)


def _register(code: Code, command: Register) -> Decision[Event]:
    member, claim = command.member, command.claim
    taken = bool(code.claim)
    event: Event = (
        CodeRefused(member, claim, "code_taken")
        if taken
        else CodeRegistered(command.code, member, claim, command.offer, command.valid_until)
    )
    return Decision((event,), letters=(Letter(member, NoteRegistered(claim, taken)),))


def _cancel(code: Code, command: CancelCode) -> Decision[Event]:
    member, claim = command.member, command.claim
    redeemed = bool(code.redeemed_by)
    event: Event = CodeRefused(member, claim, "code_redeemed") if redeemed else CodeCancelled(command.key)
    letter = Letter(member, NoteCodeCancelled(command.key, member, claim, redeemed))
    return Decision((event,), letters=(letter,))


def _redeem(code: Code, command: Redeem, now: Instant) -> Union[Decision[Event], Rejection]:
    forget_before = forgotten_before(now, code.forget_before)
    if (rejection := too_old(command.issued_at, forget_before)) is not None:
        return rejection
    if not code.claim:
        return Rejection("code_unknown", "no voucher has this code", "code")
    if command.key == code.redeemed_by:
        return Decision((), _redemption(code, code.redeemed_at))
    said = code.refused.get(command.key)
    if said is not None and said.issued_at >= forget_before:
        return Decision((), said)
    at = max(now, command.issued_at)
    if why := _unusable(code, at):
        refused = RedeemRefused(command.key, command.issued_at, *why)
        return Decision((refused,), refused)
    letter = Letter(code.member, NoteRedeemed(code.claim, at))
    return Decision((CodeRedeemed(command.key, command.issued_at, at),), _redemption(code, at), (letter,))


def _unusable(code: Code, at: Instant) -> Union[tuple[str, str], None]:
    """(code, sentence); None: it can be used."""
    if code.redeemed_by:
        return "code_redeemed", "the voucher was redeemed already"
    if code.cancelled:
        return "code_cancelled", "the voucher was cancelled"
    if code.valid_until is not None and at >= code.valid_until:
        return "code_expired", "the voucher is no longer valid"
    return None


def _redemption(code: Code, at: Instant) -> Redemption:
    return Redemption(code.claim, code.offer, code.member, at)


def evolve(code: Code, event: CodeEvent) -> Code:
    """Changes `code` in place and answers it."""
    match event:
        case CodeRegistered():
            code.code, code.member, code.claim = event.code, event.member, event.claim
            code.offer, code.valid_until = event.offer, event.valid_until
        case CodeRedeemed():
            code.redeemed_by, code.redeemed_at = event.key, event.redeemed_at
        case CodeCancelled():
            code.cancelled = True
        case RedeemRefused():
            _remember(code, event)
        case CodeRefused():
            pass
    return code


def _remember(code: Code, refused: RedeemRefused) -> None:
    code.refused[refused.key] = refused
    before = code.forget_before = max(code.forget_before, refused.issued_at - REMEMBERED_FOR)
    if len(code.refused) % _SWEEP_EVERY == 0:
        code.refused = {key: said for key, said in code.refused.items() if said.issued_at >= before}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Code)


def encode(code: Code) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(code)


def decode(data: bytes) -> Code:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
