"""From *_test.yaml to scenarios that can be played, checked against the rules: every error in one go."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cercle.domain.action import RawAction
from cercle.domain.decision import Instant
from cercle.rulebook import Place, Rulebook
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, nearest
from cercle.rulebook.files.scenarios import (
    STEPS,
    CancelStep,
    CaptureStep,
    ClaimStep,
    DoStep,
    ExpectStep,
    HoldEntry,
    HoldStep,
    RedeemStep,
    ReleaseStep,
    ScenarioEntry,
    ScenariosFile,
    StepEntry,
    TransferredEntry,
    TransferStep,
)
from cercle.rulebook.folder import TEST_ENDING
from cercle.rulebook.text.reader import read_file
from cercle.rulebook.text.source import Block
from cercle.rulebook.times import LocalMoment, instant
from cercle.rulebook.validation.validate import validate
from services.console.scenarios.catalogue import Names
from services.console.scenarios.claim_steps import ClaimsOfStory
from services.console.scenarios.expecting import check_names
from services.console.scenarios.fields import check_fields, written_fields
from services.console.scenarios.steps import Does, Expects, Scenario, Spends, Step
from services.points.commands import Capture, PlaceHold, Release, Request, Transfer

SpendStep = HoldStep | CaptureStep | ReleaseStep | TransferStep

SOURCE = "scenario"
"""Of all actions."""


def read_scenarios(
    files: Mapping[str, str], rules: Rulebook, known: Names, findings: Findings
) -> list[Scenario]:
    """The scenarios of all files whose name ends in _test.yaml, without those that have errors."""
    names = [name for name in sorted(files) if name.endswith(TEST_ENDING)]
    entries = [entry for name in names for entry in _entries(name, files[name], findings)]
    reader = _Reader(rules, known, findings)
    found = [reader.scenario(entry) for entry in entries]
    return [scenario for scenario in found if scenario is not None]


def _entries(name: str, text: str, findings: Findings) -> Iterable[ScenarioEntry]:
    block = read_file(name, text, findings)
    if block is None:
        return ()
    for scenario in block.blocks("scenarios"):
        for step in scenario.blocks("steps"):
            _check_slips(step, findings)
    file = validate(block, ScenariosFile, findings)
    return file.scenarios if file else ()


def _check_slips(step: Block, findings: Findings) -> None:
    """A `do` step may have any key, so that a misspelt `member` is only found where `member` is missing."""
    if not step.keys() & set(STEPS) - {"do"}:
        for key in ("do", "at", "member"):
            near = nearest(key, step.keys() - DoStep.keys()) if key not in step else ""
            if near:
                place = step.key_spots[near].place()
                findings.wrong_word(Code.UNKNOWN_KEY, place, f"unknown key `{near}`", near, [key])


class _Reader:
    def __init__(self, rules: Rulebook, known: Names, findings: Findings) -> None:
        self._rules = rules
        self._known = known
        self._findings = findings
        self._unread = [each.place for each in findings.errors]

    def scenario(self, entry: ScenarioEntry) -> Scenario | None:
        """None: it has errors."""
        errors = len(self._findings.errors)
        place = entry.block.at("name")
        self._check_order(entry.steps)
        steps = tuple(self._steps(entry))
        return Scenario(entry.name, place, steps) if len(self._findings.errors) == errors else None

    def _steps(self, entry: ScenarioEntry) -> Iterator[Step]:
        claims = ClaimsOfStory(self._known, self._findings)
        for number, step in enumerate(entry.steps, start=1):
            place = step.block.spot.place()
            if self._misread(step.block):
                claims.misread(step)
                continue
            match step:
                case DoStep():
                    if (does := self._does(step, place, number)) is not None:
                        yield does
                case ExpectStep():
                    check_names(step.expect, self._known, self._findings)
                    yield Expects(place, step.member, self._instant(step.at), step.expect)
                case HoldStep() | CaptureStep() | ReleaseStep() | TransferStep():
                    yield self._spends(step, place, number)
                case ClaimStep():
                    yield from claims.claim(step, self._instant(step.at), number)
                case RedeemStep():
                    yield from claims.redeem(step, self._instant(step.at), number)
                case CancelStep():
                    yield from claims.cancel(step, self._instant(step.at), number)

    def _does(self, step: DoStep, place: Place, number: int) -> Does | None:
        if step.do not in self._rules.actions:
            sentence = f"`{step.do}` is not an action of actions.yaml"
            self._findings.wrong_word(
                Code.UNKNOWN_ACTION, step.block.at("do"), sentence, step.do, self._rules.actions
            )
            return None
        actions = tuple(self._actions(step, number))
        check_fields(step, actions[0][0], self._rules, self._findings)
        return Does(place, step.member, actions, step.refused or "")

    def _actions(self, step: DoStep, number: int) -> Iterator[tuple[RawAction, Instant]]:
        fields = written_fields(step)
        for time, moment in enumerate(_moments(step), start=1):
            name = step.id if step.id is not None else f"step-{number}-{time}"
            at = self._instant(moment)
            sent_at = at if step.sent_at is None else self._instant(step.sent_at)
            yield RawAction(SOURCE, name, step.do, step.member, at, fields), sent_at

    def _spends(self, step: SpendStep, place: Place, number: int) -> Spends:
        at = self._instant(step.at)
        return Spends(place, step.member, at, self._request(step, at, f"step-{number}"), step.refused or "")

    def _request(self, step: SpendStep, at: Instant, key: str) -> Request:
        match step:
            case HoldStep(hold=hold):
                self._check_wallet(hold)
                return PlaceHold(hold.id, at, hold.wallet, hold.points, hold.keep_for)
            case CaptureStep():
                return Capture(key, at, step.capture)
            case ReleaseStep():
                return Release(key, at, step.release)
            case TransferStep(transfer=sent):
                self._check_wallet(sent)
                return Transfer(key, at, step.member, sent.to, sent.wallet, sent.points)

    def _check_wallet(self, entry: HoldEntry | TransferredEntry) -> None:
        if entry.wallet not in self._known.wallets:
            sentence = f"`{entry.wallet}` is not a wallet of points.yaml"
            self._findings.wrong_word(
                Code.UNKNOWN_WALLET, entry.block.at("in"), sentence, entry.wallet, self._known.wallets
            )

    def _misread(self, block: Block) -> bool:
        """Whether something in it was not read as it was meant, so that what it says is not to be judged."""
        if not self._unread:
            return False
        lines = {(spot.place().file, spot.place().line) for spot in (block.spot, *block.key_spots.values())}
        return any((place.file, place.line) in lines for place in self._unread)

    def _instant(self, moment: LocalMoment) -> Instant:
        return instant(moment, self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        return self._rules.club.time_zone

    def _check_order(self, steps: Iterable[StepEntry]) -> None:
        before: LocalMoment | None = None
        for step in steps:
            begin, end, key = _span(step)
            if before is not None and self._instant(begin) < self._instant(before):
                sentence = (
                    f"this step is at {begin}, and the one before it at {before}: "
                    "steps are written in the order in which they happen"
                )
                self._findings.error(Code.STEP_ORDER, step.block.at(key), sentence)
            before = end


def _span(step: StepEntry) -> tuple[LocalMoment, LocalMoment, str]:
    """When Cercle first and last hears of it, and the key that says so."""
    if not isinstance(step, DoStep):
        return step.at, step.at, "at"
    if step.sent_at is not None:
        return step.sent_at, step.sent_at, "sent_at"
    *_, last = _moments(step)
    return step.at, last, "at"


def _moments(step: DoStep) -> Iterator[LocalMoment]:
    """When it happens, each time: by the clocks, so that `1 day` later is the same time of day."""
    assert step.at.time is not None, "a step has a time of day"
    begin = datetime.combine(step.at.date, step.at.time)
    for number in range(step.times):
        moment = begin + number * timedelta(milliseconds=step.every or 0)
        yield LocalMoment(moment.date(), moment.time())
