"""actions.yaml: what brands may send, and with which fields."""

import re
from typing import Annotated, Union

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from cercle.rulebook.model import Entry, Identifier, one_or_many, words

_RESERVED_BY_CEL = """
    true false null in as break const continue else for function if import let loop package namespace return
    var void while type int uint string bool double bytes list map null_type dyn google
"""
RESERVED_FIELDS = frozenset(_RESERVED_BY_CEL.split()) | {"member", "occurred_at", "metrics", "local", "money"}
"""Words of the condition language, and the names that it gives a meaning of its own."""

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


class ActionEntry(Entry):
    """One action type."""

    fields: dict[FieldName, FieldSpec]
    optional: NameSet = Field(default=[])
    subject: str | None = None
    personal: NameSet = Field(default=[])


class ActionsFile(Entry):
    """The file."""

    actions: Annotated[dict[Identifier, ActionEntry], Field(min_length=1)]
