"""Shell: events to the bytes of cercle.offers.v1.Decision and back, and what other services say."""

from typing import Any, TypeVar, Union, cast

import msgspec
from google.protobuf.message import Message

from cercle.actions import accepted, counted
from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from cercle.wire import badges_pb2, offers_pb2
from services.offers import events
from services.offers.commands import Hear, Note, NoteBadge, NoteTier
from services.offers.events import BadgeNoted, Event, OfferIssued, Pattern, Terms, TierNoted

_OF_CLAIMS: dict[str, type[Any]] = {
    "claim_opened": events.ClaimOpened,
    "claim_advanced": events.ClaimAdvanced,
    "claim_retried": events.ClaimRetried,
    "claim_code_taken": events.ClaimCodeTaken,
    "claim_issued": events.ClaimIssued,
    "claim_refused": events.ClaimRefused,
    "claim_released": events.ClaimReleased,
    "cancel_asked": events.CancelAsked,
    "cancel_refused": events.CancelRefused,
    "claim_cancelled": events.ClaimCancelled,
    "voucher_redeemed": events.VoucherRedeemed,
    "stock_reserved": events.StockReserved,
    "stock_refused": events.StockRefused,
    "stock_returned": events.StockReturned,
    "code_registered": events.CodeRegistered,
    "code_refused": events.CodeRefused,
    "code_redeemed": events.CodeRedeemed,
    "redeem_refused": events.RedeemRefused,
    "code_cancelled": events.CodeCancelled,
}
_NAMES = {kind: name for name, kind in _OF_CLAIMS.items()}
_INSTANTS = frozenset({"issued_at", "opened_at", "retry_at", "cancelled_at", "redeemed_at", "valid_until"})
_INNER: dict[str, type[msgspec.Struct]] = {"Terms": Terms, "CodePattern": Pattern}

AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


def encode(happened: tuple[Event, ...]) -> bytes:
    """The bytes of a Decision."""
    decision = offers_pb2.Decision()
    add = decision.events.add
    for event in happened:
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
        case _:
            write(getattr(out, _NAMES[type(event)]), event)


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
        case name:
            return cast(Event, read(_OF_CLAIMS[name], getattr(event, name)))


def heard(topic: str, data: bytes) -> Union[Hear, None]:
    """What another service's decision asks of this one; None: nothing.

    `topic` is the topic's last word, `data` the bytes of that service's Decision. From
    badges: the badges unlocked and the tiers changed by one decision, in its order.
    """
    if topic != "badges":
        return None
    told = badges_pb2.Decision.FromString(data).events
    notes = tuple(note for note in map(_note, told) if note is not None)
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


def write(message: Message, struct: msgspec.Struct) -> None:
    """Fills the message; what is None stays absent."""
    message.SetInParent()
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            write(getattr(message, _called(name)), value)
        elif value is not None:
            setattr(message, _called(name), value)


def read(kind: type[AnyStruct], message: Message) -> AnyStruct:
    """The inverse of `write`."""
    return kind(*[_value(message, _called(name)) for name in kind.__struct_fields__])


def _value(message: Message, name: str) -> Any:
    field = message.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not message.HasField(name):
        return None
    value = getattr(message, name)
    return read(_INNER[field.message_type.name], value) if field.message_type else value


def _called(name: str) -> str:
    return f"{name}_ms" if name in _INSTANTS else name
