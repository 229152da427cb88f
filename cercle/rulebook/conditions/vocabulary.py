"""What conditions on one trigger may say: they are type-checked, and compiled to be evaluated together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from cel_expr_python import cel

from cercle.rulebook.actions import ActionType, ScalarKind
from cercle.rulebook.conditions.errors import not_true_or_false, too_long, translate
from cercle.rulebook.conditions.facts import MemberFacts
from cercle.rulebook.conditions.literals import wrong_literals
from cercle.rulebook.conditions.messages import PACKAGE, Messages
from cercle.rulebook.conditions.slips import slips
from cercle.rulebook.conditions.text import (
    LOCAL_VARIABLES,
    LONGEST,
    Problem,
    names_in,
    spell_out,
    tokens,
)
from cercle.rulebook.conditions.variables import Reader, readers
from cercle.rulebook.conditions.words import Words

_LARGEST_EXPRESSION = 50_000
"""Characters; CEL refuses more than 100,000."""
_NEVER_TOO_DEEP = 20
"""So many brackets and signs are nested less than CEL's limit of 32, in a list as well."""
_NESTING = "([{!-+*/%?"

_CEL_TYPES = {
    "text": cel.Type.STRING,
    "integer": cel.Type.INT,
    "boolean": cel.Type.BOOL,
    "money": cel.Type.UINT,
}


class Conditions:
    """The conditions of one trigger. They are compiled when first asked, which takes far longer than asking.

    `hold` is all that is asked of them: what compiles them another way has this method.
    """

    def __init__(self, vocabulary: "Vocabulary", texts: Sequence[str]) -> None:
        self._vocabulary = vocabulary
        self._texts = texts
        self._alone: dict[int, cel.Expression] = {}

    @cached_property
    def _env(self) -> cel.Env:
        return self._vocabulary.env

    @cached_property
    def _spelled(self) -> list[str]:
        return [self._vocabulary.spelled(text) for text in self._texts]

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        return self._vocabulary.readers(frozenset[str]().union(*map(names_in, self._spelled)))

    @cached_property
    def _together(self) -> list[tuple[cel.Expression, int]]:
        return [(self._env.compile(as_list(batch)), len(batch)) for batch in _batches(self._spelled)]

    def hold(self, fields: Mapping[str, object], occurred_at: int, member: MemberFacts) -> list[bool]:
        """Which of them are true, in their order. `occurred_at` in ms; an absent field reads as zero.

        One that fails (it divides by zero, reads past a list's end) is false, and spoils no other.
        """
        data = {name: read(fields, occurred_at, member) for name, read in self._readers.items()}
        activation = self._env.Activation(data)
        answers: list[bool] = []
        for expression, count in self._together:
            answer = expression.eval(activation).plain_value()
            if not isinstance(answer, list):
                first = len(answers)
                answer = [self._holds(index, activation) for index in range(first, first + count)]
            answers += answer
        return answers

    def _holds(self, index: int, activation: cel.Activation) -> bool:
        if index not in self._alone:
            self._alone[index] = self._env.compile(self._spelled[index])
        return self._alone[index].eval(activation).plain_value() is True


def as_list(texts: Iterable[str]) -> str:
    """One list of them all. A text may end in a comment, hence the line ends."""
    return "[" + ",".join(f"({text}\n)" for text in texts) + "]"


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    batches: list[list[str]] = []
    length = _LARGEST_EXPRESSION
    for text in texts:
        length += len(text) + 4
        if length > _LARGEST_EXPRESSION:
            batches.append([])
            length = len(text)
        batches[-1].append(text)
    return list(batches)


