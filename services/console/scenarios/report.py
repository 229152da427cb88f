"""What came of a club's scenarios: as values, as text for people, and as JSON for machines."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from cercle.rulebook import Diagnostic, Place
from cercle.rulebook.phrases import counted
from services.console.scenarios.catalogue import Listed
from services.console.scenarios.coverage import Coverage
from services.console.scenarios.expecting import Compared
from services.console.scenarios.tracing import Line

_NO_SCENARIOS = (
    "There are no scenarios: write some into a file whose name ends in _test.yaml, such as points_test.yaml."
)


@dataclass(frozen=True)
class Told:
    """What the rules made of a member's last action, or what came of something that the member asked for.

    `judged`: the rules were asked at all.
    """

    action: str
    judged: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Passed:
    """A scenario in which all is as expected. `place`: where its name is written."""

    name: str
    place: Place


@dataclass(frozen=True)
class Failure:
    """A scenario in which the step at `step` is not as expected: what differs, and the trace.

    `asked`: what the member asked for since that action. `hint`: why there may be no trace.
    """

    name: str
    place: Place
    step: Place
    different: tuple[Compared, ...]
    told: Told | None
    hint: str = ""
    asked: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Report:
    """`errors`: why the scenarios could not be played at all; then none was."""

    errors: tuple[Diagnostic, ...]
    passed: tuple[Passed, ...]
    failed: tuple[Failure, ...]
    coverage: Coverage

    @property
    def is_empty(self) -> bool:
        """Whether there is no scenario."""
        return not (self.errors or self.passed or self.failed)

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.errors:
            yield from map(str, self.errors)
            yield f"{counted(len(self.errors), 'error')}: no scenario was played."
            return
        for failure in self.failed:
            yield from _failure(failure)
        if self.is_empty:
            yield _NO_SCENARIOS
        else:
            yield f"{counted(len(self.passed), 'scenario')} passed, {len(self.failed)} failed."
        yield from _coverage(self.coverage)

    def as_json(self) -> dict[str, Any]:
        """For machines; lines and columns from 1."""
        return {
            "errors": [
                {**_place(each.place), "code": each.code, "sentence": each.sentence} for each in self.errors
            ],
            "passed": [{"scenario": each.name, **_place(each.place)} for each in self.passed],
            "failed": [_failure_as_json(each) for each in self.failed],
            "coverage": {
                "percent": self.coverage.percent,
                "exercised": [_listed(each) for each in self.coverage.exercised],
                "missed": [_listed(each) for each in self.coverage.missed],
                "inactive": [_listed(each) for each in self.coverage.inactive],
            },
        }


def _failure(failure: Failure) -> Iterator[str]:
    step = failure.step
    yield f"{step.file}:{step.line}:{step.column}: failed: {failure.name}"
    yield f"  {step.line} | {step.text.strip()}"
    yield ""
    yield from table([("", "expected", "found"), *failure.different])
    yield ""
    for told in (failure.told, *failure.asked):
        if told is not None:
            yield f"    {told.action}:"
            yield from _told(told)
            yield ""
    if failure.hint:
        yield f"    {failure.hint}"
        yield ""


def _told(told: Told) -> Iterator[str]:
    if not told.judged:
        yield "      it did not count, so no rule was asked"
        return
    for line in told.lines:
        yield f"      {trace_line(line)}"


def trace_line(line: Line) -> str:
    """One rule in a line: `rule web-double (points.yaml:7): not fired: channel is "shop"`."""
    place = f" ({line.place})" if line.place else ""
    return f"{line.kind} {line.name}{place}: {line.verdict}: {line.why}"


def table(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Three columns, as wide as they need."""
    found = list(rows)
    widths = [max(len(row[column]) for row in found) for column in range(3)]
    for row in found:
        yield "    " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _coverage(coverage: Coverage) -> Iterator[str]:
    done, total = len(coverage.exercised), len(coverage.exercised) + len(coverage.missed)
    yield f"Coverage: {coverage.percent} % ({done} of {total} rules, levels, tiers and offers)."
    if coverage.missed:
        yield "No scenario exercises:"
        yield from (f"  {each} ({each.where})" for each in coverage.missed)
    if coverage.inactive:
        yield "Not counted, since this version of Cercle does not act on it yet:"
        yield from (f"  {each} ({each.where})" for each in coverage.inactive)


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def _listed(each: Listed) -> dict[str, Any]:
    return {"kind": each.kind, "name": each.name, **_place(each.place)}


def _failure_as_json(failure: Failure) -> dict[str, Any]:
    return {
        "scenario": failure.name,
        **_place(failure.step),
        "different": [each._asdict() for each in failure.different],
        "trace": None if failure.told is None else _told_as_json(failure.told),
        "asked": [_told_as_json(told) for told in failure.asked],
    }


def _told_as_json(told: Told) -> dict[str, Any]:
    return {**asdict(told), "lines": [line._asdict() for line in told.lines]}
