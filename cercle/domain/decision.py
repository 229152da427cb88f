"""What `decide` answers. A decision changes state only by its events; a rejection changes nothing."""

from typing import Generic, TypeVar

import msgspec

Instant = int
"""Milliseconds since 1970-01-01 UTC."""

Event = TypeVar("Event")

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def oldest_day(instant: Instant) -> int:
    """No instant from this one on is on an earlier day, as days since 1970-01-01, in any time zone."""
    return instant // DAY - 1


class Rejection(msgspec.Struct, frozen=True):
    """An input that cannot be accepted: a value, never an exception.

    `code` is a word for machines, `sentence` tells a person what is wrong and names the
    field, `field` is that name (dotted, empty when no single field is to blame).
    """

    code: str
    sentence: str
    field: str = ""


class Letter(msgspec.Struct, frozen=True):
    """What a decision tells another key of the same service: a command for it, exactly once."""

    to: str
    command: object


class Call(msgspec.Struct, frozen=True):
    """What a state still has to ask of another service.

    `id` is its idempotency key, the same however often it is asked; the answer comes back as a
    command for the key whose state asks.
    """

    id: str
    request: object


class Decision(msgspec.Struct, Generic[Event], frozen=True):
    """The events of one cause, in order. No event: the input had no effect, and tells nobody anything.

    `answer` is what a command's sender is told (a value of the service's own); for a
    command that was decided before, it comes without events.
    """

    events: tuple[Event, ...] = ()
    answer: object = None
    letters: tuple[Letter, ...] = ()
