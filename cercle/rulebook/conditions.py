"""Conditions: CEL, type-checked against the action's own fields, evaluated for many rules at once.

All conditions on one trigger are one list expression with one activation. A condition that
fails at run time (it divides by zero, reads past a list's end) counts as false, and only that
one: the others are then evaluated alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar, cast

import msgspec
from cel_expr_python import cel
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from cercle.rulebook.actions import ActionType, ScalarKind
from cercle.rulebook.cel_errors import Words, describe_type, translate
from cercle.rulebook.cel_text import Problem, names_in, spell_out_money
from cercle.rulebook.codes import Code

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MEMBER_FIELDS = ("tier",)
_PACKAGE = "cercle.conditions"
_LARGEST_EXPRESSION = 50_000
"""Characters; CEL refuses more than 100,000."""

_CEL_TYPES = {
    "text": cel.Type.STRING,
    "integer": cel.Type.INT,
    "boolean": cel.Type.BOOL,
    "money": cel.Type.UINT,
}
_PROTO_TYPES = {
    "text": FieldDescriptorProto.TYPE_STRING,
    "integer": FieldDescriptorProto.TYPE_INT64,
    "boolean": FieldDescriptorProto.TYPE_BOOL,
    "money": FieldDescriptorProto.TYPE_UINT64,
}
_ZEROS: dict[str, object] = {"text": "", "integer": 0, "boolean": False, "money": 0}


class MemberFacts(msgspec.Struct, frozen=True):
    """What conditions see as `member`: as the partition had read it when it judged."""

    tier: str = ""


class Messages:
    """One rulebook's protobuf types, in a pool of their own: `member`, and the records of each list field."""

    def __init__(self, triggers: Iterable[ActionType]) -> None:
        file = FileDescriptorProto(name="cercle/conditions.proto", package=_PACKAGE, syntax="proto3")
        file.message_type.append(_message("member", dict.fromkeys(MEMBER_FIELDS, "text")))
        self._names: dict[tuple[str, str], str] = {}
        for trigger in triggers:
            for field, kind in trigger.fields.items():
                if not isinstance(kind, str):
                    name = f"record_{len(self._names)}"
                    self._names[trigger.id, field] = name
                    file.message_type.append(_message(name, kind))
        self.pool = DescriptorPool()
        self.pool.Add(file)
        self.member = self._class_of("member")

    def record(self, trigger: str, field: str) -> tuple[str, type[Any]]:
        """Full name and class of a list field's records."""
        name = self._names[trigger, field]
        return f"{_PACKAGE}.{name}", self._class_of(name)

    def _class_of(self, name: str) -> type[Any]:
        return GetMessageClass(self.pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _message(name: str, fields: Mapping[str, ScalarKind]) -> DescriptorProto:
    message = DescriptorProto(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        message.field.add(
            name=field,
            number=number,
            json_name=f"f{number}",
            type=_PROTO_TYPES[kind],
            label=FieldDescriptorProto.LABEL_OPTIONAL,
        )
    return message


class Vocabulary:
    """What conditions on one trigger (an action type, or a built-in one) may say."""

    def __init__(self, trigger: ActionType, messages: Messages, currency: str | None) -> None:
        self._currency = currency
        self._member = messages.member
        self._zeros: dict[str, object] = {}
        self._records: dict[str, type[Any]] = {}
        owners = {f"{_PACKAGE}.member": ("`member`", frozenset(MEMBER_FIELDS))}
        variables = {"occurred_at": cel.Type.TIMESTAMP, "member": cel.Type(f"{_PACKAGE}.member")}
        for field, kind in trigger.fields.items():
            if field in trigger.personal:
                continue
            if isinstance(kind, str):
                variables[field], self._zeros[field] = _CEL_TYPES[kind], _ZEROS[kind]
            else:
                name, self._records[field] = messages.record(trigger.id, field)
                variables[field], self._zeros[field] = cel.Type.List(cel.Type(name)), ()
                owners[name] = (f"an entry of `{field}`", frozenset(kind))
        self._words = Words(f"`{trigger.id}`", frozenset(variables), trigger.personal, owners, currency)
        self._env = cel.NewEnv(descriptor_pool=messages.pool, variables=variables)

    def problems(self, text: str) -> list[Problem]:
        """What is wrong with a condition; nothing when it is sound."""
        spelled, problems = spell_out_money(text, self._currency)
        if problems:
            return problems
        try:
            result = self._env.compile(spelled).return_type()
            self._env.compile(_list([spelled]))  # a list of it is deeper and longer, and CEL limits both
        except Exception as error:  # the library raises RuntimeError and subclasses of its own
            return translate(str(error), text, spelled, self._words)
        if result != cel.Type.BOOL:
            blank = len(text) - len(text.lstrip())
            return [
                Problem(
                    blank,
                    Code.CONDITION_UNREADABLE,
                    f"a condition is true or false, and this is {describe_type(result.name())}",
                )
            ]
        return []

    def compile(self, texts: Sequence[str]) -> "Conditions":
        """Sound conditions, to be evaluated together."""
        named = frozenset[str]().union(*map(names_in, texts)) & self._words.variables
        spelled = [spell_out_money(text, self._currency)[0] for text in texts]
        return Conditions(self._env, spelled, partial(self._data, sorted(named)))

    def _data(
        self, named: Sequence[str], fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name in named:
            if name == "occurred_at":
                data[name] = _EPOCH + timedelta(milliseconds=occurred_at)
            elif name == "member":
                data[name] = self._member(tier=member.tier)
            elif name in self._records:
                record = self._records[name]
                data[name] = [record(**entry) for entry in cast(Sequence[Any], fields.get(name, ()))]
            else:
                data[name] = fields.get(name, self._zeros[name])
        return data


class Conditions:
    """The conditions of one trigger, compiled."""

    def __init__(self, env: cel.Env, texts: Sequence[str], data: Callable[..., dict[str, Any]]) -> None:
        self._env = env
        self._data = data
        self._alone = [env.compile(text) for text in texts]
        self._together = [(env.compile(_list(batch)), len(batch)) for batch in _batches(texts)]

    def hold(self, fields: Mapping[str, object], occurred_at: int, member: MemberFacts) -> list[bool]:
        """Which of them are true, in their order. `occurred_at` in ms; an absent field reads as zero."""
        activation = self._env.Activation(self._data(fields, occurred_at, member))
        answers: list[bool] = []
        for expression, count in self._together:
            answer = expression.eval(activation).plain_value()
            if not isinstance(answer, list):
                first = len(answers)
                answer = [
                    each.eval(activation).plain_value() is True for each in self._alone[first : first + count]
                ]
            answers += answer
        return answers


def _list(texts: Iterable[str]) -> str:
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


class Guarded(Generic[Item, Outcome]):
    """Items of one trigger, each under its condition or none; `outcome` makes the answer of those that fire.

    Without any condition the answer is made once, beforehand.
    """

    def __init__(
        self,
        items: Sequence[tuple[Item, str | None]],
        vocabulary: Vocabulary,
        outcome: Callable[[tuple[Item, ...]], Outcome],
    ) -> None:
        texts = [when for _, when in items if when is not None]
        self._outcome = outcome
        self._items = [(item, when is None) for item, when in items]
        self._conditions = vocabulary.compile(texts) if texts else None
        self._all = outcome(tuple(item for item, _ in items))

    def select(self, fields: Mapping[str, object], occurred_at: int, member: MemberFacts) -> Outcome:
        """Of the items whose condition is true, in their order."""
        if self._conditions is None:
            return self._all
        answers = iter(self._conditions.hold(fields, occurred_at, member))
        return self._outcome(tuple(item for item, always in self._items if always or next(answers)))
