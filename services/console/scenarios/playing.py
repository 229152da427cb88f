"""Plays a club's scenarios, each in a club of its own, and says what was not as expected."""

from collections.abc import Mapping
from itertools import islice

from cercle.actions.instants import local_time
from cercle.domain.action import RawAction
from cercle.domain.decision import Rejection
from cercle.rulebook import Rulebook
from cercle.rulebook.diagnostics import Findings, advice
from services.console.scenarios.asking import Question, overheard
from services.console.scenarios.catalogue import Catalogue, catalogue
from services.console.scenarios.club_in_memory import ClubInMemory
from services.console.scenarios.coverage import coverage, exercised_by
from services.console.scenarios.expecting import Compared, compare
from services.console.scenarios.reading import read_scenarios
from services.console.scenarios.report import Failure, Passed, Report, Told
from services.console.scenarios.steps import Does, Expects, Scenario, Spends, Step
from services.console.scenarios.tracing import Tracer
from services.points.events import Refused

COUNTS, DONE = "counts", "done"
"""What is found of an action, and of a hold, a capture, a release or a transfer, that is not refused."""


def run_scenarios(files: Mapping[str, str], rules: Rulebook) -> Report:
    """Plays every scenario of the files, whose rules were compiled to `rules`. Deterministic, without I/O.

    With errors in the scenarios themselves none is played.
    """
    findings = Findings()
    known = catalogue(files, rules)
    scenarios = read_scenarios(files, rules, known.names, findings)
    if findings.errors:
        return Report(tuple(sorted(findings.errors)), (), (), coverage(known, set()))
    exercised: set[tuple[str, str]] = set()
    played = [_Play(rules, known, exercised).play(scenario) for scenario in scenarios]
    return Report(
        (),
        tuple(each for each in played if isinstance(each, Passed)),
        tuple(each for each in played if isinstance(each, Failure)),
        coverage(known, exercised),
    )


class _Play:
    """One scenario being played. `exercised` is added to."""

    def __init__(self, rules: Rulebook, known: Catalogue, exercised: set[tuple[str, str]]) -> None:
        self._exercised = exercised
        self._zone = rules.club.time_zone
        self._tracer = Tracer(rules, known)
        self._club = ClubInMemory(overheard(rules, self._hear), self._notice)
        self._questions: list[Question] = []
        self._events: list[object] = []
        self._last: dict[str, tuple[Does, RawAction, list[Question], list[object]]] = {}

    def _hear(self, question: Question) -> None:
        self._questions.append(question)

    def _notice(self, _: str, event: object) -> None:
        self._events.append(event)
        self._exercised.update(exercised_by(event))

    def play(self, scenario: Scenario) -> Passed | Failure:
        """Up to the first step that is not as expected."""
        for step in scenario.steps:
            different = [each for each in self._step(step) if not each.same]
            if different:
                told = self._told(step.member)
                hint = self._hint(step.member)
                return Failure(scenario.name, scenario.place, step.place, tuple(different), told, hint)
        return Passed(scenario.name, scenario.place)

    def _step(self, step: Step) -> list[Compared]:
        match step:
            case Does():
                return self._do_all(step)
            case Spends():
                answer = self._club.ask(step.member, step.request, step.at)
                code = answer.code if isinstance(answer, (Refused, Rejection)) else ""
                return [Compared("the points", step.refused or DONE, code or DONE)]
            case Expects():
                self._club.advance(step.at)
                return compare(step.expected, self._club.standing(step.member))

    def _do_all(self, step: Does) -> list[Compared]:
        """Up to the first time that is not as expected: the trace is that one's."""
        done = (self._do(step, raw, sent_at) for raw, sent_at in step.actions)
        return list(islice((each for each in done if not each.same), 1))

    def _do(self, step: Does, raw: RawAction, sent_at: int) -> Compared:
        self._club.advance(sent_at)
        self._questions, self._events = [], []
        refused = self._club.send(raw, sent_at)
        self._last[step.member] = step, raw, self._questions, self._events
        return Compared("the action", step.refused or COUNTS, refused.code if refused else COUNTS)

    def _hint(self, member: str) -> str:
        """Of a member who did nothing: the name may be misspelt."""
        if member in self._last:
            return ""
        return f"`{member}` did nothing in this scenario before this step{advice(member, self._last)}"

    def _told(self, member: str) -> Told | None:
        """What the rules made of the last thing that the member did."""
        if member not in self._last:
            return None
        step, raw, questions, events = self._last[member]
        at = local_time(raw.occurred_at, self._zone)
        title = f"{raw.type} of {member}, {at:%Y-%m-%d %H:%M} ({step.place.file}:{step.place.line})"
        lines = [*self._tracer.trace(raw.type, questions, events), *self._tracer.not_asked(questions)]
        return Told(title, bool(questions), tuple(lines))
