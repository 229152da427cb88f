"""Whatever an action brings about, also by way of another service, is judged by one version."""

from typing import Any, NamedTuple

import pytest

from cercle.runtime.service import Intent, Service
from cercle.wire import actions_pb2, badges_pb2, log_pb2, points_pb2
from services.badges.stream import SERVICE as BADGES
from services.offers.stream import SERVICE as OFFERS
from services.points.stream import SERVICE as POINTS

OCCURRED = 7

UNLOCKED = badges_pb2.Decision(
    events=[
        badges_pb2.Event(progressed=badges_pb2.Progressed(achievement="collector", count=2)),
        badges_pb2.Event(
            badge_unlocked=badges_pb2.BadgeUnlocked(badge="collector", level="x", reached_at_ms=OCCURRED)
        ),
    ]
)
CHANGED = badges_pb2.Decision(
    events=[badges_pb2.Event(tier_changed=badges_pb2.TierChanged(tier="gold", changed_at_ms=OCCURRED))]
)
EARNED = points_pb2.Decision(
    events=[
        points_pb2.Event(action_accepted=actions_pb2.ActionAccepted(id="o1", occurred_at_ms=OCCURRED)),
        points_pb2.Event(
            earned=points_pb2.Earned(
                wallet="points", grants=[points_pb2.Grant(rule="r", desired=1, granted=1)]
            )
        ),
    ]
)


class Version(NamedTuple):
    """A rulebook, as far as its name."""

    version: str


OLD, NEW = Version("old"), Version("new")


class InForce:
    """Two versions; by the clock it is always the new one's time."""

    versions = (OLD, NEW)

    def at(self, instant: int) -> Version:
        return NEW

    def fresh(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("service", "topic", "decision"),
    [
        (POINTS, "badges", UNLOCKED),
        (POINTS, "badges", CHANGED),
        (BADGES, "points", EARNED),
        (OFFERS, "badges", UNLOCKED),
        (OFFERS, "badges", CHANGED),
    ],
)
def test_what_follows_from_a_decision_is_judged_by_the_version_that_made_it(
    service: Service, topic: str, decision: Any
) -> None:
    """By the version that the decision names, whatever the time; by that of the time, where it is unknown."""
    for named, judged in (("old", OLD), ("new", NEW), ("of another Cercle", NEW)):
        record = log_pb2.Record(key="ana", rulebook=named, decision=decision.SerializeToString())
        intent = service.hear(topic, record, InForce())
        assert isinstance(intent, Intent)
        assert (intent.key, intent.rules) == ("ana", judged)


@pytest.mark.parametrize(("service", "topic"), [(POINTS, "badges"), (BADGES, "points"), (OFFERS, "badges")])
def test_what_is_of_no_concern_asks_for_no_rules(service: Service, topic: str) -> None:
    """A decision without anything to hear is passed over."""
    assert service.hear(topic, log_pb2.Record(key="ana"), InForce()) is None
