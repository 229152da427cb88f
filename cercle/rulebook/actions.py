"""actions.yaml: what brands may send, and with which fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Union, cast

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.model import Entry, Identifier, one_or_many, words
from cercle.rulebook.source import Block

ScalarKind = Literal["text", "integer", "boolean", "money"]
FieldType = Union[ScalarKind, Mapping[str, ScalarKind]]
"""A scalar's kind, or the fields of each record of a list."""

_RESERVED_BY_CEL = """
    true false null in as break const continue else for function if import let loop package namespace return
    var void while type int uint string bool double bytes list map null_type dyn google
"""
RESERVED_FIELDS = frozenset(_RESERVED_BY_CEL.split()) | {"member", "occurred_at", "metrics", "local", "money"}
"""Words of the condition language, and the names that it gives a meaning of its own."""

BUILT_IN_ACTIONS = frozenset(
    ("member_joined", "birthday", "referral", "badge_unlocked", "tier_changed", "points_earned")
)
"""Built into the language, so no brand's action may have these names."""

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


def _field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise PydanticCustomError(
            "sentence",
            "`{name}` is not a field's name: letters, digits and `_`, a letter first",
            {"name": name},
        )
    if name in RESERVED_FIELDS:
        raise PydanticCustomError(
            "sentence",
            "`{name}` means something else in a condition; give the field another name",
            {"name": name},
        )
    return name


FieldName = Annotated[str, AfterValidator(_field_name)]
Kind = Annotated[
    str,
    words("text", "integer", "boolean", "money", later="number|decimal|date|time|timestamp|place"),
    WithJsonSchema({"enum": ["text", "integer", "boolean", "money"]}),
]
"""One value; text, integer (64 bits), boolean, or money in the club's currency."""
Record = Annotated[dict[FieldName, Kind], Field(min_length=1)]
FieldSpec = Annotated[
    Union[
        Annotated[Kind, Tag("<one>")],
        Annotated[list[Record], Field(min_length=1, max_length=1), Tag("<many>")],
    ],
    Discriminator(one_or_many),
]


NameSet = Annotated[list[str], AfterValidator(lambda names: sorted(set(names)))]
"""Their order says nothing, so it is lost."""


class ActionEntry(Entry):
    """One action type."""

    later: ClassVar[frozenset[str]] = frozenset({"reverses"})
    fields: dict[FieldName, FieldSpec]
    optional: NameSet = Field(default=[])
    subject: str | None = None
    personal: NameSet = Field(default=[])


class ActionsFile(Entry):
    """The file."""

    actions: Annotated[dict[Identifier, ActionEntry], Field(min_length=1)]


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
            declared.key_spots[name].place(), f"`{name}` is built in; an action cannot have its name"
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
                findings.wrong_word(place, f"`{name}` is not among the fields", name, entry.fields)
    subject = entry.subject
    if subject is None:
        return
    place = entry.block.at("subject")
    if subject not in entry.fields:
        findings.wrong_word(place, f"`{subject}` is not among the fields", subject, entry.fields)
    elif entry.fields[subject] not in ("text", "integer"):
        findings.error(place, f"a subject is a text or an integer, and `{subject}` is neither")
    elif subject in entry.personal:
        findings.error(place, f"`{subject}` is personal, so it cannot be the subject: decisions name it")
