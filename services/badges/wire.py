"""Shell: events to the bytes of cercle.badges.v1.Decision and back, and what other services say."""

from collections.abc import Iterable, Iterator
from typing import Union

from cercle.actions import accepted, counted
from cercle.domain.action import ActionAccepted
from cercle.domain.metrics import MetricCounted
from cercle.wire import badges_pb2, points_pb2
from services.badges.commands import CountPoints
from services.badges.events import BadgeUnlocked, Event, PointsCounted, Progressed, TierChanged

COUNTED_WALLET = "points"
"""The wallet whose points count towards the tier."""


def encode(events: tuple[Event, ...]) -> bytes:
    """The bytes of a Decision."""
    decision = badges_pb2.Decision()
    add = decision.events.add
    for event in events:
        _fill(add(), event)
    return decision.SerializeToString()


def _fill(out: badges_pb2.Event, event: Event) -> None:
    match event:
        case ActionAccepted():
            accepted.write(out.action_accepted, event)
        case MetricCounted():
            counted.write(out.metric_counted, event)
        case Progressed():
            progressed = out.progressed
            progressed.achievement = event.achievement
            progressed.count = event.count
        case BadgeUnlocked():
            unlocked = out.badge_unlocked
            unlocked.badge = event.badge
            unlocked.level = event.level
            unlocked.count = event.count
            unlocked.reached_at_ms = event.reached_at
        case PointsCounted():
            added = out.points_counted
            added.points = event.points
            added.total = event.total
        case TierChanged():
            changed = out.tier_changed
            changed.previous = event.previous
            changed.tier = event.tier
            changed.points = event.points
            changed.changed_at_ms = event.changed_at


def decode(data: bytes) -> tuple[Event, ...]:
    """The inverse of `encode`.

    Raises ValueError on an event of a kind unknown here: whoever cannot read the whole
    log must not fold it. Raises google.protobuf.message.DecodeError on other bytes.
    """
    return tuple(_event(event) for event in badges_pb2.Decision.FromString(data).events)


def _event(event: badges_pb2.Event) -> Event:
    match event.WhichOneof("kind"):
        case "action_accepted":
            return accepted.read(event.action_accepted)
        case "metric_counted":
            return counted.read(event.metric_counted)
        case "progressed":
            p = event.progressed
            return Progressed(p.achievement, p.count)
        case "badge_unlocked":
            b = event.badge_unlocked
            return BadgeUnlocked(b.badge, b.level, b.count, b.reached_at_ms)
        case "points_counted":
            c = event.points_counted
            return PointsCounted(c.points, c.total)
        case "tier_changed":
            t = event.tier_changed
            return TierChanged(t.previous, t.tier, t.points, t.changed_at_ms)
        case None:
            raise ValueError("an event of a kind that this version of badges does not know")


def heard(topic: str, data: bytes) -> Union[CountPoints, None]:
    """What another service's decision asks of this one; None: nothing.

    `topic` is the topic's last word, `data` the bytes of that service's Decision. From
    points: the points that a decision granted in the counted wallet, all in one command,
    dated by the action for which it granted them, perhaps of an earlier decision or a friend's.
    """
    if topic != "points":
        return None
    events = points_pb2.Decision.FromString(data).events
    points = sum(
        grant.granted
        for event in events
        if event.WhichOneof("kind") == "earned" and event.earned.wallet == COUNTED_WALLET
        for grant in event.earned.grants
    )
    if points <= 0:
        return None
    return CountPoints(points, next(_occurred_at(events)))


def _occurred_at(events: Iterable[points_pb2.Event]) -> Iterator[int]:
    """When what earned occurred, as far as a decision says."""
    for event in events:
        if event.HasField("action_accepted"):
            yield event.action_accepted.occurred_at_ms
        elif event.earned.HasField("occasion"):
            yield event.earned.occasion.occurred_at_ms
