"""What the models of all rules files share: entries that know their place, and the language's small words.

A value that is wrong raises a PydanticCustomError whose type is `word` (with `word` and `allowed`,
for the nearest one) or `sentence`; its context may hold the `code` of the error.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, LiteralString, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    ModelWrapValidatorHandler,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    StringConstraints,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types, values
from cercle.rulebook.entries.json_types import OneOf
from cercle.rulebook.money import format_money
from cercle.rulebook.spelling import identifier_meant
from cercle.rulebook.text.source import Block
from cercle.rulebook.times import Hours, LocalMoment, Span

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NONE: frozenset[str] = frozenset()
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Entry(BaseModel):
    """A mapping of a rules file.

    `inactive`: its keys that this version reads and checks but does not act on, with what follows
    from that for who wrote them, as half a sentence ("the rule gives nothing").
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({})
    _block: Block = PrivateAttr()

    @model_validator(mode="wrap")
    @classmethod
    def _remember_place(cls, data: Any, handler: ModelWrapValidatorHandler["Entry"]) -> "Entry":
        if isinstance(data, Block):
            data.model = cls
        entry = handler(data)
        if isinstance(data, Block):
            entry._block = data
        return entry

    def __eq__(self, other: object) -> bool:
        """By what they say, not by where they stand."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    @classmethod
    def keys(cls) -> frozenset[str]:
        """The keys of the language here."""
        return _key_set(cls)

    @property
    def block(self) -> Block:
        """The mapping that it was read from."""
        return self._block

    def inactive_keys(self) -> frozenset[str]:
        """Those of `inactive` that are written here; an entry whose values decide says more exactly."""
        if not self.inactive:
            return _NONE
        keys = _keys(type(self))
        return frozenset([key for name in self.model_fields_set if (key := keys[name]) in self.inactive])

    def within(self) -> Iterator["Entry"]:
        """This entry and all that are in it, in the order of the model's fields."""
        yield self
        for value in self.__dict__.values():
            if isinstance(value, (Entry, list, tuple, dict)):
                yield from _entries(value)

    @property
    def acts(self) -> bool:
        """Whether this version acts on all that is written here and within."""
        return not any(entry.inactive_keys() for entry in self.within())


@cache
def _keys(model: type[Entry]) -> Mapping[str, str]:
    """Field to key. Remembered, since every entry of a large folder is asked more than once."""
    return {name: each.alias or name for name, each in model.model_fields.items()}


@cache
def _key_set(model: type[Entry]) -> frozenset[str]:
    return frozenset(_keys(model).values())


def _entries(value: object) -> Iterator[Entry]:
    if isinstance(value, Entry):
        yield from value.within()
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _entries(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _entries(each)


class Texts(Mapping[str, str]):
    """What members read, by language."""

    def __init__(self, texts: Mapping[str, str], first_language: str) -> None:
        self._texts = dict(texts)
        self._first = first_language

    @classmethod
    def of(cls, texts: Union[str, Mapping[str, str]], first_language: str) -> "Texts":
        """One text serves all languages."""
        return cls({first_language: texts} if isinstance(texts, str) else texts, first_language)

    def in_language(self, language: str) -> str:
        """In `language` (`fr`, `fr-CH`), else in it without its region, else in the club's first."""
        if language in self._texts:
            return self._texts[language]
        return self._texts.get(language.split("-", 1)[0], self._texts[self._first])

    def __getitem__(self, language: str) -> str:
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __repr__(self) -> str:
        return f"Texts({self._texts})"


def words(*allowed: str) -> OneOf:
    """One of the `allowed` words."""
    return OneOf(*allowed)


def sentence_error(text: LiteralString, code: Code, **context: object) -> PydanticCustomError:
    """The error of a wrong value; `{name}` in the text is replaced by that of the context."""
    return PydanticCustomError("sentence", text, {"code": code, **context})


def _matching(pattern: re.Pattern[str], text: LiteralString, code: Code) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise sentence_error(text, code, word=value)
        return value

    return AfterValidator(check)


def _identifier(value: str) -> str:
    if _IDENTIFIER.fullmatch(value):
        return value
    meant = identifier_meant(value)
    write = f"; write `{meant}`" if meant else ""
    raise sentence_error(
        "`{word}` is not an id: small letters, digits, `-` and `_`, at most 63 of them{write}",
        Code.BAD_ID,
        word=value,
        write=write,
    )


def one_or_many(value: object) -> str:
    """Discriminator of a value that is a word or something with words in it."""
    return "<many>" if isinstance(value, (dict, list)) else "<one>"


def money(value: object, info: ValidationInfo) -> tuple[int, str]:
    """(minor units, currency). The context of the validation is the club's currency, where it is known."""
    return values.money(value, info.context or "USD")


Identifier = Annotated[
    str,
    AfterValidator(_identifier),
    json_types.ID,
]
Language = Annotated[
    str,
    _matching(_LANGUAGE, "`{word}` is not a language code such as `en` or `fr-CH`", Code.BAD_VALUE),
    json_types.LANGUAGE,
]
Currency = Annotated[
    str,
    AfterValidator(values.currency),
    json_types.CURRENCY,
]
Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[
    int,
    BeforeValidator(values.duration),
    PlainSerializer(values.format_duration, return_type=str),
    json_types.DURATION,
]
"""Milliseconds."""
Money = Annotated[
    tuple[int, str],
    PlainValidator(money),
    PlainSerializer(lambda money: format_money(*money), return_type=str),
    json_types.MONEY,
]
"""(minor units, currency)."""
Period = Annotated[
    Span,
    PlainValidator(values.period),
    PlainSerializer(str, return_type=str),
    json_types.PERIOD,
]
"""A length by the calendar: `12 months`, `90 days`, `P1Y`."""
Moment = Annotated[
    LocalMoment,
    PlainValidator(values.moment),
    PlainSerializer(str, return_type=str),
    json_types.MOMENT,
]
"""`2026-12-01` or `2026-12-01 09:00`, by the club's clocks."""
DayHours = Annotated[
    Hours,
    PlainValidator(values.hours),
    PlainSerializer(str, return_type=str),
    json_types.HOURS,
]
"""`18:00 to 20:00`; may pass midnight."""
WalletPoints = Annotated[
    tuple[int, str],
    PlainValidator(values.wallet_points),
    PlainSerializer(lambda points: f"{points[0]} {points[1]}", return_type=str),
    json_types.WALLET_POINTS,
]
"""(points, wallet): `500 points`, `50 karma`."""
TextsByLanguage = Annotated[
    Union[Annotated[Text, Tag("<one>")], Annotated[dict[Language, Text], Tag("<many>")]],
    Discriminator(one_or_many),
    json_types.TEXTS,
]
Condition = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), json_types.CONDITION]
"""CEL; judged by `conditions`."""
