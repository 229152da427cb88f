"""Of offers.yaml: contests, whose winners are drawn, and the order in which a member sees offers."""

from typing import Annotated

from pydantic import Field

from cercle.rulebook.entries.entry import Entry, Identifier, Moment, Period, TextsByLanguage, words
from cercle.rulebook.files.actions import FieldPath
from cercle.rulebook.files.buying import ContestLimit, Price


class EnterEntry(Entry):
    """What entering a contest takes."""

    price: Price = Field(
        description="What an entry costs: `free`, or points of a wallet.", examples=["50 points", "free"]
    )
    limit: ContestLimit | None = Field(
        default=None,
        description="How often one member may enter. Left out: as often as the member can pay.",
        examples=[{"times": 3, "per": "contest"}],
    )


class ContestEntry(Entry):
    """A contest: members enter, and winners are drawn."""

    id: Identifier = Field(description="The contest's name.", examples=["summer-draw"])
    title: TextsByLanguage | None = Field(
        default=None,
        description="What members read.",
        examples=[{"en": "The summer draw", "fr": "Le tirage de l'été"}],
    )
    enter: EnterEntry = Field(
        description="What entering takes.",
        examples=[{"price": "50 points", "limit": {"times": 3, "per": "contest"}}],
    )
    draw: Moment = Field(
        description="When the winners are drawn, by the club's clocks; entries end then.",
        examples=["2026-09-01 12:00"],
    )
    winners: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="How many members win.", examples=[5]
    )
    prize: Identifier = Field(description="The offer that each winner is given.", examples=["welcome-vinyl"])


class RankingEntry(Entry):
    """The order in which a member sees offers."""

    by: Annotated[str, words("affinity")] = Field(
        description="`affinity`: first what is nearest to what the member did lately.", examples=["affinity"]
    )
    of: FieldPath = Field(
        description="The action and the field whose values say what a member likes.",
        examples=["purchase.items.category"],
    )
    half_life: Period = Field(
        description="After this long an action counts half as much as one of today.", examples=["90 days"]
    )
