"""What the checks of one file need from the others, and the checks that several files share.

They judge mappings as they were read, so that a rule with a wrong key has its condition
judged as well. What depends on a broken file is not judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

from cercle.rulebook.actions import COUNTING, ActionType, ScalarKind, scalar_at
from cercle.rulebook.built_in import BUILT_IN_ACTIONS
from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import metrics_in
from cercle.rulebook.conditions.vocabulary import Vocabularies, Vocabulary
from cercle.rulebook.diagnostics import Findings, Place, nearest
from cercle.rulebook.files.during import DuringEntry
from cercle.rulebook.metrics import Metric, MetricRules
from cercle.rulebook.text.source import Block
from cercle.rulebook.times import Window, window

BUILT_IN_TRIGGERS = {name: ActionType(name, built_in.fields) for name, built_in in BUILT_IN_ACTIONS.items()}
MEASURES = ("count", "sum", "distinct")
"""The keys that say what is counted: an action, or a field of one (`purchase.amount`)."""


def check_texts(block: Block, key: str, languages: tuple[str, ...], findings: Findings) -> None:
    """A text by language has the club's first one, and no other than the club's."""
    texts = block.get(key)
    if not isinstance(texts, Block):
        return
    if languages[0] not in texts:
        sentence = f"the text in the club's first language, `{languages[0]}`, is missing"
        findings.error(Code.BAD_TEXT, block.at(key), sentence)
    for language, spot in texts.key_spots.items():
        if language not in languages:
            sentence = f"`{language}` is not a language of the club"
            findings.wrong_word(Code.BAD_TEXT, spot.place(), sentence, language, languages)


def _not_measured(key: str, action: ActionType, path: Sequence[str]) -> str:
    """Why a field that is there cannot be added up or told apart; empty if it can."""
    kind, said = action.fields[path[0]], ".".join((action.id, *path))
    if path[0] in action.personal:
        return f"`{path[0]}` is personal: it is never stored, so nothing is counted by it"
    if isinstance(kind, str) and len(path) > 1:
        return f"`{path[0]}` is no list, so write `{action.id}.{path[0]}`"
    if not isinstance(kind, str) and len(path) == 1:
        return f"`{path[0]}` is a list; name a field of its entries, as in `{said}.{min(kind)}`"
    scalar = scalar_at(action, path)
    if key == "sum" and scalar not in COUNTING:
        return f"`{said}` is a {scalar} field, and only an `integer` or `money` can be added up"
    return ""


@dataclass
class Scope:
    """`actions` None: actions.yaml could not be read. `broken`: declared actions with errors.

    `declared_metrics`: the sound ones of metrics.yaml, whose others are `broken_metrics` (None:
    nobody knows which there are). `metrics`: those that rules are built with, once the whole folder is
    without errors.
    """

    findings: Findings
    currency: str | None
    languages: tuple[str, ...] | None
    zone: ZoneInfo | None
    actions: Mapping[str, ActionType] | None
    broken: frozenset[str]
    declared_metrics: Mapping[str, Metric] = field(default_factory=dict)
    broken_metrics: frozenset[str] | None = frozenset()
    metrics: MetricRules = field(default_factory=MetricRules)
    vocabularies: Vocabularies = field(init=False)

    def __post_init__(self) -> None:
        triggers = {**(self.actions or {}), **BUILT_IN_TRIGGERS}
        kinds: dict[str, ScalarKind] = {
            name: "money" if metric.is_money else "integer" for name, metric in self.declared_metrics.items()
        }
        self.vocabularies = Vocabularies(triggers, self.currency, self.zone or ZoneInfo("UTC"), kinds)

    def action(self, name: str) -> ActionType | None:
        """An action that is declared without errors, or built in."""
        return (self.actions or {}).get(name) or BUILT_IN_TRIGGERS.get(name)

    def texts(self, block: Block, key: str) -> None:
        """Checks a text that members read."""
        if self.languages:
            check_texts(block, key, self.languages, self.findings)

    def in_currency(self, currency: str, place: Place) -> None:
        """Checks that an amount is in the club's currency."""
        if self.currency and currency != self.currency:
            sentence = f"the club's currency is {self.currency}, not {currency}"
            self.findings.error(Code.WRONG_CURRENCY, place, sentence)

    def during(self, entry: DuringEntry | None) -> None:
        """Checks that a stretch of time ends after it begins."""
        if entry and self.zone and window(entry, self.zone).ends_before_begin:
            sentence = (
                f"this ends before it begins: `until` {entry.until} is not after `from` {entry.from_moment}; "
                "`until` must be the later one"
            )
            self.findings.error(Code.ENDS_BEFORE_BEGIN, entry.block.at("until"), sentence)

    def window(self, entry: DuringEntry | None) -> Window | None:
        """When it holds; None: always."""
        return window(entry, self.zone) if entry and self.zone else None

    def trigger(self, block: Block, key: str) -> None:
        """Checks the action under `key`, declared or built in, and the condition on it."""
        name = block.get(key)
        if isinstance(name, str) and self.is_trigger(name, block, key):
            self.condition(block, self.vocabularies[name])

    def sent_action(self, block: Block, key: str) -> ActionType | None:
        """Checks that the action under `key` is one that brands send; answers it, where it is sound."""
        name = block.get(key)
        if self.actions is None or not isinstance(name, str) or name in self.broken:
            return None
        if name not in self.actions:
            sentence = f"`{name}` is not an action of actions.yaml"
            self.unknown_action(block.at(key), sentence, name, self.actions.keys())
        return self.actions.get(name)

    def measure(self, block: Block, vocabularies: Mapping[str, Vocabulary] | None = None) -> None:
        """Checks what `count`, `sum` or `distinct` says, and the condition on it.

        `vocabularies`: what the condition may say; by default what all conditions may.
        """
        for key in MEASURES:
            said = block.get(key)
            if not isinstance(said, str) or (key != "count" and said.count(".") not in (1, 2)):
                continue
            name, *path = said.split(".") if key != "count" else (said,)
            if self.is_trigger(name, block, key):
                if path:
                    self.measured_field(block, key, self.action(name), path)
                self.condition(block, (vocabularies or self.vocabularies)[name])

    def is_trigger(self, name: str, block: Block, key: str) -> bool:
        """Checks that `key` names an action that rules of this file may be on."""
        if self.actions is None or name in self.broken:
            return False
        if name in self.actions:
            return True
        place = block.value_spots[key].place(0, len(name))
        here = {each for each, built_in in BUILT_IN_ACTIONS.items() if place.file in built_in.used_in}
        if name in here:
            return True
        if name in BUILT_IN_ACTIONS:
            files = " and ".join(sorted(BUILT_IN_ACTIONS[name].used_in))
            sentence = f"`{name}` is for the rules of {files} only"
            self.findings.error(Code.WRONG_TRIGGER, place, sentence)
        else:
            sentence = f"`{name}` is not an action type of actions.yaml"
            self.unknown_action(place, sentence, name, {*self.actions, *here})
        return False

    def unknown_action(self, place: Place, sentence: str, name: str, known: Iterable[str]) -> None:
        """Notes a name that is none of the `known` actions, unless it may mean one that is itself wrong."""
        if nearest(name, self.broken):
            return
        self.findings.withdraw(Code.BAD_ID, place)
        self.findings.wrong_word(Code.UNKNOWN_ACTION, place, sentence, name, known)

    def measured_field(self, block: Block, key: str, action: ActionType | None, path: Sequence[str]) -> None:
        """Checks that the field at `path` can be added up (`sum`) or told apart (any other `key`)."""
        if action is None:
            return
        kind, spot = action.fields.get(path[0]), block.value_spots[key]
        start = len(spot.value) - len(".".join(path))
        place = spot.place(start, len(spot.value) - start)
        if kind is None:
            sentence = f"`{path[0]}` is not a field of `{action.id}`"
            self.findings.wrong_word(Code.UNKNOWN_FIELD, place, sentence, path[0], action.fields)
        elif len(path) > 1 and not isinstance(kind, str) and path[1] not in kind:
            sentence = f"`{path[1]}` is not a field of an entry of `{path[0]}`"
            place = spot.place(start + len(path[0]) + 1, len(path[1]))
            self.findings.wrong_word(Code.UNKNOWN_FIELD, place, sentence, path[1], kind)
        elif sentence := _not_measured(key, action, path):
            self.findings.error(Code.WRONG_FIELD, place, sentence)

    def condition(self, block: Block, vocabulary: Vocabulary) -> None:
        """Checks the condition under `when`."""
        when = block.get("when")
        if not isinstance(when, str) or not when.strip() or self._reads_broken_metrics(when):
            return
        for problem in vocabulary.problems(when):
            place = block.value_spots["when"].place(problem.offset, problem.length)
            if problem.word:
                self.findings.wrong_word(problem.code, place, problem.sentence, problem.word, problem.allowed)
            else:
                self.findings.error(problem.code, place, problem.sentence)

    def _reads_broken_metrics(self, when: str) -> bool:
        names = metrics_in(when)
        return bool(names) if self.broken_metrics is None else bool(names & self.broken_metrics)

    def unique_ids(self, blocks: Iterable[Block]) -> None:
        """Checks that no two mappings have the same `id`."""
        lines: dict[str, int] = {}
        for block in blocks:
            name = block.get("id")
            if not isinstance(name, str):
                continue
            place = block.at("id")
            if name in lines:
                sentence = f"the id `{name}` is here twice; the first is in line {lines[name]}: rename one"
                self.findings.error(Code.ID_TWICE, place, sentence)
            lines.setdefault(name, place.line)

    def ascending(self, things: str, steps: Iterable[tuple[str, int, Place]]) -> None:
        """Checks that each step is higher than the one before: what it is called, its value, its place."""
        for (below, lower, _), (name, value, place) in pairwise(steps):
            if value <= lower:
                sentence = (
                    f"{things} ascend: {name} cannot follow {below}; "
                    "the lowest comes first, and each is higher than the one before"
                )
                self.findings.error(Code.OUT_OF_ORDER, place, sentence)
