"""For how long a command is remembered by its key: a copy of it that comes later is too old to be judged."""

from typing import Union

from cercle.domain.decision import DAY, Instant, Rejection

REMEMBERED_FOR = DAY


def forgotten_before(now: Instant, kept_from: Instant) -> Instant:
    """Commands issued before this are not remembered. `kept_from`: by the newest that the state knows."""
    return max(now - REMEMBERED_FOR, kept_from)


def too_old(issued_at: Instant, forget_before: Instant) -> Union[Rejection, None]:
    """The rejection of a command that may have been decided, and forgotten."""
    if issued_at < forget_before:
        return Rejection("too_old", "issued_at is more than 24 hours ago", "issued_at")
    return None
