"""A member's standing, and its bytes.

The bytes depend on nothing but the events: decoding and encoding in between changes none.
New fields go to the end, with a default, so that older bytes can still be read.
"""

import msgspec

from cercle.domain.badges import badge_names
from cercle.domain.decision import Instant
from cercle.domain.metrics import Metrics
from cercle.domain.seen import Seen


class Standing(msgspec.Struct, array_like=True):
    """One achievement: what was counted, and when each level was reached, by its name."""

    count: int = 0
    reached: dict[str, Instant] = msgspec.field(default_factory=dict)


class Member(msgspec.Struct, array_like=True):
    """`standings` by achievement id; `tier` is empty before the first; `tier_points` are all that count.

    `metrics`: those that conditions on badges read.
    """

    seen: Seen = msgspec.field(default_factory=Seen)
    standings: dict[str, Standing] = msgspec.field(default_factory=dict)
    tier: str = ""
    tier_points: int = 0
    metrics: Metrics = msgspec.field(default_factory=dict)

    def standing(self, achievement: str) -> Standing:
        """Where the member stands in it; a fresh one, kept nowhere, if there is none yet."""
        return self.standings.get(achievement) or Standing()

    def badges(self) -> tuple[str, ...]:
        """The ids of the badges unlocked, and `id/level`."""
        return badge_names({name: one.reached for name, one in self.standings.items() if one.reached})


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Member)


def encode(member: Member) -> bytes:
    """The state's bytes, as the store keeps them."""
    return _ENCODER.encode(member)


def decode(data: bytes) -> Member:
    """The inverse of `encode`. Raises msgspec.DecodeError on other bytes."""
    return _DECODER.decode(data)
