"""One seed, one run: small limits, so that a short storm meets them, and what incarnations died of."""

import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from structlog.testing import capture_logs

from cercle.runtime import acquire, inbox, lives, partition, shipping, taking
from tests.simulation.virtual_time import run
from tests.simulation.weather import Climate, climate
from tests.simulation.world import World

Live = Callable[[World], Coroutine[Any, Any, None]]

DEATHS = {"Fenced", "RolledBack", "Unbelieved", "SendFailed", "ConnectionError"}
"""What an incarnation may end by; anything else is a bug."""


@contextmanager
def small_limits(chance: random.Random) -> Iterator[None]:
    """Chunks, batches, outbox, inbox and memory of a few records, or as they are."""
    with (
        patch.object(acquire, "_APPLY_RECORDS", chance.choice([1, 3, 2_000])),
        patch.object(inbox, "_ENOUGH_RECORDS", chance.choice([1, 8, 4_000])),
        patch.object(taking, "_FEWEST_RECORDS", chance.choice([1, 4, 50])),
        patch.object(partition, "Lives", partial(lives.Lives, limit=chance.choice([1, 2, 200_000]))),
        patch.object(shipping, "_OUTBOX_RECORDS", chance.choice([1, 5, 20_000])),
    ):
        yield


def simulate(live: Live, seed: int, weather: "Climate | None" = None) -> World:
    """The same seed is the same run, to the letter. Raises AssertionError, with the seed."""
    chance = random.Random(seed)
    drawn = climate(chance) if weather is None else weather
    random.seed(seed)

    async def lived() -> World:
        world = World(seed, drawn)
        await live(world)
        return world

    with small_limits(chance), capture_logs() as lines:
        try:
            world = run(lived())
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}, in {drawn}") from error
    reasons = [line["reason"] for line in lines if line["event"] == "incarnation_over"]
    wrong = [reason for reason in reasons if reason.split(":")[0] not in DEATHS]
    assert not wrong, f"seed {seed}: incarnations ended by {set(wrong)}"
    return world
