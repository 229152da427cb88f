"""actions.yaml: what brands may send, and with which fields."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import Entry, Identifier, one_or_many, words

_RESERVED_BY_CEL = """
    true false null in as break const continue else for function if import let loop package namespace return
    var void while type int uint string bool double bytes list map null_type dyn google
"""
RESERVED_FIELDS = frozenset(_RESERVED_BY_CEL.split()) | {"member", "occurred_at", "metrics", "local", "money"}
"""Words of the condition language, and the names that it gives a meaning of its own."""

FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_FIELD_PATH = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,62}}(\.{FIELD_NAME.pattern}){{1,2}}")


def _field_name(name: str) -> str:
    if not FIELD_NAME.fullmatch(name):
        raise PydanticCustomError(
            "sentence",
            "`{name}` is not a field's name: letters, digits and `_`, a letter first",
            {"name": name, "code": Code.BAD_ID},
        )
    if name in RESERVED_FIELDS:
        raise PydanticCustomError(
            "sentence",
            "`{name}` means something else in a condition; give the field another name",
            {"name": name, "code": Code.BAD_ID},
        )
    return name


def _field_path(path: str) -> str:
    if not _FIELD_PATH.fullmatch(path):
        raise PydanticCustomError(
            "sentence",
            "`{path}` does not name a field: write the action, a point and its field, as in "
            "`purchase.amount` (or `purchase.items.category` for a field of a list)",
            {"path": path, "code": Code.WRONG_SHAPE},
        )
    return path


FieldName = Annotated[str, AfterValidator(_field_name), json_types.FIELD]
FieldPath = Annotated[str, AfterValidator(_field_path), json_types.FIELD_PATH]
"""`purchase.amount`, or `purchase.items.category` for the fields of a list's records."""
Kind = Annotated[
    str,
    words("text", "integer", "boolean", "money"),
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


class ReversesEntry(Entry):
    """Which earlier action an action takes back, wholly or in part."""

    action: Identifier = Field(
        description="The action that is taken back.",
        examples=["purchase"],
    )
    by: str = Field(
        description="The field that both actions have, and by which the earlier one is found.",
        examples=["order"],
    )
    share: str | None = Field(
        default=None,
        description=(
            "The amount or number that both actions have: half of it back takes back half of what was given. "
            "Left out, all that was given is taken back."
        ),
        examples=["amount"],
    )


class ActionEntry(Entry):
    """One kind of action that brands may send."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"reverses": "the action takes nothing back"})

    fields: dict[FieldName, FieldSpec] = Field(
        description=(
            "What comes with the action. Each field is a `text`, an `integer` (a whole number), a `boolean` "
            "(true or false) or `money` in the club's currency; or a list, shown by one example entry in "
            "brackets."
        ),
        examples=[{"order": "text", "amount": "money", "items": [{"sku": "text", "quantity": "integer"}]}],
    )
    optional: NameSet = Field(
        default=[],
        description="The fields that may be left out. All others must come with every action.",
        examples=[["channel", "items"]],
    )
    subject: str | None = Field(
        default=None,
        description="The field by which later actions may refer to this one: an order, a question.",
        examples=["order"],
    )
    personal: NameSet = Field(
        default=[],
        description=(
            "The fields that hold personal data: they are never stored with a decision, and no condition "
            "may read them."
        ),
        examples=[["note"]],
    )
    reverses: ReversesEntry | None = Field(
        default=None,
        description="For an action that takes back an earlier one, such as a refund.",
        examples=[{"action": "purchase", "by": "order", "share": "amount"}],
    )


class ActionsFile(Entry):
    """What brands may send: everything else is refused, with the reason."""

    actions: Annotated[dict[Identifier, ActionEntry], Field(min_length=1)] = Field(
        description="The actions, by the name that brands send.",
        examples=[{"purchase": {"fields": {"order": "text", "amount": "money"}, "subject": "order"}}],
    )
