"""SIGKILL in the middle of the flow, of each service, of Redis and of Kafka: nobody's points change.

CERCLE_CHAOS_ROUNDS repeats it with new clubs and other orders, moments and outages.
"""

import os
import random
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cercle.runtime.embedded import LocalServer
from services.console.draining import Stands, actions_judged
from services.console.services import SERVICES
from tests.e2e.club import Club, Slot
from tests.e2e.logs import fences, hashes, tell
from tests.e2e.totals import differences, expected, lines
from tests.servers import Server, real_kafka, real_redis

ROUNDS = int(os.environ.get("CERCLE_CHAOS_ROUNDS", "1"))
PURCHASES = 20_000
BACK_SECONDS = 30.0
SESSION_SECONDS = 6.0
_LOST_BYTES = 200_000
_FLOWING_SECONDS = 0.03
"""Of the fifth of a second and more that it takes to emit what is on its way at a kill."""


@pytest.fixture(scope="module")
def broker_to_kill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Apache Kafka for this module alone: every round kills it and starts it again."""
    with real_kafka(tmp_path_factory.mktemp("kafka-to-kill")) as server:
        yield server


class Round:
    """One club that loses everything once, one after another, each while it has work to do."""

    def __init__(self, seed: int, club: Club, kafka: Server, redis: Server, redis_folder: Path) -> None:
        self.club = club
        self._chance = random.Random(seed)
        self._kafka, self._redis, self._redis_folder = kafka, redis, redis_folder
        self._outage_seconds = 0.0 if seed == 0 else 10.0
        self.back: dict[str, float] = {}
        self.lags: dict[str, int] = {}

    def victims(self) -> list[str]:
        """Each once, in this round's order. A store that lost power comes back older than it was."""
        victims = [*SERVICES, "redis", "kafka"]
        if isinstance(self._redis, LocalServer):
            victims.append("redis-power")
        self._chance.shuffle(victims)
        return victims

    def moment(self, share: int) -> int:
        """How many of the newest `share` purchases are to be judged before the kill."""
        return int(share * self._chance.uniform(0.02, 0.3))

    def kill(self, victim: str, mark: int, more: Sequence[str]) -> None:
        """Kills the victim once a service (the victim, if it is one) has judged `mark` actions.

        `more` purchases are on their way at that moment, so that however fast the service is, or late
        the look, there is something before it. Its lag is what was emitted until then and it has not
        judged, by the store.
        """
        watched = victim if victim in SERVICES else self._chance.choice([*SERVICES])
        judged = 0

        def reached(found: Stands) -> bool:
            nonlocal judged
            judged = actions_judged(found, watched)
            return judged >= mark

        self.club.wait_until(f"{watched} past {mark} actions", reached)
        flow = threading.Thread(target=self.club.emit, args=(more, False))
        flow.start()
        time.sleep(_FLOWING_SECONDS)
        if victim in SERVICES:
            self.club.kill(Slot(victim))
            judged = actions_judged(self.club.stands(), victim)
            self._bring_back(victim)
        else:
            self._restart(victim)
        flow.join()
        self.club.flush()
        self.lags[victim] = sum(self.club.ends.values()) - judged
        assert self.lags[victim] > 0, f"{watched} had no lag when {victim} was killed"

    def _bring_back(self, service: str) -> None:
        """Its slot is its own in the group: it need not wait until the group has given up the one before."""
        began = time.monotonic()
        slot = Slot(service)
        self.club.start(slot)
        while len(self.club.owned_by(slot)) < self.club.partitions:
            assert time.monotonic() - began < BACK_SECONDS, f"{service} is not back"
            self.club.tend()
            time.sleep(0.1)
        self.back[service] = time.monotonic() - began
        listening, acquired = (self.club.said_at(slot, event) for event in ("listening", "acquired"))
        assert acquired - listening < SESSION_SECONDS

    def _restart(self, victim: str) -> None:
        server = self._kafka if victim == "kafka" else self._redis
        server.kill()
        if victim == "redis-power":
            self._lose_tail()
        time.sleep(self._chance.uniform(0, self._outage_seconds))
        server.start()

    def _lose_tail(self) -> None:
        """What was written less than a second before a power cut may not be on the disk."""
        [file] = (self._redis_folder / "appendonlydir").glob("*.incr.aof")
        os.truncate(file, max(0, file.stat().st_size - _LOST_BYTES))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills_in_the_middle_of_the_flow_change_no_total(
    seed: int, broker_to_kill: Server, club: str, tmp_path: Path
) -> None:
    """Each service, Redis and Kafka are killed while they have lag: exact per member, no gap in any log."""
    header, *purchases = lines(one_member_in=3)
    purchases = purchases[:PURCHASES]
    folder = tmp_path / "redis"
    with real_redis(folder) as redis, Club(club, broker_to_kill, redis, tmp_path) as records:
        round_ = Round(seed, records, broker_to_kill, redis, folder)
        victims = round_.victims()
        share = len(purchases) // len(victims)
        records.start()
        for number, victim in enumerate(victims):
            begin, half = number * share, number * share + share // 2
            end = None if victim is victims[-1] else begin + share
            records.emit([header, *purchases[begin:half]], flush=False)
            round_.kill(victim, begin + round_.moment(share), [header, *purchases[half:end]])
        drained = records.wait_until_drained(90)
        print(f"lag at each kill {round_.lags}; back after {round_.back}; drained {drained:.1f} s after")
        assert [*differences(expected([header, *purchases]), records.standings())] == []
        told = tell(records)
        hashes(told)
        assert min(fences(told).values()) > 1
        assert records.exits == []
