"""What the offers service is asked to decide."""

from typing import Union

import msgspec

from cercle.domain.action import Action
from cercle.domain.decision import Instant


class NoteAction(msgspec.Struct, frozen=True):
    """A member did something on which offers may be issued."""

    action: Action


class NoteBadge(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge, by what `occurred_at`."""

    badge: str
    level: str
    occurred_at: Instant


class NoteTier(msgspec.Struct, frozen=True):
    """The member's tier is now `tier`; it was `previous` (empty: none). By what `occurred_at`."""

    tier: str
    previous: str
    occurred_at: Instant


Note = Union[NoteBadge, NoteTier]


class Hear(msgspec.Struct, frozen=True):
    """What one decision of the badges service says, in its order: one cause, one record.

    `notes`: at least one; whatever brought the first brought all.
    """

    notes: tuple[Note, ...]


# ---- asked by RPC. `key`: the sender's idempotency key; `issued_at`: when it first asked ----


class Claim(msgspec.Struct, frozen=True):
    """A member wants the offer; `key` is the claim's id. `seed`: random, what a code is made from."""

    key: str
    issued_at: Instant
    member: str
    offer: str
    seed: bytes


class Cancel(msgspec.Struct, frozen=True):
    """A member wants a claim taken back."""

    key: str
    issued_at: Instant
    member: str
    claim: str


class Redeem(msgspec.Struct, frozen=True):
    """Somebody uses the code to whose key this goes."""

    key: str
    issued_at: Instant


# ---- told by letter, or answered to a call ----------------------------------------------


class NoteAnswer(msgspec.Struct, frozen=True):
    """What the points service said to a step of a claim: `code` is empty when it was done, else why not."""

    claim: str
    step: str
    code: str
    sentence: str


class Reserve(msgspec.Struct, frozen=True):
    """To the offer's key: one for the claim, if `stock` and `budget` allow it (see Terms)."""

    member: str
    claim: str
    stock: Union[int, None]
    budget: Union[int, None]
    each: int


class NoteStock(msgspec.Struct, frozen=True):
    """From the offer's key: reserved when `code` is empty, else why not."""

    claim: str
    code: str


class Unreserve(msgspec.Struct, frozen=True):
    """To the offer's key: what was reserved for the claim, at this cost, is there for others."""

    member: str
    claim: str
    cost: int


class Register(msgspec.Struct, frozen=True):
    """To the code's key: it is the claim's, if it is nobody's."""

    code: str
    member: str
    claim: str
    offer: str
    valid_until: Union[Instant, None]


class NoteRegistered(msgspec.Struct, frozen=True):
    """From the code's key: whether the code is the claim's."""

    claim: str
    taken: bool


class CancelCode(msgspec.Struct, frozen=True):
    """To the code's key: it must not be used any more. `key`: of the Cancel."""

    key: str
    member: str
    claim: str


class NoteCodeCancelled(msgspec.Struct, frozen=True):
    """From the code's key: cancelled, or already `redeemed`. `key`: of the Cancel, by `member`."""

    key: str
    member: str
    claim: str
    redeemed: bool


class NoteRedeemed(msgspec.Struct, frozen=True):
    """From the code's key: the claim's voucher was used."""

    claim: str
    redeemed_at: Instant


class DoDueWork(msgspec.Struct, frozen=True):
    """Ask again what got no answer."""


StockCommand = Union[Reserve, Unreserve]
CodeCommand = Union[Register, CancelCode, Redeem]
ClaimCommand = Union[
    Claim,
    NoteAnswer,
    NoteStock,
    NoteRegistered,
    NoteRedeemed,
    Cancel,
    NoteCodeCancelled,
    DoDueWork,
]
Asked = Union[
    Claim,
    NoteAnswer,
    NoteStock,
    NoteRegistered,
    NoteRedeemed,
    Cancel,
    NoteCodeCancelled,
    StockCommand,
    CodeCommand,
]
"""What is in the log as it was asked."""

Command = Union[NoteAction, Hear, ClaimCommand, StockCommand, CodeCommand]
