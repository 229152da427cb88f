"""Whole partitions in bad weather: 600 seeds, or as many as CERCLE_SEEDS says; and each part taken out once.

A seed that fails is named in the error; `simulate(live, SEED)` is that run again, to the letter.
"""

import os
from hashlib import sha256

import pytest

from tests.simulation.crossing_club import live_crossing
from tests.simulation.crossing_mutations import MUTATIONS as CROSSING_MUTATIONS
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.records_club import live_records
from tests.simulation.runs import simulate
from tests.simulation.slots_club import live, live_alone, live_apart
from tests.simulation.weather import FAIR
from tests.simulation.world import World

SEEDS = int(os.environ.get("CERCLE_SEEDS", "600"))
BLOCK = 50
ENOUGH_SEEDS = 300


def digest(world: World) -> str:
    """All that was written to all topics, and the store."""
    topics = sorted(world.broker.topics.items())
    return sha256(repr([(name, topic.records) for name, topic in topics]).encode()).hexdigest()


@pytest.mark.parametrize("first", range(0, SEEDS // 4, BLOCK))
def test_real_services_stay_exact(first: int) -> None:
    """The same laws for points, badges and offers together, each in storms of its own."""
    for seed in range(first, min(first + BLOCK, SEEDS // 4)):
        simulate(live_records, seed)


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_partition_stays_exact(first: int) -> None:
    """Crashes, zombies, late, lost and repeated sends, a store that forgets: every law holds in the end.

    Each due cause is in the log exactly once, in order, decided on exactly the prefix before it;
    the store is the fold of the log; who was answered is in it; what was refused was reported.
    """
    for seed in range(first, min(first + BLOCK, SEEDS)):
        simulate(live_alone if seed % 4 == 3 else live, seed)


@pytest.mark.parametrize("first", range(0, SEEDS // 4, BLOCK))
def test_partitions_that_write_to_each_other_stay_exact(first: int) -> None:
    """The same laws for two partitions, and every letter between them is heard once, in its order."""
    for seed in range(first, min(first + BLOCK, SEEDS // 4)):
        simulate(live_apart, seed)


@pytest.mark.parametrize("first", range(0, SEEDS // 40, BLOCK))
def test_what_crosses_members_stays_exact(first: int) -> None:
    """The same laws for points and offers in two partitions each, whose members send, answer and claim.

    And the club's own: what was earned is what the actions that count earn, nothing is on its way any
    more, claims got all or nothing and never more than there was, and who was told something has it.
    """
    for seed in range(first, min(first + BLOCK, SEEDS // 40)):
        simulate(live_crossing, seed)


def test_same_seed_is_the_same_run() -> None:
    """Every byte of every topic: what a seed found can be looked at again."""
    first, again = (digest(simulate(live, 4_711)) for _ in range(2))
    assert first == again
    assert digest(simulate(live, 4_712)) != first
    crossing, crossing_again = (digest(simulate(live_crossing, 4_711)) for _ in range(2))
    assert crossing == crossing_again


def test_nobody_begins_anew_in_fair_weather() -> None:
    """Without faults one incarnation serves from beginning to end: nothing is doubted without reason."""
    world = simulate(live, 1, FAIR)
    [site] = world.sites
    fences = [record for record in world.broker.topic("points").records if record.key is None]
    storm, settled, again = 1, 1, 1
    assert len(fences) == storm + settled + again
    assert len(site.truth.reader.valid) > 20


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_simulation_notices_what_is_taken_out(mutation: Mutation) -> None:
    """Without this part of the protocol some seed breaks a law."""
    with pytest.raises(AssertionError):
        for seed in range(ENOUGH_SEEDS):
            with mutation.take_out():
                simulate(mutation.live, seed, mutation.weather)


@pytest.mark.parametrize("mutation", CROSSING_MUTATIONS.values(), ids=CROSSING_MUTATIONS.keys())
def test_simulation_notices_what_is_taken_out_of_the_domain(mutation: Mutation) -> None:
    """Without this part of what crosses members some seed breaks a law."""
    test_simulation_notices_what_is_taken_out(mutation)
