"""What the checks of one file need from the others. What depends on a broken file is not judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cercle.rulebook.actions import BUILT_IN_ACTIONS, ActionType
from cercle.rulebook.conditions import Messages, Vocabulary
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.model import Entry
from cercle.rulebook.source import Block

BUILT_IN_TRIGGERS = {
    "badge_unlocked": ActionType("badge_unlocked", {"badge": "text", "level": "text"}),
    "tier_changed": ActionType("tier_changed", {"tier": "text", "previous": "text"}),
}
"""What services say to each other, for the rules of offers."""


def check_texts(entry: Entry, key: str, languages: tuple[str, ...], findings: Findings) -> None:
    """A text by language has the club's first one, and no other than the club's."""
    texts = entry.block[key]
    if not isinstance(texts, Block):
        return
    if languages[0] not in texts:
        place = entry.spot(key).place()
        findings.error(place, f"the text in the club's first language, `{languages[0]}`, is missing")
    for language in texts:
        if language not in languages:
            place = texts.key_spots[language].place()
            findings.wrong_word(place, f"`{language}` is not a language of the club", language, languages)


@dataclass
class Scope:
    """`actions` None: actions.yaml could not be read. `broken`: declared actions with errors."""

    findings: Findings
    currency: str | None
    languages: tuple[str, ...] | None
    actions: Mapping[str, ActionType] | None
    broken: frozenset[str]
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)

    def __post_init__(self) -> None:
        triggers = {**(self.actions or {}), **BUILT_IN_TRIGGERS}
        messages = Messages(triggers.values())
        for name, trigger in triggers.items():
            self.vocabularies[name] = Vocabulary(trigger, messages, self.currency)

    def texts(self, entry: Entry, key: str) -> None:
        """Checks a text that members read."""
        if self.languages:
            check_texts(entry, key, self.languages, self.findings)

    def trigger(self, entry: Entry, key: str, built_in: Iterable[str] = ()) -> None:
        """Checks the action type under `key`, and the entry's condition on it."""
        name = entry.block[key]
        place = entry.spot(key).place()
        if self.actions is None or name in self.broken or not isinstance(name, str):
            return
        allowed = {*self.actions, *built_in}
        if name in allowed:
            self._condition(entry, name)
        elif name in BUILT_IN_TRIGGERS:
            self.findings.error(place, f"`{name}` is for the rules of offers only")
        elif name in BUILT_IN_ACTIONS:
            self.findings.not_yet(place, name)
        else:
            words = allowed | self.broken
            self.findings.wrong_word(place, f"`{name}` is not an action type of actions.yaml", name, words)

    def _condition(self, entry: Entry, trigger: str) -> None:
        when = entry.block.get("when")
        if not isinstance(when, str):
            return
        spot = entry.spot("when")
        for problem in self.vocabularies[trigger].problems(when):
            place = spot.place(problem.offset)
            if problem.word:
                self.findings.wrong_word(place, problem.sentence, problem.word, problem.allowed)
            else:
                self.findings.error(place, problem.sentence)

    def unique_ids(self, entries: Iterable[Entry]) -> None:
        """Checks that no two entries have the same `id`."""
        lines: dict[object, int] = {}
        for entry in entries:
            name, place = entry.block["id"], entry.spot("id").place()
            if name in lines:
                self.findings.error(
                    place, f"the id `{name}` is here twice; the first is in line {lines[name]}"
                )
            lines.setdefault(name, place.line)
