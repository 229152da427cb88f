"""What brands may send: the action types, built in and declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Union, cast

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.actions import ActionEntry, ActionsFile
from cercle.rulebook.source import Block

ScalarKind = Literal["text", "integer", "boolean", "money"]
FieldType = Union[ScalarKind, Mapping[str, ScalarKind]]
"""A scalar's kind, or the fields of each record of a list."""

BUILT_IN_ACTIONS = frozenset(
    ("member_joined", "birthday", "referral", "badge_unlocked", "tier_changed", "points_earned")
)
"""Built into the language, so no brand's action may have these names."""


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


def build_actions(file: ActionsFile, findings: Findings) -> dict[str, ActionType]:
    """The sound action types by id; what is wrong with the others goes to the findings."""
    sound: dict[str, ActionType] = {}
    for name, entry in sorted(file.actions.items()):
        errors = len(findings.errors)
        _check_name(name, file, findings)
        _check_mentions(entry, findings)
        if len(findings.errors) == errors:
            sound[name] = _action_type(name, entry)
    return sound


def _check_name(name: str, file: ActionsFile, findings: Findings) -> None:
    declared = file.block["actions"]
    if name in BUILT_IN_ACTIONS and isinstance(declared, Block):
        findings.error(
            Code.BAD_ID,
            declared.key_spots[name].place(),
            f"`{name}` is built in; an action cannot have its name",
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
    elif entry.fields[subject] not in ("text", "integer"):
        findings.error(
            Code.WRONG_FIELD, place, f"a subject is a text or an integer, and `{subject}` is neither"
        )
    elif subject in entry.personal:
        findings.error(
            Code.WRONG_FIELD,
            place,
            f"`{subject}` is personal, so it cannot be the subject: decisions name it",
        )
