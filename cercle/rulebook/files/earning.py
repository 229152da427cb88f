"""What a rule of points.yaml gives: `earn`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from cercle.rulebook.codes import Code
from cercle.rulebook.entries import json_types
from cercle.rulebook.entries.entry import Entry, Identifier, Money, money, sentence_error, words
from cercle.rulebook.entries.shapes import shape_by, tag
from cercle.rulebook.money import format_money, parse_money
from cercle.rulebook.spelling import number_meant

MOST_POINTS = 1_000_000
"""Of one rule: with amounts of at most 10**12 minor units, sums stay within 64 bits."""
POINTS = "points"
"""The wallet that every club has."""
AMOUNT, ITEMS, QUANTITY = "amount", "items", "quantity"
"""The fields of actions that `for_each` and `bands` count: money, a list, and an integer of its records."""
ITEM = "item"
PURCHASE = "purchase"
"""What a friend does first, unless a referral rule says otherwise."""

_DISTANCE = re.compile(r"([0-9]{1,6}) (km|m)")

Positive = Annotated[int, Field(ge=1, le=MOST_POINTS)]


def _no_percentage(value: object, info: ValidationInfo) -> object:
    """Who writes 10% means a part of the amount, which has a spelling of its own."""
    percent = number_meant(value) if isinstance(value, str) and "%" in value else ""
    if not percent or not 0 < Fraction(percent) <= MOST_POINTS:
        return value
    share = Fraction(percent) / 100
    raise sentence_error(
        "this must be a whole number, not a percentage; for {percent}% of the amount, "
        "write `points: {points}, for_each: {for_each} {currency}`",
        Code.BAD_NUMBER,
        percent=percent,
        points=share.numerator,
        for_each=share.denominator,
        currency=info.context or "USD",
    )


def _amount_from(value: object, info: ValidationInfo) -> tuple[int, str]:
    """(minor units, currency); an amount may begin at nothing."""
    found = parse_money(value) if isinstance(value, str) else None
    return found if found and found[0] == 0 else money(value, info)


def _metres(value: object) -> int:
    match = _DISTANCE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise sentence_error("this is not a distance; write `2 km` or `500 m`", Code.BAD_NUMBER)
    return int(match[1]) * (1000 if match[2] == "km" else 1)


def _degrees(most: int) -> PlainValidator:
    def check(value: object) -> Decimal:
        number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        if not number or not -most <= value <= most:  # type: ignore[operator]  # it is a number
            raise sentence_error(
                "this must be a number of degrees from -{most} to {most}, as in `46.2044`",
                Code.BAD_NUMBER,
                most=most,
            )
        return Decimal(value)  # type: ignore[arg-type]

    return PlainValidator(check)


_AsNumber = PlainSerializer(str), WithJsonSchema({"type": "number"})
Latitude = Annotated[Decimal, _degrees(90), *_AsNumber]
Longitude = Annotated[Decimal, _degrees(180), *_AsNumber]
Metres = Annotated[
    int,
    PlainValidator(_metres),
    PlainSerializer(lambda metres: f"{metres} m", return_type=str),
    json_types.DISTANCE,
]
AmountFrom = Annotated[
    tuple[int, str],
    PlainValidator(_amount_from),
    PlainSerializer(lambda amount: format_money(*amount), return_type=str),
    json_types.MONEY,
]
ForEach = Annotated[
    Union[
        Annotated[str, words(ITEM, QUANTITY), Tag(tag("word"))],
        Annotated[Money, Tag(tag("money"))],
    ],
    Discriminator(lambda value: tag("word" if isinstance(value, str) and value.isalpha() else "money")),
    json_types.FOR_EACH,
]


class BandEntry(Entry):
    """What an amount of so much, and less than the next band's, gives."""

    from_amount: AmountFrom = Field(
        alias="from",
        description="The amount from which on the band gives its points.",
        examples=["0 USD", "50 USD"],
    )
    points: Positive = Field(description="What it gives, once.", examples=[20])


class NearEntry(Entry):
    """A place: the action must have happened near it, by its text fields `lat` and `lon`."""

    lat: Latitude = Field(description="The place's latitude, in degrees.", examples=[40.7411])
    lon: Longitude = Field(description="The place's longitude, in degrees.", examples=[-74.0018])
    radius: Metres = Field(description="How far from it still counts as near.", examples=["2 km", "500 m"])


class EarnEntry(Entry):
    """What all that a rule gives says: where it goes, and how often and where it is given."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(("for_each", "bands", "nth", "first", "near"), "the rule gives nothing")
    )

    wallet: Identifier = Field(
        default=POINTS, alias="in", description="The wallet that the points go to.", examples=["karma"]
    )
    nth: Annotated[int, Field(ge=2, le=MOST_POINTS)] | None = Field(
        default=None,
        description="Once for each so many: 10 gives on the member's 10th, 20th, 30th such action.",
        examples=[10],
    )
    first: bool = Field(
        default=False, description="Only the first time that the member does such an action.", examples=[True]
    )
    near: NearEntry | None = Field(
        default=None,
        description=(
            "Only near a place; the action says where it happened in its text fields `lat` and `lon`."
        ),
        examples=[{"lat": 40.7411, "lon": -74.0018, "radius": "2 km"}],
    )

    def inactive_keys(self) -> frozenset[str]:
        """`first: false` says nothing."""
        keys = super().inactive_keys()
        return keys if self.first else keys - {"first"}


class EarnPointsEntry(EarnEntry):
    """Points, once or for each so much."""

    points: Annotated[Positive, BeforeValidator(_no_percentage)] = Field(
        description="How many points the rule gives.", examples=[50]
    )
    for_each: ForEach | None = Field(
        default=None,
        description=(
            "Gives the points several times: for each whole such amount of the field `amount`, as in "
            "`1 USD`; for each `item` in the list `items`; or for each piece of their `quantity`."
        ),
        examples=["1 USD", ITEM, QUANTITY],
    )
    friend: Positive | None = Field(
        default=None,
        description=(
            "For rules on `referral`: what the friend gets, beside the member's own `points`. Both are given "
            "once the friend first does what `after` says."
        ),
        examples=[50],
    )
    after: Identifier = Field(
        default=PURCHASE,
        description=(
            "For rules on `referral`: the action of actions.yaml that the friend must do first, for both to "
            "be paid."
        ),
        examples=[PURCHASE],
    )

    def inactive_keys(self) -> frozenset[str]:
        """`for_each` an amount of money is acted on."""
        keys = super().inactive_keys()
        return keys - {"for_each"} if isinstance(self.for_each, tuple) else keys


class EarnBandsEntry(EarnEntry):
    """Points by how large the amount is."""

    bands: Annotated[list[BandEntry], Field(min_length=1)] = Field(
        description=(
            "What the field `amount` gives, by how large it is. An amount below the first band gives nothing."
        ),
        examples=[[{"from": "0 USD", "points": 5}, {"from": "50 USD", "points": 20}]],
    )


Earn = Annotated[
    Union[
        Annotated[EarnPointsEntry, Tag(tag("points"))],
        Annotated[EarnBandsEntry, Tag(tag("bands"))],
    ],
    shape_by(("points", "bands"), "`earn` says either `points` or `bands`, as in `earn: {points: 50}`"),
]
