"""The runs of all rounds, put together: a table for people, JSON for machines, and the guard's verdict."""

from collections.abc import Sequence
from statistics import median

import msgspec
from rich.table import Table

from tests.benchmarks.usage import Usage

CERCLE = "Cercle, points"
TABLE_PEER = "Faust, Table"
REDIS_PEER = "Faust, Redis per event"
FLOOR = "consume and parse"
MOST = {REDIS_PEER: 0.20, TABLE_PEER: 0.40}
"""The guard: Cercle's CPU an action, as a part of the peer's, is at most this (docs/benchmarks.md)."""


class Contender(msgspec.Struct):
    """All runs of one contender, a round each. `actions` were processed, the later ones measured."""

    name: str
    actions: int
    rounds: list[Usage] = msgspec.field(default_factory=list)
    faults: list[str] = msgspec.field(default_factory=list)


class Ratio(msgspec.Struct):
    """Cercle's CPU an action over a peer's, worker against worker, by pairs of the same round."""

    peer: str
    median: float
    lowest: float
    highest: float
    most: float


class Report(msgspec.Struct):
    """What is kept of a whole run."""

    contenders: list[Contender]
    ratios: list[Ratio]
    failures: list[str]


def report(contenders: Sequence[Contender]) -> Report:
    """Compares; `failures` are sentences, none when every result was right and the guard holds."""
    by_name = {contender.name: contender for contender in contenders}
    ratios = [_ratio(by_name[CERCLE], by_name[peer], most) for peer, most in MOST.items()]
    failures = [f"{each.name}: {fault}." for each in contenders for fault in each.faults]
    failures += [
        f"{CERCLE} takes {ratio.median:.3f} of the CPU of {ratio.peer}: more than {ratio.most}."
        for ratio in ratios
        if ratio.median > ratio.most
    ]
    return Report(list(contenders), ratios, failures)


def _ratio(ours: Contender, peer: Contender, most: float) -> Ratio:
    pairs = [a.worker_us / b.worker_us for a, b in zip(ours.rounds, peer.rounds, strict=True)]
    return Ratio(peer.name, median(pairs), min(pairs), max(pairs), most)


def tables(found: Report) -> list[Table]:
    """What each took, and how Cercle compares."""
    costs = Table(title="CPU us an action: worker, Redis, Kafka")
    for heading in ("", "actions", "actions/s", "worker", "min", "max", "Redis", "Kafka", "results"):
        costs.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for contender in found.contenders:
        rounds = contender.rounds
        worker = [each.worker_us for each in rounds]
        costs.add_row(
            contender.name,
            f"{contender.actions:,}",
            f"{median(each.actions_per_second for each in rounds):,.0f}",
            *(f"{of(worker):.1f}" for of in (median, min, max)),
            _middle([each.redis_us for each in rounds]),
            _middle([each.kafka_us for each in rounds]),
            _verdict(contender),
        )
    ratios = Table("", "median", "lowest", "highest", "at most", title="Cercle's worker over a peer's")
    for ratio in found.ratios:
        numbers = (ratio.median, ratio.lowest, ratio.highest)
        ratios.add_row(ratio.peer, *(f"{number:.3f}" for number in numbers), f"{ratio.most:.2f}")
    return [costs, ratios]


def _middle(values: Sequence[float | None]) -> str:
    measured = [value for value in values if value is not None]
    return f"{median(measured):.1f}" if measured else "?"


def _verdict(contender: Contender) -> str:
    if contender.name == FLOOR:
        return ""
    return "wrong" if contender.faults else "right"
