"""The fields of a `do` step against actions.yaml: judged as a brand's own are, each error at its key."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from pydantic_core import PydanticCustomError

from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.admission import admit
from cercle.domain.decision import Rejection
from cercle.rulebook import ActionType, FieldType, Place, Rulebook
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, nearest
from cercle.rulebook.entries import values
from cercle.rulebook.files.scenarios import DoStep
from cercle.rulebook.text.source import Block, Items

_CODES = {
    "wrong_currency": Code.WRONG_CURRENCY,
    "bad_amount": Code.BAD_MONEY,
}


def written_fields(step: DoStep) -> dict[str, Any]:
    """The action's own fields, by name: beside the step's keys, and within its `fields`."""
    of_step = DoStep.keys()
    beside = {key: value for key, value in step.block.items() if key not in of_step}
    return {**beside, **(step.fields or {})}


def check_fields(step: DoStep, action: RawAction, rules: Rulebook, findings: Findings) -> None:
    """Every error in one go: what is wrong is replaced by what is not, and the action judged again."""
    action_type = rules.actions[action.type]
    fields = {name: value for name, value in action.fields.items() if name in action_type.fields}
    for name in sorted(action.fields.keys() - fields.keys()):
        _note_unknown(step, name, action_type, findings)
        if meant := nearest(name, action_type.fields.keys() - fields.keys()):
            fields[meant] = _nothing(action_type.fields[meant], rules.club.currency)
    while isinstance(verdict := admit(replace(action, fields=fields), action.occurred_at, rules), Rejection):
        name = verdict.field.partition(".")[0]
        if name not in action_type.fields:
            findings.error(Code.STEP_FIELD, _place(step, name), verdict.sentence)
            return
        _note(step, verdict, action_type, rules.club.currency, findings)
        fields[name] = _nothing(action_type.fields[name], rules.club.currency)


def _note_unknown(step: DoStep, name: str, action_type: ActionType, findings: Findings) -> None:
    block = _holder(step, name)
    of_step = nearest(name, DoStep.keys() - block.keys()) if block is step.block else ""
    findings.wrong_word(
        Code.STEP_FIELD,
        block.key_spots[name].place(),
        f"`{action_type.id}` has no field `{name}`",
        name,
        (action_type.fields.keys() - block.keys()) | ({of_step} - {""}),
    )


def _note(
    step: DoStep, verdict: Rejection, action_type: ActionType, currency: str, findings: Findings
) -> None:
    code, sentence = _CODES.get(verdict.code, Code.STEP_FIELD), verdict.sentence
    if verdict.code == "wrong_type":
        name, *rest = verdict.field.split(".", 2)
        kind = action_type.fields[name]
        if not isinstance(kind, str):
            kind = kind[rest[1]] if len(rest) == 2 else "text"
        value = _value(step, verdict.field)
        code, sentence = _said_better(kind, value, currency, (code, sentence))
    place = _key_place if verdict.code == "unknown_field" else _place
    findings.error(code, place(step, verdict.field), sentence)


def _said_better(kind: str, value: object, currency: str, said: tuple[Code, str]) -> tuple[Code, str]:
    """Of a value that was meant well: how it is written. `currency`: the club's."""
    if kind == "text" and isinstance(value, (bool, int, Decimal)):
        return Code.STEP_FIELD, f'this is a text, so it is written in quotes: `"{_as_written(value)}"`'
    if kind == "money" and isinstance(value, (str, int, Decimal)):
        try:
            values.money(value, currency)
        except PydanticCustomError as error:
            return Code.BAD_MONEY, error.message()
    return said


def _as_written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nothing(kind: FieldType, currency: str) -> RawField:
    """A value of that kind which is not wrong."""
    if not isinstance(kind, str):
        return []
    nothing: dict[str, RawField] = {"text": "x", "integer": 0, "boolean": False, "money": Money(0, currency)}
    return nothing[kind]


def _holder(step: DoStep, name: str) -> Block:
    """The mapping that holds the field."""
    inner = step.block.get("fields")
    return inner if isinstance(inner, Block) and name in inner else step.block


def _steps_to(step: DoStep, path: str) -> list[tuple[object, Place]]:
    """What lies on the way to a dotted field: each value that is written, with its place."""
    name, *rest = path.split(".", 2)
    block = _holder(step, name)
    if name not in block:
        return [(None, step.block.at("do"))]
    found: list[tuple[object, Place]] = [(block[name], block.at(name))]
    for word in rest:
        value = found[-1][0]
        if isinstance(value, Items) and word.isdecimal() and 0 < int(word) <= len(value):
            found.append((value[int(word) - 1], value.spots[int(word) - 1].place()))
        elif isinstance(value, Block) and word in value:
            found.append((value[word], value.at(word)))
    return found


def _value(step: DoStep, path: str) -> object:
    return _steps_to(step, path)[-1][0]


def _place(step: DoStep, path: str) -> Place:
    return _steps_to(step, path)[-1][1]


def _key_place(step: DoStep, path: str) -> Place:
    record, _, word = path.rpartition(".")
    block = _value(step, record)
    return block.key_spots[word].place() if isinstance(block, Block) and word in block else _place(step, path)
