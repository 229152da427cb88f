"""Shell: events to the bytes of cercle.points.v1.Decision and back, and what other services say."""

from typing import Union

from cercle.actions import accepted, counted
from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from cercle.wire import badges_pb2, offers_pb2, points_pb2
from services.points import wire_crossing
from services.points.commands import GiveBack, NoteStanding
from services.points.events import (
    BadgeNoted,
    Captured,
    Earned,
    Event,
    GivenBack,
    Grant,
    Held,
    Refused,
    Released,
    TierNoted,
)
from services.points.wire_lines import fill_postings, postings_of


def encode(events: tuple[Event, ...]) -> bytes:
    """The bytes of a Decision."""
    decision = points_pb2.Decision()
    add = decision.events.add
    for event in events:
        _fill(add(), event)
    return decision.SerializeToString()


def decode(data: bytes) -> tuple[Event, ...]:
    """The inverse of `encode`.

    Raises ValueError on an event of a kind unknown here: whoever cannot read the whole
    log must not fold it. Raises google.protobuf.message.DecodeError on other bytes.
    """
    return tuple([_event(event) for event in points_pb2.Decision.FromString(data).events])


def heard(topic: str, data: bytes) -> Union[NoteStanding, GiveBack, None]:
    """What another service's decision asks of this one; None: nothing.

    `topic` is the topic's last word, `data` the bytes of that service's Decision. From
    badges: the levels that it unlocked, and the tier that the member has after it. From
    offers: a claim that was paid for and is cancelled.
    """
    if topic == "offers":
        return _given_back(data)
    if topic != "badges":
        return None
    events = badges_pb2.Decision.FromString(data).events
    tiers = [event.tier_changed for event in events if event.HasField("tier_changed")]
    badges = [event.badge_unlocked for event in events if event.HasField("badge_unlocked")]
    if not tiers and not badges:
        return None
    occurred_at = tiers[-1].changed_at_ms if tiers else badges[-1].reached_at_ms
    levels = tuple([(unlocked.badge, unlocked.level) for unlocked in badges])
    return NoteStanding(tiers[-1].tier if tiers else None, levels, occurred_at)


def _given_back(data: bytes) -> Union[GiveBack, None]:
    """A decision of offers cancels one claim at most."""
    for event in offers_pb2.Decision.FromString(data).events:
        cancelled = event.claim_cancelled
        if cancelled.points:
            return GiveBack(cancelled.claim, cancelled.wallet, cancelled.points, cancelled.cancelled_at_ms)
    return None


def _fill(out: points_pb2.Event, event: Event) -> None:
    match event:
        case ActionAccepted():
            accepted.write(out.action_accepted, event)
        case MetricCounted():
            counted.write(out.metric_counted, event)
        case Earned():
            _fill_earned(out.earned, event)
        case Held():
            held = out.held
            held.until_ms = event.until
            _fill_hold(held, event)
        case Captured():
            _fill_hold(out.captured, event)
        case Released():
            released = out.released
            released.timed_out = event.timed_out
            _fill_hold(released, event)
        case Refused():
            _fill_refused(out.refused, event)
        case GivenBack():
            given = out.given_back
            given.claim, given.wallet, given.points = event.claim, event.wallet, event.points
            fill_postings(given, event.postings)
        case BadgeNoted():
            noted = out.badge_noted
            noted.badge = event.badge
            noted.level = event.level
        case TierNoted():
            out.tier_noted.tier = event.tier
        case _:
            wire_crossing.fill(out, event)


def _fill_earned(out: points_pb2.Earned, event: Earned) -> None:
    out.wallet = event.wallet
    out.day = event.day
    for grant in event.grants:
        line = out.grants.add()
        line.rule = grant.rule
        line.desired = grant.desired
        line.granted = grant.granted
    fill_postings(out, event.postings)
    if event.occasion is not None:
        wire_crossing.fill_occasion(out.occasion, event.occasion)


def _fill_hold(
    out: Union[points_pb2.Held, points_pb2.Captured, points_pb2.Released],
    event: Union[Held, Captured, Released],
) -> None:
    out.key = event.key
    out.issued_at_ms = event.issued_at
    out.hold = event.hold
    out.wallet = event.wallet
    out.points = event.points
    fill_postings(out, event.postings)


def _fill_refused(out: points_pb2.Refused, event: Refused) -> None:
    out.key = event.key
    out.issued_at_ms = event.issued_at
    out.code = event.code
    out.sentence = event.sentence
    out.request = event.request


def _event(event: points_pb2.Event) -> Event:
    match event.WhichOneof("kind"):
        case "action_accepted":
            return accepted.read(event.action_accepted)
        case "metric_counted":
            return counted.read(event.metric_counted)
        case "earned":
            e = event.earned
            grants = tuple([Grant(g.rule, g.desired, g.granted) for g in e.grants])
            occasion = wire_crossing.read_occasion(e.occasion) if e.HasField("occasion") else None
            return Earned(e.wallet, grants, e.day, postings_of(e.postings), occasion)
        case "held":
            h = event.held
            return Held(
                h.key, h.issued_at_ms, h.hold, h.wallet, h.points, h.until_ms, postings_of(h.postings)
            )
        case "captured":
            c = event.captured
            return Captured(c.key, c.issued_at_ms, c.hold, c.wallet, c.points, postings_of(c.postings))
        case "released":
            r = event.released
            postings = postings_of(r.postings)
            return Released(r.key, r.issued_at_ms, r.hold, r.wallet, r.points, r.timed_out, postings)
        case "refused":
            f = event.refused
            return Refused(f.key, f.issued_at_ms, f.code, f.sentence, f.request)
        case "given_back":
            g = event.given_back
            return GivenBack(g.claim, g.wallet, g.points, postings_of(g.postings))
        case "badge_noted":
            return BadgeNoted(event.badge_noted.badge, event.badge_noted.level)
        case "tier_noted":
            return TierNoted(event.tier_noted.tier)
        case None:
            raise ValueError("an event of a kind that this version of points does not know")
        case kind:
            return wire_crossing.read(kind, event)
