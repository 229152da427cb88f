"""What a step of a scenario expects: points, tier, badges and offers, and how many of an offer are left."""

from collections.abc import Mapping
from typing import Annotated, Union

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from cercle.rulebook.codes import Code
from cercle.rulebook.entries.entry import Entry, Identifier, one_or_many, sentence_error

NOT_YET = "none"
"""A badge's level before the first, a member's tier before the first."""

Count = Annotated[int, Field(ge=0, le=2**53)]


class BalancesEntry(Entry):
    """What is expected in a wallet; what is not named is not looked at."""

    available: Count | None = Field(
        default=None, description="The points that the member can spend.", examples=[42]
    )
    pending: Count | None = Field(
        default=None, description="The points that are earned, and wait to be available.", examples=[0]
    )
    held: Count | None = Field(default=None, description="The points that holds set aside.", examples=[0])
    issued: Count | None = Field(
        default=None, description="All the points that the club gave the member.", examples=[42]
    )
    redeemed: Count | None = Field(
        default=None, description="All the points that the member spent.", examples=[0]
    )
    transferred: Annotated[int, Field(ge=-(2**53), le=2**53)] | None = Field(
        default=None,
        description=(
            "The points that the member sent to other members, less what came from them: below zero "
            "if more came."
        ),
        examples=[50],
    )


WalletExpectation = Annotated[
    Union[Annotated[Count, Tag("<one>")], Annotated[BalancesEntry, Tag("<many>")]],
    Discriminator(one_or_many),
]
"""The available points, or a balance each."""
BadgesExpectation = Annotated[
    Union[Annotated[list[Identifier], Tag("<list>")], Annotated[dict[Identifier, Identifier], Tag("<many>")]],
    Discriminator(lambda value: "<many>" if isinstance(value, Mapping) else "<list>"),
]
"""All badges that the member has; or the level of some."""
OffersExpectation = Annotated[
    Union[Annotated[list[Identifier], Tag("<list>")], Annotated[dict[Identifier, Count], Tag("<many>")]],
    Discriminator(lambda value: "<many>" if isinstance(value, Mapping) else "<list>"),
]
"""All offers that the member has; or how many of some."""


class ExpectationEntry(Entry):
    """What a member is expected to have. Every other key is a wallet of points.yaml.

    `points: 42` are the points that can be spent; `points: {available: 0, pending: 42}` says more.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, WalletExpectation]

    tier: Identifier | None = Field(
        default=None,
        description="The member's tier; `none` before the first.",
        examples=["gold", NOT_YET],
    )
    badges: BadgesExpectation | None = Field(
        default=None,
        description=(
            "All badges that the member has, whatever their level; or the highest level of some, "
            "`none` where there is none yet."
        ),
        examples=[["collector"], {"collector": "silver"}, {"collector": NOT_YET}],
    )
    offers: OffersExpectation | None = Field(
        default=None,
        description=(
            "All offers that the member was given, or has claimed; or how many of some. What is claimed "
            "counts once it is issued, redeemed or not, until it is cancelled or no longer valid."
        ),
        examples=[["welcome-vinyl"], {"ten-off": 2}],
    )
    stock: dict[Identifier, Count] | None = Field(
        default=None,
        description="How many are left of some offers that have a `stock`, for all members.",
        examples=[{"ten-off": 3}],
    )

    @model_validator(mode="after")
    def _says_something(self) -> "ExpectationEntry":
        if not self.model_fields_set and not self.__pydantic_extra__:
            raise sentence_error(
                "`expect` is empty; say what the member has then, as in `expect: {points: 42}`",
                Code.MISSING_VALUE,
            )
        return self
