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


Command = Union[NoteAction, Hear]
