"""Shell: events to the bytes of cercle.offers.v1.Decision and back, and what other services say."""

from typing import Union

from cercle.actions import accepted, counted
from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from cercle.wire import badges_pb2, offers_pb2
from services.offers.commands import Hear, Note, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, Event, OfferIssued, TierNoted


def encode(events: tuple[Event, ...]) -> bytes:
    """The bytes of a Decision."""
    decision = offers_pb2.Decision()
    add = decision.events.add
    for event in events:
        _fill(add(), event)
    return decision.SerializeToString()


def _fill(out: offers_pb2.Event, event: Event) -> None:
    match event:
        case ActionAccepted():
            accepted.write(out.action_accepted, event)
        case MetricCounted():
            counted.write(out.metric_counted, event)
        case OfferIssued():
            issued = out.offer_issued
            issued.offer = event.offer
            issued.on = event.on
            issued.reason = event.reason
            issued.number = event.number
            issued.issued_at_ms = event.issued_at
        case BadgeNoted():
            noted = out.badge_noted
            noted.badge = event.badge
            noted.level = event.level
        case TierNoted():
            out.tier_noted.tier = event.tier


def decode(data: bytes) -> tuple[Event, ...]:
    """The inverse of `encode`.

    Raises ValueError on an event of a kind unknown here: whoever cannot read the whole
    log must not fold it. Raises google.protobuf.message.DecodeError on other bytes.
    """
    return tuple(_event(event) for event in offers_pb2.Decision.FromString(data).events)


def _event(event: offers_pb2.Event) -> Event:
    match event.WhichOneof("kind"):
        case "action_accepted":
            return accepted.read(event.action_accepted)
        case "metric_counted":
            return counted.read(event.metric_counted)
        case "offer_issued":
            o = event.offer_issued
            return OfferIssued(o.offer, o.on, o.reason, o.number, o.issued_at_ms)
        case "badge_noted":
            return BadgeNoted(event.badge_noted.badge, event.badge_noted.level)
        case "tier_noted":
            return TierNoted(event.tier_noted.tier)
        case None:
            raise ValueError("an event of a kind that this version of offers does not know")


def heard(topic: str, data: bytes) -> Union[Hear, None]:
    """What another service's decision asks of this one; None: nothing.

    `topic` is the topic's last word, `data` the bytes of that service's Decision. From
    badges: the badges unlocked and the tiers changed by one decision, in its order.
    """
    if topic != "badges":
        return None
    events = badges_pb2.Decision.FromString(data).events
    notes = tuple(note for note in map(_note, events) if note is not None)
    return Hear(notes) if notes else None


def _note(event: badges_pb2.Event) -> Union[Note, None]:
    match event.WhichOneof("kind"):
        case "badge_unlocked":
            b = event.badge_unlocked
            return NoteBadge(b.badge, b.level, b.reached_at_ms)
        case "tier_changed":
            t = event.tier_changed
            return NoteTier(t.tier, t.previous, t.changed_at_ms)
        case _:
            return None
