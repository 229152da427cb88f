"""`python -m tests.benchmarks.rules`: what the rules of an action cost, in rulebooks of many sizes.

Five rules concern the action in each; rounds are interleaved, so that a machine that is busy for
a while slows all of them. Exits with 1 when the largest rulebook costs more than the guard allows
(docs/benchmarks.md).
"""

import argparse
import gc
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time_ns
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from cercle.domain.action import Action, Field
from cercle.rulebook import MemberFacts, PointsRules, compile_rulebook
from cercle.rulebook.conditions.guarded import Guard, Guarded
from tests.servers import ROOT

SIZES = (10, 100, 1_000)
CONCERNED = 5
CHECKED = 5_000
MOST = 1.2
"""The guard: an action costs at most so many times what it costs in the smallest rulebook."""

TOGETHER, ONE_BY_ONE = "one list expression", "one by one"

CLUB = """\
club: bench
name: Bench
time_zone: America/New_York
languages: [en]
currency: USD
lateness: 30 days
"""
TIERS = """\
tiers:
  qualify_by: points earned
  period: all time
  levels: [{id: basic, from: 0}, {id: gold, from: 100}]
"""
_OTHERS = 20
ACTIONS = "actions:\n" + "".join(
    f"  {name}:\n"
    "    fields: {order: text, amount: money, channel: text, items: [{sku: text, category: text}]}\n"
    for name in ("purchase", *(f"other_{number}" for number in range(_OTHERS)))
)
CONDITIONS = (
    'channel == "web"',
    'amount >= money("50 USD")',
    'items.exists(i, i.category == "vinyl")',
    'member.tier == "gold"',
    'local(occurred_at).weekday in ["sat", "sun"]',
)
FIELDS: dict[str, Field] = {
    "order": "o-1",
    "amount": 6_400,
    "channel": "web",
    "items": ({"sku": "a", "category": "cd"}, {"sku": "b", "category": "vinyl"}),
}
ACTION = Action("bench", "1", "purchase", "ana", 1_772_445_600_000, 1_772_445_600_000, FIELDS)
MEMBER = MemberFacts(tier="gold")
FIRED = ["purchase-0", "purchase-1", "purchase-2", "purchase-3"]


class Options(NamedTuple):
    """How much to run."""

    rounds: int
    actions: int


class Case(NamedTuple):
    """What is measured: `run` judges one action; `rounds` are CPU us an action."""

    name: str
    run: Callable[[], object]
    rounds: list[float]


def options(arguments: Sequence[str] | None = None) -> Options:
    """The command line's."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rules", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--actions", type=int, default=4_000, help="in each round, for each rulebook")
    chosen = parser.parse_args(arguments)
    if min(vars(chosen).values()) < 1:
        parser.error("all numbers must be at least 1")
    return Options(chosen.rounds, chosen.actions)


def points_of(size: int) -> str:
    """points.yaml with `size` rules, of which CONCERNED are on a purchase."""
    rules = [(f"purchase-{number}", "purchase", when) for number, when in enumerate(CONDITIONS)]
    for number in range(size - CONCERNED):
        on = f"other_{number % _OTHERS}"
        rules.append((f"other-{number}", on, f'channel != "c{number}" && {CONDITIONS[number % CONCERNED]}'))
    entries = (
        f"  - {{id: {name}, on: {on}, earn: {{points: 1}}, when: '{when}'}}\n" for name, on, when in rules
    )
    return "rules:\n" + "".join(entries)


def rules_of(size: int) -> PointsRules:
    """The points rules of a club with `size` of them."""
    files = {"club.yaml": CLUB, "actions.yaml": ACTIONS, "points.yaml": points_of(size)}
    return compile_rulebook(files).points


def _one_by_one(rules: PointsRules) -> Callable[[], object]:
    """The same five conditions, an expression and an activation each."""
    guarded = rules.by_action["purchase"]
    alone = [Guarded([Guard(when, when)], guarded.vocabulary, tuple) for when in CONDITIONS]
    return lambda: [each.select(FIELDS, ACTION.occurred_at, MEMBER) for each in alone]


def cases() -> list[Case]:
    """A rulebook of each size; and the five conditions of the smallest, together and one by one."""
    books = {size: rules_of(size) for size in SIZES}
    for rules in books.values():
        fired = [rule.id for rule in rules.rules_for(ACTION, MEMBER).earn]
        if fired != FIRED:
            raise ValueError(f"the rules that fired are {fired}")
    smallest = books[SIZES[0]]
    found = [
        Case(f"{size:,} rules", lambda rules=rules: rules.rules_for(ACTION, MEMBER), [])  # type: ignore[misc]
        for size, rules in books.items()
    ]
    guarded = smallest.by_action["purchase"]
    found.append(Case(TOGETHER, lambda: guarded.select(FIELDS, ACTION.occurred_at, MEMBER), []))
    found.append(Case(ONE_BY_ONE, _one_by_one(smallest), []))
    return found


def measure(measured: Sequence[Case], chosen: Options) -> None:
    """Every round runs all cases one after another, beginning with another one each time."""
    for case in measured:
        _microseconds(case.run, chosen.actions // 10 or 1)
    gc.disable()
    for number in range(chosen.rounds):
        first = number % len(measured)
        for case in (*measured[first:], *measured[:first]):
            case.rounds.append(_microseconds(case.run, chosen.actions))
        gc.collect()
    gc.enable()


def _microseconds(run: Callable[[], object], times: int) -> float:
    begin = process_time_ns()
    for _ in range(times):
        run()
    return (process_time_ns() - begin) / times / 1000


def ratio(case: Case, base: Case) -> float:
    """By pairs of the same round."""
    return median(mine / its for mine, its in zip(case.rounds, base.rounds, strict=True))


def table(title: str, measured: Sequence[Case]) -> Table:
    """CPU an action, and its ratio to the first."""
    shown = Table(title=title)
    for heading in ("", "median us", "least us", f"to {measured[0].name}"):
        shown.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for case in measured:
        times = ratio(case, measured[0])
        shown.add_row(case.name, f"{median(case.rounds):.1f}", f"{min(case.rounds):.1f}", f"{times:.2f}")
    return shown


def seconds_of_a_check(rules: int) -> float:
    """Of `cercle rules check` as somebody who types it waits for it, of so many rules; the median of five."""
    with TemporaryDirectory() as folder:
        for name, text in (
            ("club", CLUB),
            ("actions", ACTIONS),
            ("tiers", TIERS),
            ("points", points_of(rules)),
        ):
            Path(folder, f"{name}.yaml").write_text(text, encoding="utf-8")
        return median(_seconds(folder) for _ in range(5))


def _seconds(folder: str) -> float:
    begin = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "services.console", "rules", "check", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return perf_counter() - begin


def main() -> int:
    """Gives the exit status."""
    console, chosen = Console(), options()
    measured = cases()
    measure(measured, chosen)
    books, ways = measured[: len(SIZES)], measured[len(SIZES) :]
    console.print(table(f"CPU of an action that {CONCERNED} rules concern", books))
    console.print(table(f"{CONCERNED} conditions", ways))
    console.print(f"cercle rules check of {CHECKED:,} rules: {seconds_of_a_check(CHECKED):.2f} s")
    largest = ratio(books[-1], books[0])
    if largest > MOST:
        console.print(
            f"{books[-1].name} cost {largest:.2f} times what {books[0].name} cost: more than {MOST}."
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
