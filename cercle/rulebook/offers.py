"""offers.yaml: what members are given, and when."""

from collections.abc import Mapping
from dataclasses import dataclass

from cercle.rulebook.conditions import Guarded, MemberFacts
from cercle.rulebook.files.offers import OffersFile
from cercle.rulebook.model import Texts
from cercle.rulebook.scope import BUILT_IN_TRIGGERS, Scope
from cercle.rulebook.source import Block


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer."""

    id: str
    title: Texts


@dataclass(frozen=True)
class OfferRules:
    """The offers by id. `concern_actions`: some are issued on what members do, not on badges and tiers."""

    offers: Mapping[str, Offer]
    by_trigger: dict[str, Guarded[Offer, tuple[Offer, ...]]]
    concern_actions: bool

    def issued_on(
        self, trigger: str, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> tuple[Offer, ...]:
        """The offers that are given for this, in the order of their ids.

        `trigger` is an action type with its fields, `badge_unlocked` (badge, level) or
        `tier_changed` (tier, previous); `occurred_at` in ms.
        """
        offers = self.by_trigger.get(trigger)
        return offers.select(fields, occurred_at, member) if offers else ()


def check_offers(block: Block, scope: Scope) -> None:
    """What is wrong goes to the scope's findings."""
    offers = block.blocks("offers")
    scope.unique_ids(offers)
    for offer in offers:
        scope.texts(offer, "title")
        if isinstance(issue := offer.get("issue"), Block):
            scope.trigger(issue, "on", BUILT_IN_TRIGGERS)


def build_offers(file: OffersFile, languages: tuple[str, ...], scope: Scope) -> OfferRules:
    """The rules, of a file without errors."""
    offers: dict[str, Offer] = {}
    by_trigger: dict[str, list[tuple[Offer, str | None]]] = {}
    for entry in sorted(file.offers, key=lambda each: each.id):
        offers[entry.id] = Offer(entry.id, Texts.of(entry.title, languages[0]))
        by_trigger.setdefault(entry.issue.on, []).append((offers[entry.id], entry.issue.when))
    return OfferRules(
        offers,
        {on: Guarded(items, scope.vocabularies[on], tuple) for on, items in by_trigger.items()},
        any(on not in BUILT_IN_TRIGGERS for on in by_trigger),
    )
