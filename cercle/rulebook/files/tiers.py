"""tiers.yaml: the ladder that members climb by the points they earn."""

from typing import Annotated

from pydantic import Field

from cercle.rulebook.model import Entry, Identifier, words


class TierEntry(Entry):
    """One tier."""

    id: Identifier
    from_points: Annotated[int, Field(alias="from", ge=0, le=2**53)]
    benefits: list[Identifier] = Field(default=[])


class LadderEntry(Entry):
    """The ladder."""

    qualify_by: Annotated[str, words("points earned")]
    period: Annotated[str, words("all time")]
    levels: Annotated[list[TierEntry], Field(min_length=1)]


class TiersFile(Entry):
    """The file."""

    tiers: LadderEntry
