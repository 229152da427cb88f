"""What is known of a member when one of their actions is judged."""

from collections.abc import Mapping

import msgspec


class MemberFacts(msgspec.Struct, frozen=True):
    """What conditions see as `member` and `metrics`: as the partition had read it when it judged.

    `badges`: each unlocked badge's id, and `id/level`. `joined_at` in ms; 0 is someone who has not joined
    and reads as joining now, with what is judged. `metrics`: by name (0 left out), money in minor units.
    """

    tier: str = ""
    badges: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    joined_at: int = 0
    metrics: Mapping[str, int] = {}
