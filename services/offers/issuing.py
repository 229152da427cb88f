"""Issuing: on an occasion (an action, a badge, a tier) the rules say which offers are given."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Union

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import Action
from cercle.domain.badges import has_badge, with_badge
from cercle.domain.decision import Instant
from cercle.rulebook import MemberFacts, OfferRules, Rulebook
from services.offers.commands import Note, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, Event, OfferIssued, TierNoted
from services.offers.member import CANCELLING, ISSUED, REFUSED, Claimed, Member


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


EXPIRED = "expired"


class OfferView(msgspec.Struct, frozen=True):
    """An offer as its owner sees it: given (see OfferIssued), or claimed, and then `claim` is its id.

    `status`: issued, redeemed, cancelled, expired. `valid_until` None: for ever.
    """

    offer: str
    title: str
    issued_at: Instant
    on: str = ""
    reason: str = ""
    status: str = ISSUED
    claim: str = ""
    code: str = ""
    valid_until: Union[Instant, None] = None
    redeemed_at: Instant = 0


def view(member: Member, rules: OfferRules, language: str, now: Instant) -> tuple[OfferView, ...]:
    """Newest first, then by id. What was given stays, under its id if the rulebook no longer has it."""
    given = [
        OfferView(one.offer, _title(one.offer, rules, language), one.issued_at, one.on, one.reason)
        for one in member.issued
    ]
    claimed = [
        _claimed(claim, one, _title(one.offer, rules, language), now)
        for claim, one in member.claims.items()
        if one.status != REFUSED
    ]
    return tuple(sorted([*given, *claimed], key=lambda one: (-one.issued_at, one.offer, one.claim)))


def status_of(one: Claimed, now: Instant) -> str:
    """What became of a claim, as its owner sees it."""
    status = ISSUED if one.status == CANCELLING else one.status
    expired = status == ISSUED and one.valid_until is not None and one.valid_until <= now
    return EXPIRED if expired else status


def _claimed(claim: str, one: Claimed, title: str, now: Instant) -> OfferView:
    return OfferView(
        one.offer,
        title,
        one.at,
        status=status_of(one, now),
        claim=claim,
        code=one.code,
        valid_until=one.valid_until,
        redeemed_at=one.redeemed_at,
    )


def _title(offer: str, rules: OfferRules, language: str) -> str:
    known = rules.offers.get(offer)
    return known.title.in_language(language) if known else offer
