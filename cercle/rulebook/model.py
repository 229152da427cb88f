"""What the models of all rules files share: entries that know their place, and the language's small words.

A value that is wrong raises a PydanticCustomError whose type is `word` (with `word` and `allowed`,
for the nearest one) or `sentence`; its context may hold the `code` of the error.
"""

import re
from collections.abc import Iterator, Mapping
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
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cercle.rulebook.money import MOST_MINOR_UNITS, format_money, parse_money
from cercle.rulebook.source import Block

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DURATION = re.compile(r"([0-9]{1,6}) (week|day|hour|minute|second)s?")
_ISO_DURATION = re.compile(r"P(?:([0-9]{1,6})([WD])|T([0-9]{1,6})([HMS]))")
_MS = {"week": 604_800_000, "day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1_000}
_ISO_UNITS = {"W": "week", "D": "day", "H": "hour", "M": "minute", "S": "second"}


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
        return frozenset(each.alias or name for name, each in cls.model_fields.items())

    @property
    def block(self) -> Block:
        """The mapping that it was read from."""
        return self._block

    def inactive_keys(self) -> frozenset[str]:
        """Those of `inactive` that are written here; an entry whose values decide says more exactly."""
        written = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        return frozenset(written & self.inactive.keys())

    def within(self) -> Iterator["Entry"]:
        """This entry and all that are in it, in the order of the model's fields."""
        yield self
        for name in type(self).model_fields:
            yield from _entries(getattr(self, name))

    @property
    def acts(self) -> bool:
        """Whether this version acts on all that is written here and within."""
        return not any(entry.inactive_keys() for entry in self.within())


def _entries(value: object) -> Iterator[Entry]:
    if isinstance(value, Entry):
        yield from value.within()
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _entries(each)
    elif isinstance(value, Mapping):
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


def words(*allowed: str) -> AfterValidator:
    """One of the `allowed` words."""

    def check(value: str) -> str:
        if value in allowed:
            return value
        raise PydanticCustomError("word", "unknown word `{word}`", {"word": value, "allowed": list(allowed)})

    return AfterValidator(check)


def _sentence(text: LiteralString, **context: object) -> PydanticCustomError:
    return PydanticCustomError("sentence", text, context)


def _matching(pattern: re.Pattern[str], text: LiteralString) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise _sentence(text, word=value)
        return value

    return AfterValidator(check)


def _duration(value: object) -> int:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match:
        return int(match[1]) * _MS[match[2]]
    iso = _ISO_DURATION.fullmatch(value) if isinstance(value, str) else None
    if iso:
        return int(iso[1] or iso[3]) * _MS[_ISO_UNITS[iso[2] or iso[4]]]
    raise _sentence("this is not a length of time; write `30 days`, `12 hours` or `P30D`")


def _money(value: object) -> tuple[int, str]:
    money = parse_money(value) if isinstance(value, str) else None
    if money is None:
        raise _sentence("this is not an amount of money; write `1 USD` or `42.90 USD`")
    if not 0 < money[0] <= MOST_MINOR_UNITS:
        raise _sentence("this amount is not above zero, or too large")
    return money


def one_or_many(value: object) -> str:
    """Discriminator of a value that is a word or something with words in it."""
    return "<many>" if isinstance(value, (dict, list)) else "<one>"


Identifier = Annotated[
    str,
    _matching(_IDENTIFIER, "`{word}` is not an id: small letters, digits, `-` and `_`, at most 63 of them"),
]
Language = Annotated[str, _matching(_LANGUAGE, "`{word}` is not a language code such as `en` or `fr-CH`")]
Currency = Annotated[str, _matching(_CURRENCY, "`{word}` is not a currency of ISO 4217 such as `USD`")]
Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[int, BeforeValidator(_duration), WithJsonSchema({"type": "string"})]
"""Milliseconds."""
Money = Annotated[
    tuple[int, str],
    PlainValidator(_money),
    PlainSerializer(lambda money: format_money(*money), return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""(minor units, currency)."""
TextsByLanguage = Annotated[
    Union[Annotated[Text, Tag("<one>")], Annotated[dict[Language, Text], Tag("<many>")]],
    Discriminator(one_or_many),
]
Condition = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""CEL; judged by `conditions`."""