class Vocabulary:
    """What conditions on one trigger (an action type, or a built-in one) may say."""

    def __init__(self, trigger: ActionType, messages: Messages, words: Words) -> None:
        self._trigger = trigger
        self._messages = messages
        self._words = words

    @property
    def currency(self) -> str:
        """The club's."""
        return self._words.usual_currency

    @cached_property
    def env(self) -> cel.Env:
        """CEL's own environment."""
        words = self._words
        variables = {"member": cel.Type(f"{PACKAGE}.member")}
        variables |= dict.fromkeys(LOCAL_VARIABLES.values(), cel.Type(f"{PACKAGE}.local"))
        if "occurred_at" in words.variables:
            variables["occurred_at"] = cel.Type.TIMESTAMP
        if words.metrics is not None:
            variables["metrics"] = cel.Type(f"{PACKAGE}.metrics")
        for field, kind in words.fields.items():
            variables[field] = _CEL_TYPES[kind]
        for field in words.records:
            name = self._messages.record_names[self._trigger.id, field]
            variables[field] = cel.Type.List(cel.Type(name))
        return cel.NewEnv(descriptor_pool=self._messages.pool, variables=variables)

    def problems(self, text: str) -> list[Problem]:
        """What is wrong with a condition; nothing when it is sound."""
        if len(text) > LONGEST:
            return [too_long(text)]
        found = tokens(text)
        spelled, problems = spell_out(text, found, self._words.currency)
        problems += wrong_literals(found)
        if problems:
            return problems
        try:
            result = self.env.compile(spelled).return_type()
        except Exception as error:  # the library raises RuntimeError and subclasses of its own
            return slips(found, self._words) or translate(str(error), text, found, spelled, self._words)
        if result != cel.Type.BOOL:
            return [not_true_or_false(text, found, result.name(), self._words)]
        return [] if self._fits_in_a_list(spelled) else [too_long(text)]

    def _fits_in_a_list(self, spelled: str) -> bool:
        """A list of it is deeper and longer, and CEL limits both."""
        nesting = sum(map(spelled.count, _NESTING))
        if nesting < _NEVER_TOO_DEEP:
            return True
        try:
            self.env.compile(as_list([spelled]))
        except Exception:
            return False
        return True

    def compile(self, texts: Sequence[str]) -> Conditions:
        """Sound conditions, to be evaluated together."""
        return Conditions(self, texts)

    def evaluate(
        self, text: str, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> tuple[str, Any]:
        """Type and value of a sound expression, as CEL names them; `ERROR` and why when it fails."""
        spelled = self.spelled(text)
        data = {
            name: read(fields, occurred_at, member) for name, read in self.readers(names_in(spelled)).items()
        }
        try:
            expression = self.env.compile(spelled)
        except Exception:  # a part of a sound condition, put another way, may be nested too deeply
            return cel.Type.ERROR.name(), ""
        value = expression.eval(self.env.Activation(data))
        kind = value.type() if value.type() == cel.Type.ERROR else expression.return_type()
        return kind.name(), value.plain_value()

    def spelled(self, text: str) -> str:
        """A sound expression as CEL gets it."""
        return spell_out(text, tokens(text), self._words.currency)[0]

    def readers(self, named: frozenset[str]) -> dict[str, Reader]:
        """A reader for each variable among the `named` words."""
        return dict(readers(named, self._trigger.id, self._words, self._messages))

    def is_field(self, name: str) -> bool:
        """Whether it is a field of one value of the trigger."""
        return name in self._words.fields

    def kind_in(self, entries: str, field: str) -> str:
        """CEL's type of a field of a list's entries."""
        return str(_CEL_TYPES[self._words.records[entries][field]].name())

    def wall(self, instant: int) -> str:
        """An instant as the club's clocks show it, for people."""
        return f"{self._messages.wall(instant):%Y-%m-%d %H:%M}"


class Vocabularies(Mapping[str, Vocabulary]):
    """One rulebook's vocabularies, by trigger.

    `metrics`: each one's kind, "integer" or "money"; None where conditions may not read metrics.
    """

    def __init__(
        self,
        triggers: Mapping[str, ActionType],
        currency: str | None,
        zone: ZoneInfo,
        metrics: Mapping[str, ScalarKind] | None,
    ) -> None:
        self._triggers = triggers
        self._currency = currency
        self._zone = zone
        self._metrics = metrics
        self._made: dict[str, Vocabulary] = {}

    @cached_property
    def _messages(self) -> Messages:
        return Messages(self._triggers.values(), self._metrics or {}, self._zone)

    def __getitem__(self, trigger: str) -> Vocabulary:
        if trigger not in self._made:
            self._made[trigger] = self._vocabulary(self._triggers[trigger])
        return self._made[trigger]

    def _vocabulary(self, trigger: ActionType | None) -> Vocabulary:
        metrics = None if self._metrics is None else frozenset(self._metrics)
        names = self._messages.record_names
        words = Words.of(trigger, self._triggers, names, self._currency, metrics)
        return Vocabulary(trigger or ActionType("", {}), self._messages, words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._triggers)

    def __len__(self) -> int:
        return len(self._triggers)

    @cached_property
    def of_members(self) -> Vocabulary:
        """Of conditions on no action: they read `member` and `metrics` only, as those of segments."""
        return self._vocabulary(None)

    @cached_property
    def of_metrics(self) -> "Vocabularies":
        """The same triggers, without `metrics`: what metrics' own conditions may say."""
        return Vocabularies(self._triggers, self._currency, self._zone, None)
