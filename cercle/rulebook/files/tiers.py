"""tiers.yaml: the ladder that members climb by the points they earn."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field

from cercle.rulebook.entries.entry import Entry, Identifier, Period, words
from cercle.rulebook.files.earned import Earned

_NEVER_FALL = "no member falls to a lower tier"


class TierEntry(Entry):
    """One tier of the ladder."""

    id: Identifier = Field(
        description='The tier\'s name, as conditions say it: `member.tier == "gold"`.',
        examples=["silver", "gold"],
    )
    from_points: Annotated[int, Field(ge=0, le=2**53)] = Field(
        alias="from",
        description="How much a member must have earned to be in this tier. The first tier begins at 0.",
        examples=[0, 500, 2000],
    )
    benefits: list[Identifier] = Field(
        default=[],
        description="What members of this tier enjoy, by names that your shop knows.",
        examples=[["free-shipping", "early-access"]],
    )


class LadderEntry(Entry):
    """The ladder: what it goes by, its tiers from the lowest to the highest, and how members fall."""

    inactive: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "qualify_by": "members rise by `points earned`",
            "period": "everything that a member ever earned counts, as with `all time`",
            "downgrade": _NEVER_FALL,
            "grace": _NEVER_FALL,
        }
    )

    qualify_by: Earned = Field(
        description=(
            "What members rise by: what they earn in a wallet, less what is taken back, with what is still "
            "pending. Transfers, goodwill and adjustments do not count."
        ),
        examples=["points earned", "karma earned"],
    )
    period: Annotated[
        str, words("all time", "calendar year", "rolling 12 months", "anniversary of joining")
    ] = Field(
        description=(
            "Which earnings count: all of them; those of the calendar year; those of the last 12 months; "
            "or those since the last anniversary of the day on which the member joined."
        ),
        examples=["all time", "calendar year"],
    )
    levels: Annotated[list[TierEntry], Field(min_length=1)] = Field(
        description="The tiers, from the lowest to the highest.",
        examples=[[{"id": "member", "from": 0}, {"id": "gold", "from": 2000}]],
    )
    downgrade: Annotated[str, words("one level at a time", "to the balance", "never")] = Field(
        default="never",
        description=(
            "What becomes of a member who no longer earns enough for the tier: falls by one tier, falls to "
            "the tier that the earnings are enough for, or keeps the tier."
        ),
        examples=["one level at a time", "never"],
    )
    grace: Period | None = Field(
        default=None,
        description="How long a member keeps a tier after the period in which the earnings were too low.",
        examples=["30 days"],
    )

    def inactive_keys(self) -> frozenset[str]:
        """Words that say what happens anyway are acted on."""
        acted_on = {"qualify_by": "points earned", "period": "all time", "downgrade": "never", "grace": None}
        return frozenset(key for key, word in acted_on.items() if getattr(self, key) != word)


class TiersFile(Entry):
    """The file tiers.yaml: the club's ladder."""

    tiers: LadderEntry = Field(
        description="The ladder.",
        examples=[
            {"qualify_by": "points earned", "period": "all time", "levels": [{"id": "member", "from": 0}]}
        ],
    )
