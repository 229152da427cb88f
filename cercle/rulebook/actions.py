"""What brands may send: the action types, built in and declared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Union, cast

from cercle.rulebook.built_in import BUILT_IN_ACTIONS
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.actions import ActionEntry, ActionsFile
from cercle.rulebook.text.source import Block

ScalarKind = Literal["text", "integer", "boolean", "money"]
FieldType = Union[ScalarKind, Mapping[str, ScalarKind]]
"""A scalar's kind, or the fields of each record of a list."""

NAMING: tuple[ScalarKind, ...] = ("text", "integer")
"""What can say which thing an action is about."""
COUNTING: tuple[ScalarKind, ...] = ("integer", "money")
"""What can be added up."""


@dataclass(frozen=True, slots=True)
class ActionType:
    """An action type. `required` are its fields that every action must have; `subject` names one of them."""

    id: str
    fields: Mapping[str, FieldType]
    optional: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    subject: str | None = None
    required: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "required", frozenset(self.fields) - self.optional)


def scalar_at(action: ActionType, path: Sequence[str]) -> ScalarKind | None:
    """The kind of a field, or of a field of a list's records; None where there is no such single value."""
    kind = action.fields.get(path[0])
    if kind is None or isinstance(kind, str):
        return kind if len(path) == 1 else None
    return kind.get(path[1]) if len(path) == 2 else None


def build_actions(file: ActionsFile, findings: Findings) -> dict[str, ActionType]:
    """The sound action types by id; what is wrong with the others goes to the findings."""
    types = {name: _action_type(name, entry) for name, entry in sorted(file.actions.items())}
    sound: dict[str, ActionType] = {}
    for name, action in types.items():
        errors = len(findings.errors)
        _check_name(name, file, findings)
        _check_mentions(file.actions[name], findings)
        _check_reverses(file.actions[name], action, types, file, findings)
        if len(findings.errors) == errors:
            sound[name] = action
    return sound


def _check_name(name: str, file: ActionsFile, findings: Findings) -> None:
    declared = file.block["actions"]
    if name in BUILT_IN_ACTIONS and isinstance(declared, Block):
        findings.error(
            Code.BAD_ID,
            declared.key_spots[name].place(),
            f"`{name}` is built in; give the action another name",
        )


def _action_type(name: str, entry: ActionEntry) -> ActionType:
    fields: dict[str, FieldType] = {
        field: cast(FieldType, spec if isinstance(spec, str) else spec[0])
        for field, spec in entry.fields.items()
    }
    return ActionType(name, fields, frozenset(entry.optional), frozenset(entry.personal), entry.subject)


def _check_mentions(entry: ActionEntry, findings: Findings) -> None:
    for key, mentioned in (("optional", entry.optional), ("personal", entry.personal)):
        for name in mentioned:
            if name not in entry.fields:
                place = entry.block.item_at(key, name)
                findings.wrong_word(
                    Code.UNKNOWN_FIELD, place, f"`{name}` is not among the fields", name, entry.fields
                )
    subject = entry.subject
    if subject is None:
        return
    place = entry.block.at("subject")
    if subject not in entry.fields:
        findings.wrong_word(
            Code.UNKNOWN_FIELD, place, f"`{subject}` is not among the fields", subject, entry.fields
        )
    elif entry.fields[subject] not in NAMING:
        findings.error(
            Code.WRONG_FIELD, place, f"a subject is a text or an integer, and `{subject}` is neither"
        )
    elif subject in entry.personal:
        findings.error(
            Code.WRONG_FIELD,
            place,
            f"`{subject}` is personal, so it cannot be the subject: decisions name it",
        )


def _check_reverses(
    entry: ActionEntry,
    action: ActionType,
    types: Mapping[str, ActionType],
    file: ActionsFile,
    findings: Findings,
) -> None:
    reverses = entry.reverses
    if reverses is None:
        return
    place, reversed_id = reverses.block.at("action"), reverses.action
    if reversed_id == action.id:
        findings.error(Code.CIRCLE, place, f"`{reversed_id}` cannot take back itself; name an earlier action")
    elif reversed_id in types:
        check_shared_field(reverses.block, "by", (types[reversed_id], action), NAMING, findings)
        if reverses.share is not None:
            check_shared_field(reverses.block, "share", (types[reversed_id], action), COUNTING, findings)
    elif reversed_id not in file.block.keys_below("actions"):
        sentence = f"`{reversed_id}` is not an action of actions.yaml"
        findings.wrong_word(Code.UNKNOWN_ACTION, place, sentence, reversed_id, types.keys() - {action.id})


def check_shared_field(
    block: Block,
    key: str,
    actions: tuple[ActionType, ActionType],
    kinds: tuple[ScalarKind, ...],
    findings: Findings,
) -> None:
    """The field that `key` names is one of both actions, of one of these kinds, and the same in both."""
    name, place = str(block[key]), block.at(key)
    for action in actions:
        if name not in action.fields:
            both = actions[0].fields.keys() & actions[1].fields.keys()
            sentence = (
                f"`{name}` is not a field of `{action.id}`, and `{key}` names one that both actions have"
            )
            findings.wrong_word(Code.UNKNOWN_FIELD, place, sentence, name, both)
            return
    found = {str(kind) if isinstance(kind := action.fields[name], str) else "list" for action in actions}
    if len(found) > 1 or not found <= set(kinds):
        wanted = " or ".join(f"`{kind}`" for kind in kinds)
        sentence = f"`{key}` names a field that is {wanted}, the same in both actions; `{name}` is not"
        findings.error(Code.WRONG_FIELD, place, sentence)
    elif any(name in action.personal for action in actions):
        sentence = f"`{name}` is personal, so actions are not found by it: decisions would name it"
        findings.error(Code.WRONG_FIELD, place, sentence)
