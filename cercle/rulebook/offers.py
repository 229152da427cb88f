"""What this version acts on of offers.yaml: what members are given, and when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cercle.rulebook.built_in import BUILT_IN_ACTIONS
from cercle.rulebook.claims import Claimable, build_claim
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts
from cercle.rulebook.conditions.text import metrics_in, names_in
from cercle.rulebook.entries.entry import Texts
from cercle.rulebook.files.offers import ClaimedOffer, IssuedOffer, OffersFile
from cercle.rulebook.metrics import MetricRules, metrics_of
from cercle.rulebook.scope import Scope


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer. `claim`: how members take it themselves; None: it is given, not claimed."""

    id: str
    title: Texts
    claim: Claimable | None = None


@dataclass(frozen=True)
class OfferRules:
    """The offers by id, those to be claimed among them.

    `concern_actions`: some are issued on what members do, not on badges and tiers; or conditions read
    what only actions tell. `metrics`: those that conditions read.
    """

    offers: Mapping[str, Offer]
    by_trigger: dict[str, Guarded[Offer, tuple[Offer, ...]]]
    concern_actions: bool
    metrics: MetricRules

    def issued_on(
        self, trigger: str, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> tuple[Offer, ...]:
        """The offers that are given for this, in the order of their ids.

        `trigger` is an action type with its fields, `badge_unlocked` (badge, level) or
        `tier_changed` (tier, previous); `occurred_at` in ms.
        """
        offers = self.by_trigger.get(trigger)
        return offers.select(fields, occurred_at, member) if offers else ()


def build_offers(file: OffersFile, languages: tuple[str, ...], scope: Scope) -> OfferRules:
    """The rules that this version acts on, of a file without errors."""
    offers: dict[str, Offer] = {}
    by_trigger: dict[str, list[Guard[Offer]]] = {}
    for entry in sorted(file.offers, key=lambda each: each.id):
        if not entry.acts:
            continue
        title = Texts.of(entry.title, languages[0])
        if isinstance(entry, ClaimedOffer):
            offers[entry.id] = Offer(entry.id, title, build_claim(entry, scope))
        elif isinstance(entry, IssuedOffer):
            offers[entry.id] = Offer(entry.id, title)
            guard = Guard(offers[entry.id], entry.issue.when, scope.window(entry.during))
            by_trigger.setdefault(entry.issue.on, []).append(guard)
    guards = [guard for each in by_trigger.values() for guard in each]
    return OfferRules(
        offers,
        {on: Guarded(each, scope.vocabularies[on], tuple) for on, each in by_trigger.items()},
        any(on not in BUILT_IN_ACTIONS for on in by_trigger) or _remember_actions(guards),
        scope.metrics.only(metrics_of(guards)),
    )


def _remember_actions(guards: Iterable[Guard[Offer]]) -> bool:
    """Whether conditions read metrics, or when the member joined."""
    whens = [guard.when for guard in guards if guard.when]
    return any(metrics_in(when) or "joined_at" in names_in(when) for when in whens)
