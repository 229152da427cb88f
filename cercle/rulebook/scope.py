"""What the checks of one file need from the others, and the checks that several files share.

They judge mappings as they were read, so that a rule with a wrong key has its condition
judged as well. What depends on a broken file is not judged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cercle.rulebook.actions import BUILT_IN_ACTIONS, ActionType
from cercle.rulebook.codes import Code
from cercle.rulebook.conditions import Messages, Vocabulary
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.source import Block

BUILT_IN_TRIGGERS = {
    "badge_unlocked": ActionType("badge_unlocked", {"badge": "text", "level": "text"}),
    "tier_changed": ActionType("tier_changed", {"tier": "text", "previous": "text"}),
}
"""What services say to each other, for the rules of offers."""


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

    def texts(self, block: Block, key: str) -> None:
        """Checks a text that members read."""
        if self.languages:
            check_texts(block, key, self.languages, self.findings)

    def trigger(self, block: Block, key: str, built_in: Iterable[str] = ()) -> None:
        """Checks the action type under `key`, and the condition on it."""
        name = block.get(key)
        if self.actions is None or name in self.broken or not isinstance(name, str):
            return
        allowed = {*self.actions, *built_in}
        if name in allowed:
            self._condition(block, name)
        elif name in BUILT_IN_TRIGGERS:
            self.findings.error(
                Code.WRONG_TRIGGER, block.at(key), f"`{name}` is for the rules of offers only"
            )
        elif name in BUILT_IN_ACTIONS:
            self.findings.error(Code.WRONG_TRIGGER, block.at(key), f"`{name}` is not acted on yet")
        else:
            sentence = f"`{name}` is not an action type of actions.yaml"
            self.findings.wrong_word(
                Code.UNKNOWN_ACTION, block.at(key), sentence, name, allowed | self.broken
            )

    def _condition(self, block: Block, trigger: str) -> None:
        when = block.get("when")
        if not isinstance(when, str) or not when.strip():
            return
        for problem in self.vocabularies[trigger].problems(when):
            place = block.value_spots["when"].place(problem.offset)
            if problem.word:
                self.findings.wrong_word(problem.code, place, problem.sentence, problem.word, problem.allowed)
            else:
                self.findings.error(problem.code, place, problem.sentence)

    def unique_ids(self, blocks: Iterable[Block]) -> None:
        """Checks that no two mappings have the same `id`."""
        lines: dict[str, int] = {}
        for block in blocks:
            name = block.get("id")
            if not isinstance(name, str):
                continue
            place = block.at("id")
            if name in lines:
                sentence = f"the id `{name}` is here twice; the first is in line {lines[name]}"
                self.findings.error(Code.ID_TWICE, place, sentence)
            lines.setdefault(name, place.line)
