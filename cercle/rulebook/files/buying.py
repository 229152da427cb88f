"""Of offers.yaml: what things cost, how often one member may have them, and who may."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Union

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import nearest
from cercle.rulebook.entries import json_types, values
from cercle.rulebook.entries.entry import Condition, Entry, Identifier, Money, Period, sentence_error, words
from cercle.rulebook.files.actions import NameSet
from cercle.rulebook.files.limits import CALENDAR, Per
from cercle.rulebook.money import parse_money

FREE = (0, "points")
"""The price of what costs nothing."""
CONTEST = "contest"
NOBODY_HAS_IT = "nobody can have the offer"

Times = Annotated[int, Field(ge=1, le=1_000_000)]


def _price(value: object) -> tuple[int, str]:
    if value == "free":
        return FREE
    text = value if isinstance(value, str) else ""
    if nearest(text, ("free",)):
        raise PydanticCustomError(
            "word", "`{word}` is not a price", {"word": text, "allowed": ["free"], "code": Code.UNKNOWN_WORD}
        )
    if parse_money(text):
        raise sentence_error(
            "`{written}` is money, and members pay with points: write `500 points`, or `free`",
            Code.BAD_VALUE,
            written=text[:60],
        )
    return values.wallet_points(value)


def _given(value: object) -> tuple[int, str]:
    if _price(value) != FREE:
        raise sentence_error(
            "an offer with `issue` is given, so it costs nothing: write `price: free`, or take out `issue`",
            Code.WRONG_SHAPE,
        )
    return FREE


_AS_WRITTEN = PlainSerializer(lambda price: f"{price[0]} {price[1]}" if price[0] else "free", return_type=str)
Price = Annotated[tuple[int, str], PlainValidator(_price), _AS_WRITTEN, json_types.PRICE]
"""(points, wallet): `free`, `500 points`, `50 karma`."""
Given = Annotated[tuple[int, str], PlainValidator(_given), _AS_WRITTEN, WithJsonSchema({"const": "free"})]
"""The price of what members need not ask for."""
PerOfContest = Annotated[
    Union[Annotated[str, words(*CALENDAR, CONTEST), Tag("<word>")], Annotated[Period, Tag("<period>")]],
    Discriminator(lambda value: "<word>" if isinstance(value, str) and value.isalpha() else "<period>"),
    json_types.PER_OF_CONTEST,
]


class OfferLimit(Entry):
    """How often one member may have an offer."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType({"per": NOBODY_HAS_IT})

    times: Times = Field(description="How many times at most.", examples=[2])
    per: Per = Field(
        description=(
            "In what time: a `day`, `week`, `month` or `year` by the club's calendar, in the member's whole "
            "`life` in the club, or in the last so many days, as in `30 days`."
        ),
        examples=["month", "life", "30 days"],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Periods of the calendar are acted on."""
        return frozenset(() if self.per in CALENDAR else ("per",))


class ContestLimit(Entry):
    """How often one member may enter a contest."""

    times: Times = Field(description="How many times at most.", examples=[3])
    per: PerOfContest = Field(
        description=(
            "In what time: in the whole `contest`; in a `day`, `week`, `month` or `year` by the club's "
            "calendar; in the member's `life` in the club; or in the last so many days, as in `30 days`."
        ),
        examples=["contest", "day"],
    )


class BudgetEntry(Entry):
    """How much money an offer may cost the club."""

    total: Money = Field(description="How much all of it may cost.", examples=["20000 USD"])
    each: Money = Field(description="How much one costs, whenever a member takes it.", examples=["10 USD"])


class SegmentsEntry(Entry):
    """Which members, by the segments that they are in. All that is said must hold."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [key]} for key in ("all_of", "any_of", "none_of")]}
    )

    all_of: NameSet = Field(
        default=[], description="Members who are in each of these.", examples=[["detractor", "train-fan"]]
    )
    any_of: NameSet = Field(
        default=[], description="Members who are in one of these, or more.", examples=[["fan", "vip"]]
    )
    none_of: NameSet = Field(
        default=[], description="Not the members who are in one of these.", examples=[["visitor"]]
    )

    @model_validator(mode="after")
    def _says_something(self) -> "SegmentsEntry":
        if not (self.all_of or self.any_of or self.none_of):
            raise sentence_error(
                "this names no segment; say at least one of `all_of`, `any_of` and `none_of`, "
                "as in `any_of: [fan, vip]`",
                Code.MISSING_KEY,
            )
        return self


class InviteEntry(Entry):
    """Who is invited, how many at a time, and how long they have to answer."""

    segments: SegmentsEntry = Field(
        description="Which members are invited.", examples=[{"all_of": ["detractor", "train-fan"]}]
    )
    seats: Times = Field(description="How many members may accept.", examples=[2])
    reserve: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="How many more are kept waiting, for when somebody declines.", examples=[3]
    )
    answer_before: Period | None = Field(
        default=None,
        description="How long an invited member has to answer. Left out: as long as the offer lasts.",
        examples=["7 days"],
    )


class IssueEntry(Entry):
    """What an offer is given on."""

    on: Identifier = Field(
        description=(
            "An action of actions.yaml, or what Cercle finds out: `badge_unlocked` (conditions may name its "
            "`badge` and `level`), `tier_changed` (`tier`, `previous`), `points_earned` and the like."
        ),
        examples=["badge_unlocked", "purchase"],
    )
    when: Condition | None = Field(
        default=None,
        description="The condition that it must meet.",
        examples=['badge == "collector" && level == "silver"'],
    )
