"""What the badges service is asked to decide."""

from typing import Union

import msgspec

from cercle.domain.action import Action
from cercle.domain.decision import Instant


class CountAction(msgspec.Struct, frozen=True):
    """A member did something that may count towards achievements."""

    action: Action


class CountPoints(msgspec.Struct, frozen=True):
    """A member earned `points`, more than zero, that count towards the tier, by what `occurred_at`."""

    points: int
    occurred_at: Instant


Command = Union[CountAction, CountPoints]
