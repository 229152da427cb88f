"""`python -m tests.benchmarks`: the reference job through Cercle and through its peers, on one broker.

Servers of its own; every round runs all contenders one after another. Prints
tables, writes .cache/bench.json, and exits with 1 when a result is wrong or Cercle costs
more than the guard allows (docs/benchmarks.md).
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from cercle.runtime.topics import Topic, topic_name
from cercle.runtime.topics import create_topics as create_club
from tests.benchmarks.contenders import Load, Place, Run, publish_rules, run_cercle, run_peer
from tests.benchmarks.job import PARTITIONS, create_topics, expected, fill
from tests.benchmarks.process import RunFailed
from tests.benchmarks.report import CERCLE, FLOOR, REDIS_PEER, TABLE_PEER, Contender, report, tables
from tests.servers import ROOT, real_kafka, real_redis

RESULT = ROOT / ".cache" / "bench.json"
_FEW = "bench.few"
_NARROWEST = 110
_WARMUP = 5
"""The first fifth is not measured."""


class Options(NamedTuple):
    """How much to run."""

    actions: int
    peer_actions: int
    rounds: int


def options() -> Options:
    """The command line's."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--actions", type=int, default=120_000, help="for Cercle, in each round")
    parser.add_argument("--peer-actions", type=int, default=10_000, help="for each Faust peer, in each round")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    if min(vars(chosen).values()) < 1:
        parser.error("all numbers must be at least 1")
    return Options(chosen.actions, chosen.peer_actions, chosen.rounds)


class Rounds:
    """The contenders, and what they did so far."""

    def __init__(self, place: Place, chosen: Options, console: Console) -> None:
        self._place = place
        self._console = console
        self._many, self._few = (
            Load(count, count // _WARMUP, expected(count)) for count in (chosen.actions, chosen.peer_actions)
        )
        self._clubs = [f"bench-{number}" for number in range(chosen.rounds)]
        loads = {FLOOR: self._many, CERCLE: self._many, TABLE_PEER: self._few, REDIS_PEER: self._few}
        self.contenders = {name: Contender(name, load.actions) for name, load in loads.items()}

    def prepare(self) -> None:
        """Topics, rules, and the job in every topic that is read."""
        kafka = self._place.kafka.address
        for club in self._clubs:
            create_club(kafka, club, PARTITIONS)
            publish_rules(kafka, club)
        create_topics(kafka, [_FEW])
        asyncio.run(
            fill(kafka, [topic_name(club, Topic.ACTIONS) for club in self._clubs], self._many.actions)
        )
        asyncio.run(fill(kafka, [_FEW], self._few.actions))

    def run(self) -> None:
        """All rounds. Raises RunFailed."""
        for number, club in enumerate(self._clubs):
            topic = topic_name(club, Topic.ACTIONS)
            self._add(FLOOR, run_peer(self._place, "floor", f"floor-{number}", topic, "", self._many))
            self._add(CERCLE, run_cercle(self._place, club, self._many))
            for name, module in ((TABLE_PEER, "faust_table"), (REDIS_PEER, "faust_redis")):
                self._add(name, self._run_faust(module, number))

    def _run_faust(self, module: str, number: int) -> Run:
        run = f"{module}-{number}"
        create_topics(self._place.kafka.address, [f"{run}.earned"])
        return run_peer(self._place, module, run, _FEW, f"{run}.earned", self._few)

    def _add(self, name: str, run: Run) -> None:
        self.contenders[name].rounds.append(run.usage)
        self.contenders[name].faults.extend(run.faults)
        spent = run.usage
        self._console.print(f"{name}: {spent.worker_us:.1f} us an action, {spent.actions_per_second:,.0f}/s")


def main() -> int:
    """Gives the exit status."""
    console, chosen = Console(), options()
    console.width = max(console.width, _NARROWEST)
    if not Path("/proc/self/stat").exists():
        console.print("The benchmark reads CPU times from /proc: it runs on Linux.")
        return 2
    with tempfile.TemporaryDirectory(prefix="cercle-bench-") as name:
        folder = Path(name)
        with real_kafka(folder / "kafka") as kafka, real_redis(folder / "redis") as redis:
            rounds = Rounds(Place(kafka, redis, folder), chosen, console)
            console.print(f"{chosen.rounds} rounds; Cercle takes {chosen.actions:,} actions in each")
            try:
                rounds.prepare()
                rounds.run()
            except RunFailed as failed:
                console.print(str(failed), markup=False)
                return 1
    return conclude(list(rounds.contenders.values()), console)


def conclude(contenders: list[Contender], console: Console) -> int:
    """Shows and keeps what was found."""
    found = report(contenders)
    for table in tables(found):
        console.print(table)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    for failure in found.failures:
        console.print(failure, markup=False)
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
