"""Plays a club's scenarios, each in a club of its own, and says what was not as expected."""

from collections.abc import Mapping
from itertools import islice

from cercle.actions.instants import local_time
from cercle.domain.action import RawAction
from cercle.domain.decision import Instant
from cercle.rulebook import Place, Rulebook
from cercle.rulebook.diagnostics import Findings, advice
from services.console.scenarios.answering import Asking, Asks, done_of, word_of
from services.console.scenarios.asking import Question, overheard
from services.console.scenarios.catalogue import OFFER, Catalogue, catalogue
from services.console.scenarios.club_in_memory import ClubInMemory
from services.console.scenarios.coverage import coverage, exercised_by
from services.console.scenarios.expecting import Compared, compare
from services.console.scenarios.reading import read_scenarios
from services.console.scenarios.report import Failure, Passed, Report, Told
from services.console.scenarios.steps import Cancels, Claims, Does, Expects, Redeems, Scenario, Spends, Step
from services.console.scenarios.tracing import Tracer

COUNTS = "counts"
"""What is found of an action that is not refused."""


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
        self._asking = Asking(self._club, rules, known)
        self._questions: list[Question] = []
        self._events: list[object] = []
        self._last: dict[str, tuple[Does, RawAction, list[Question], list[object]]] = {}
        self._asked: dict[str, list[Told]] = {}

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
                told, asked = self._told(step.member), tuple(self._asked.get(step.member, ()))
                hint = self._hint(step.member)
                return Failure(scenario.name, scenario.place, step.place, tuple(different), told, hint, asked)
        return Passed(scenario.name, scenario.place)

    def _step(self, step: Step) -> list[Compared]:
        match step:
            case Does():
                return self._do_all(step)
            case Spends():
                return [self._ask("the points", step)]
            case Claims():
                compared = self._ask("the claim", step)
                if compared.found == done_of(step):
                    self._exercised.add((OFFER, step.offer))
                return [compared]
            case Redeems():
                return [self._ask("the code", step)]
            case Cancels():
                return [self._ask("the claim", step)]
            case Expects():
                self._club.advance(step.at)
                return compare(step.expected, self._club.standing(step.member))

    def _ask(self, what: str, step: Asks) -> Compared:
        answer = self._asking.ask(step)
        title = self._title(word_of(step), step.member, step.at, step.place)
        self._asked.setdefault(step.member, []).append(Told(title, True, (answer.line,)))
        done = done_of(step)
        return Compared(what, step.refused or done, answer.code or done)

    def _title(self, what: str, member: str, at: Instant, place: Place) -> str:
        moment = local_time(at, self._zone)
        return f"{what} of {member}, {moment:%Y-%m-%d %H:%M} ({place.file}:{place.line})"

    def _do_all(self, step: Does) -> list[Compared]:
        """Up to the first time that is not as expected: the trace is that one's."""
        done = (self._do(step, raw, sent_at) for raw, sent_at in step.actions)
        return list(islice((each for each in done if not each.same), 1))

    def _do(self, step: Does, raw: RawAction, sent_at: int) -> Compared:
        self._club.advance(sent_at)
        self._questions, self._events = [], []
        refused = self._club.send(raw, sent_at)
        self._last[step.member] = step, raw, self._questions, self._events
        self._asked[step.member] = []
        return Compared("the action", step.refused or COUNTS, refused.code if refused else COUNTS)

    def _hint(self, member: str) -> str:
        """Of a member who did nothing: the name may be misspelt."""
        known = self._last.keys() | self._asked.keys()
        if member in known:
            return ""
        return f"`{member}` did nothing in this scenario before this step{advice(member, known)}"

    def _told(self, member: str) -> Told | None:
        """What the rules made of the last thing that the member did."""
        if member not in self._last:
            return None
        step, raw, questions, events = self._last[member]
        title = self._title(raw.type, member, raw.occurred_at, step.place)
        lines = [*self._tracer.trace(raw.type, questions, events), *self._tracer.not_asked(questions)]
        return Told(title, bool(questions), tuple(lines))
