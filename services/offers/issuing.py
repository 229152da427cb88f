"""Issuing: on an occasion (an action, a badge, a tier) the rules say which offers are given."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import Action
from cercle.domain.badges import has_badge, with_badge
from cercle.domain.decision import Instant
from cercle.rulebook import MemberFacts, OfferRules, Rulebook
from services.offers.commands import Note, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, Event, OfferIssued, TierNoted
from services.offers.member import Member


class Occasion(msgspec.Struct, frozen=True):
    """What offers are issued on: the trigger with the fields that conditions read, and the reason told."""

    trigger: str
    fields: Mapping[str, object]
    occurred_at: Instant
    reason: str


def on_action(action: Action) -> Occasion:
    """The action itself, its id the reason."""
    return Occasion(action.type, action.fields, action.occurred_at, action.id)


def on_note(note: Note) -> Occasion:
    """A badge unlocked or a tier changed, at the time of what brought it."""
    match note:
        case NoteBadge():
            fields = {"badge": note.badge, "level": note.level}
            return Occasion("badge_unlocked", fields, note.occurred_at, f"{note.badge}/{note.level}")
        case NoteTier():
            fields = {"tier": note.tier, "previous": note.previous}
            return Occasion("tier_changed", fields, note.occurred_at, note.tier)


def issue(
    member: Member,
    occasion: Occasion,
    facts: MemberFacts,
    rules: OfferRules,
    before: Sequence[Event] = (),
) -> list[Event]:
    """The offers given on this occasion, dated by it: the same in every run.

    `facts`: what conditions see of the member. `before`: the events of the same cause that came
    first, not yet in the member.
    """
    offers = rules.issued_on(occasion.trigger, occasion.fields, occasion.occurred_at, facts)
    trigger, reason, at = occasion.trigger, occasion.reason, occasion.occurred_at
    return [
        OfferIssued(offer.id, trigger, reason, 1 + _count(member, offer.id, before), at) for offer in offers
    ]


def hear(member: Member, notes: Iterable[Note], rules: Rulebook) -> list[Event]:
    """The events of all notes in order: a later one finds what an earlier one brought."""
    events: list[Event] = []
    tier, badges = member.tier, member.badges
    for note in notes:
        if isinstance(note, NoteTier) and note.tier != tier:
            tier = note.tier
            events.append(TierNoted(tier))
        elif isinstance(note, NoteBadge) and not has_badge(badges, note.badge, note.level):
            badges = with_badge(badges, note.badge, note.level)
            events.append(BadgeNoted(note.badge, note.level))
        facts = _facts(member, tier, badges, note.occurred_at, rules)
        events += issue(member, on_note(note), facts, rules.offers, events)
    return events


def _facts(member: Member, tier: str, badges: tuple[str, ...], at: Instant, rules: Rulebook) -> MemberFacts:
    """What conditions see on a note: nothing is counted, so metrics are what was counted up to its day."""
    values = metrics.as_of(member.metrics, rules.offers.metrics, rules.club, at)
    return MemberFacts(tier, badges, joined_at=seen.joined_at(member.seen, at), metrics=values)


def _count(member: Member, offer: str, before: Sequence[Event]) -> int:
    kept = sum(issued.offer == offer for issued in member.issued)
    return kept + sum(isinstance(event, OfferIssued) and event.offer == offer for event in before)


class OfferView(msgspec.Struct, frozen=True):
    """An offer as its owner sees it: see OfferIssued."""

    offer: str
    title: str
    issued_at: Instant
    on: str
    reason: str


def view(member: Member, rules: OfferRules, language: str) -> tuple[OfferView, ...]:
    """Newest first, then by id. What was given stays, under its id if the rulebook no longer has it."""
    return tuple(
        OfferView(one.offer, _title(one.offer, rules, language), one.issued_at, one.on, one.reason)
        for one in sorted(member.issued, key=lambda one: (-one.issued_at, one.offer))
    )


def _title(offer: str, rules: OfferRules, language: str) -> str:
    known = rules.offers.get(offer)
    return known.title.in_language(language) if known else offer
