"""offers.yaml: what members are given, and when."""

from typing import Annotated

from pydantic import Field

from cercle.rulebook.model import Condition, Entry, Identifier, TextsByLanguage, words


class IssueEntry(Entry):
    """When an offer is given: on an action type, on `badge_unlocked` or on `tier_changed`."""

    on: Identifier
    when: Condition | None = None


class OfferEntry(Entry):
    """One offer."""

    id: Identifier
    title: TextsByLanguage
    price: Annotated[str, words("free")]
    issue: IssueEntry


class OffersFile(Entry):
    """The file."""

    offers: list[OfferEntry] = Field(default=[])
