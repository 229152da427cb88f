"""Each action counts once: duplicates by (source, id) are dropped, late and future ones refused.

Never by the wall clock (DESIGN, section 6), so that all services judge alike and a replay
judges as the first run did. An id is forgotten only when an equal copy would be refused
as late anyway.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Literal, Union

import msgspec

from cercle.domain.action import Action, ActionAccepted
from cercle.domain.decision import MINUTE, Instant, Rejection

FUTURE_TOLERANCE = 5 * MINUTE
_SWEEP_EVERY = 32


class Seen(msgspec.Struct, array_like=True):
    """What a member's state remembers of accepted actions.

    `forget_before`: older ones are late. `ids`: 8-byte hash to occurred_at of the others.
    `joined_at`: when the earliest of all occurred; None before the first.
    """

    forget_before: Instant = -(2**62)
    ids: dict[int, Instant] = msgspec.field(default_factory=dict)
    joined_at: Union[Instant, None] = None


@lru_cache(1 << 10)
def fingerprint(source: str, action_id: str) -> int:
    """8-byte hash of an action's identity. Remembered, since `note` asks again after `judge`."""
    digest = blake2b(f"{source}\0{action_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def judge(
    seen: Seen, action: Action, lateness: int
) -> Union[Rejection, Literal["duplicate"], ActionAccepted]:
    """Whether the action counts. `lateness` in ms, from club.yaml."""
    if fingerprint(action.source, action.id) in seen.ids:
        return "duplicate"
    if action.occurred_at > action.recorded_at + FUTURE_TOLERANCE:
        return Rejection(
            "future", "occurred_at is more than 5 minutes after the record's own timestamp", "occurred_at"
        )
    if action.occurred_at < action.recorded_at - lateness:
        return Rejection(
            "late",
            "occurred_at is older than its record's timestamp by more than the club's lateness",
            "occurred_at",
        )
    if action.occurred_at < seen.forget_before:
        return Rejection(
            "late",
            "occurred_at is older than the member's newest action by more than the club's lateness",
            "occurred_at",
        )
    return ActionAccepted(
        action.source,
        action.id,
        action.type,
        action.occurred_at,
        max(seen.forget_before, action.occurred_at - lateness),
    )


def joined_at(seen: Seen, occurred_at: Instant) -> Instant:
    """When the member joined, if what occurred at `occurred_at` counts; in any order of arrival."""
    return occurred_at if seen.joined_at is None or occurred_at < seen.joined_at else seen.joined_at


def note(seen: Seen, event: ActionAccepted) -> None:
    """Evolves `seen` in place."""
    seen.ids[fingerprint(event.source, event.id)] = event.occurred_at
    seen.forget_before = event.forget_before
    seen.joined_at = joined_at(seen, event.occurred_at)
    if len(seen.ids) % _SWEEP_EVERY == 0:
        seen.ids = {key: at for key, at in seen.ids.items() if at >= event.forget_before}
