"""What the offers service is asked to decide."""

from typing import Union

import msgspec

from cercle.domain.action import Action
from cercle.domain.decision import Instant


class NoteAction(msgspec.Struct, frozen=True):
    """A member did something on which offers may be issued."""

    action: Action


class NoteBadge(msgspec.Struct, frozen=True):
    """The member unlocked a level of a badge."""

    badge: str
    level: str
    reached_at: Instant


class NoteTier(msgspec.Struct, frozen=True):
    """The member's tier is now `tier`; it was `previous` (empty: none)."""

    tier: str
    previous: str
    changed_at: Instant


Note = Union[NoteBadge, NoteTier]


class Hear(msgspec.Struct, frozen=True):
    """What one decision of the badges service says, in its order: one cause, one record."""

    notes: tuple[Note, ...]


Command = Union[NoteAction, Hear]
