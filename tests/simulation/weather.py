"""What may go wrong in a run, and how often: drawn by its seed, so that each run has its own climate."""

from random import Random
from typing import NamedTuple


class Climate(NamedTuple):
    """Chances of each fault; a run has some of them. 0 is fair weather.

    `moves`, `rollbacks`, `wipes` are a minute; the others a call, or a batch sent. `branches`:
    Redis may also come back on a history that it had left. `slow` calls take up to seconds.
    """

    moves: float = 0.0
    rollbacks: float = 0.0
    wipes: float = 0.0
    branches: bool = False
    store_fails: float = 0.0
    store_late: float = 0.0
    log_fails: float = 0.0
    ack_lost: float = 0.0
    ack_unknown: float = 0.0
    repeated: float = 0.0
    lost: float = 0.0
    holes: bool = False
    slow: float = 0.0
    stale_rules: float = 0.0


FAIR = Climate()


def climate(chance: Random) -> Climate:
    """About half of all faults, each at its own rate."""

    def rate(most: float) -> float:
        return chance.uniform(0.1, 1.0) * most if chance.random() < 0.5 else 0.0

    return Climate(
        moves=rate(60) or 8,
        rollbacks=rate(20),
        wipes=rate(4),
        branches=chance.random() < 0.3,
        store_fails=rate(0.03),
        store_late=rate(0.5),
        log_fails=rate(0.02),
        ack_lost=rate(0.1),
        ack_unknown=rate(0.03),
        repeated=rate(0.2),
        lost=rate(0.15),
        holes=chance.random() < 0.4,
        slow=rate(0.2),
        stale_rules=rate(0.3),
    )


class Weather:
    """The faults of one run, drawn from one stream; `end` brings fair weather."""

    def __init__(self, seed: int, climate: Climate) -> None:
        self.chance = Random(seed)
        self.now = climate

    def end(self) -> None:
        """From now on nothing goes wrong any more."""
        self.now = FAIR

    def strikes(self, rate: float) -> bool:
        """Whether a fault of this rate happens here."""
        return rate > 0 and self.chance.random() < rate

    def seconds(self) -> float:
        """How long a message takes."""
        if self.strikes(self.now.slow):
            return self.chance.uniform(0.05, 3.0)
        return self.chance.expovariate(1 / 0.006)
