"""What a club's rules hold, by name and place: what scenarios may expect, and what they are to exercise."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cercle.rulebook import Claimable, Place, Rulebook
from cercle.rulebook.checks.conditions_of import trigger_of
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files.badges import AchievementEntry, BadgesFile
from cercle.rulebook.files.offers import ClaimedOffer, IssuedOffer, OfferEntry, OffersFile
from cercle.rulebook.files.points import PointsFile
from cercle.rulebook.files.tiers import TierEntry, TiersFile
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

RULE, LEVEL, TIER, OFFER = "rule", "level", "tier", "offer"
_NAMING = {"badges.yaml", "tiers.yaml", "offers.yaml"}
_KINDS = {"achievements": "achievement", "rules": RULE, "offers": OFFER}


@dataclass(frozen=True, order=True)
class Listed:
    """A rule, an achievement's level (`collector: silver`), a tier or an offer; `trigger`: what it is on.

    `inactive`: why this version does not act on it; empty: it does.
    """

    kind: str
    name: str
    place: Place
    trigger: str = ""
    inactive: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.place.file}:{self.place.line}"


@dataclass(frozen=True)
class Names:
    """What scenarios may name, whether this version acts on it or not. `badges`: the levels of each.

    `claimable`: the offers that members can claim; `unclaimable`: why they cannot claim the others.
    """

    wallets: frozenset[str]
    badges: Mapping[str, tuple[str, ...]]
    tiers: frozenset[str]
    offers: frozenset[str]
    claimable: Mapping[str, Claimable]
    unclaimable: Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """`acting`: all that this version acts on; `inactive`: what it reads and does not act on."""

    names: Names
    acting: tuple[Listed, ...]
    inactive: tuple[Listed, ...]

    @cached_property
    def listed(self) -> Mapping[tuple[str, str], Listed]:
        """What acts, by kind and name."""
        return {(each.kind, each.name): each for each in self.acting}


def names(files: Mapping[str, str], rules: Rulebook) -> Names:
    """Of the files that were compiled to these rules; points.yaml, the longest, is not read again."""
    return _names(Folder({name: files[name] for name in _NAMING & files.keys()}, Findings()), rules)


def catalogue(files: Mapping[str, str], rules: Rulebook) -> Catalogue:
    """Of the files that were compiled to these rules."""
    folder = Folder(files, Findings())
    points = folder.of(PointsFile)
    acting = [
        *(Listed(RULE, rule.id, _place(rule), rule.on) for rule in (points.rules if points else [])),
        *(
            Listed(LEVEL, f"{entry.id}: {level}", _place(entry), entry.trigger)
            for entry in _achievements(folder)
            for level in entry.goals
        ),
        *(Listed(TIER, level.id, _place(level)) for level in _tiers(folder)),
        *(Listed(OFFER, offer.id, _place(offer), _trigger(offer.block)) for offer in _offers(folder)),
    ]
    inactive = tuple(_inactive(folder.models().values()))
    idle = {each.place for each in inactive}
    return Catalogue(
        _names(folder, rules), tuple(each for each in acting if each.place not in idle), inactive
    )


def _names(folder: Folder, rules: Rulebook) -> Names:
    levels = {entry.id: tuple(entry.goals) for entry in _achievements(folder)}
    claimable = {name: offer.claim for name, offer in rules.offers.offers.items() if offer.claim}
    unclaimable = {
        offer.id: _why_unclaimable(offer) for offer in _offers(folder) if offer.id not in claimable
    }
    return Names(
        rules.points.wallets,
        levels | dict.fromkeys(_awards(folder), ()),
        frozenset(level.id for level in _tiers(folder)),
        frozenset(offer.id for offer in _offers(folder)),
        claimable,
        unclaimable,
    )


def _why_unclaimable(offer: OfferEntry) -> str:
    if isinstance(offer, IssuedOffer):
        return "it says `issue`, so it is given and nobody claims it"
    if isinstance(offer, ClaimedOffer):
        return _why("", offer, offer)
    return "it says `invite`, so members are invited to it and nobody claims it"


def _achievements(folder: Folder) -> Iterable[AchievementEntry]:
    badges = folder.of(BadgesFile)
    return badges.achievements if badges else ()


def _tiers(folder: Folder) -> Iterable[TierEntry]:
    ladder = folder.of(TiersFile)
    return ladder.tiers.levels if ladder else ()


def _offers(folder: Folder) -> Iterable[OfferEntry]:
    offers = folder.of(OffersFile)
    return offers.offers if offers else ()


def _place(entry: Entry) -> Place:
    return entry.block.at("id") if "id" in entry.block else entry.block.spot.place()


def _inactive(models: Iterable[Entry]) -> Iterator[Listed]:
    """Of all lists of the files (rules, achievements, challenges, contests...), what does nothing yet."""
    for model in models:
        for name in type(model).model_fields:
            entries = getattr(model, name)
            for entry in entries if isinstance(entries, (list, tuple)) else ():
                if isinstance(entry, Entry) and (why := _why(name, model, entry)):
                    word = entry.block.get("id") or next(iter(entry.block), "")
                    kind = _KINDS.get(name, name.removesuffix("s"))
                    yield Listed(kind, str(word), _place(entry), _trigger(entry.block), why)


def _why(name: str, model: Entry, entry: Entry) -> str:
    """Why an entry of the list `name` does nothing; empty: it acts."""
    found = [(name, model.inactive[name])] if name in model.inactive_keys() else []
    found += [(key, each.inactive[key]) for each in entry.within() for key in sorted(each.inactive_keys())]
    if not found:
        return ""
    key, what_follows = found[0]
    return f"this version of Cercle does not act on `{key}` yet: {what_follows}"


def _trigger(block: Block) -> str:
    """The action type that an entry is about, as far as it says one."""
    issue = block.get("issue")
    return trigger_of(issue if isinstance(issue, Block) else block)


def _awards(folder: Folder) -> Iterator[str]:
    """The badges of challenges."""
    badges = folder.blocks.get("badges.yaml")
    for challenge in badges.blocks("challenges") if badges is not None else ():
        if isinstance(award := challenge.get("award"), str):
            yield award
