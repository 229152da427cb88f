"""points.yaml: what earns points, what multiplies them, and how much of it a day."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cercle.rulebook.model import Condition, Entry, Identifier, Money, words

MOST_POINTS = 1_000_000
"""Of one rule: with amounts of at most 10**12 minor units, sums stay within 64 bits."""
MOST_FACTOR = 100
POINTS = "points"
"""The wallet that every club has."""


def _factor(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise PydanticCustomError("sentence", "this must be a number such as `2` or `1.5`")
    if not 1 < value <= MOST_FACTOR:
        raise PydanticCustomError("sentence", "a multiplier is more than 1 and at most 100")
    return Fraction(value)


Factor = Annotated[
    Fraction, PlainValidator(_factor), PlainSerializer(str), WithJsonSchema({"type": "number"})
]


Positive = Annotated[int, Field(ge=1, le=MOST_POINTS)]


class WalletEntry(Entry):
    """One wallet."""

    expires: Annotated[str, words("never")] = "never"


class EarnEntry(Entry):
    """`points`, once or for each whole `for_each` of the amount."""

    points: Positive
    for_each: Money | None = None
    wallet: Annotated[Identifier, Field(alias="in")] = POINTS


class LimitEntry(Entry):
    """At most so many points, or so many times, in each period."""

    points: Positive | None = None
    times: Positive | None = None
    per: Annotated[str, words("day")]

    @model_validator(mode="after")
    def _one_of(self) -> "LimitEntry":
        if (self.points is None) == (self.times is None):
            raise PydanticCustomError("sentence", "a limit says either `points` or `times`")
        return self


class RuleEntry(Entry):
    """One rule."""

    id: Identifier
    on: Identifier
    when: Condition | None = None
    earn: EarnEntry | None = None
    multiply: Factor | None = None
    limit: LimitEntry | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "RuleEntry":
        if (self.earn is None) == (self.multiply is None):
            raise PydanticCustomError("sentence", "a rule says either `earn` or `multiply`")
        return self


class StackingEntry(Entry):
    """How several multipliers act together."""

    multiply: Annotated[str, words("best", "add", "product")] = "best"


class PointsFile(Entry):
    """The file."""

    wallets: dict[Identifier, WalletEntry] = Field(default={})
    rules: list[RuleEntry] = Field(default=[])
    stacking: StackingEntry = StackingEntry()
