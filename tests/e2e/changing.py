"""For the tests of rules in time: folders of rules, purchases, and what the logs tell of each member."""

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from cercle.domain.action import Money, RawAction
from cercle.runtime.settings import Settings
from cercle.wire import badges_pb2, log_pb2, offers_pb2
from cercle.wire import points_pb2 as pb
from tests.integration.rules import FILES, POINTS
from tests.integration.running import RunningClub

LEAD_SECONDS = 2.0
_numbers = itertools.count(1)


def settings(club: RunningClub) -> Settings:
    """Where its tools find it."""
    return Settings(club=club.club, kafka=club.kafka, redis=club.redis_url, lead_seconds=LEAD_SECONDS)


def folder(at: RunningClub, name: str, **changed: str) -> Path:
    """A folder with the rules of these tests; `changed`: whole files by name without ending."""
    place = at.folder / name
    place.mkdir()
    texts = {**FILES, **{f"{file}.yaml": text for file, text in changed.items()}}
    texts["club.yaml"] = texts["club.yaml"].replace("club: town", f"club: {at.club}")
    for file, text in texts.items():
        (place / file).write_text(text)
    return place


def earning(points: int) -> str:
    """A points.yaml with so many points for a dollar."""
    return POINTS.replace("{points: 1, for_each", f"{{points: {points}, for_each")


def purchase(member: str, dollars: int, occurred_at: int) -> RawAction:
    """A purchase with an id of its own."""
    amount = Money(dollars * 100, "USD")
    return RawAction("tests", f"a{next(_numbers)}", "purchase", member, occurred_at, {"amount": amount})


def has_read(club: RunningClub, service: str, version: str) -> bool:
    """Whether the service knows the version."""
    lines = club.log_file(service).read_text().splitlines()
    return any('"event": "rulebook"' in line and version in line for line in lines)


class Midnight(NamedTuple):
    """The next one, by the clocks of a zone that is not UTC: at least seconds, at most 50 minutes away."""

    zone: str
    instant: int
    written: str


def coming_midnight() -> Midnight:
    """Somewhere it always is: not all zones differ by whole hours, and Kafka takes no time an hour ahead."""
    while True:
        now = datetime.now(UTC)
        for name in sorted(zone for zone in available_timezones() if "/" in zone and zone[:3] != "Etc"):
            local = now.astimezone(ZoneInfo(name))
            day = local.date() + timedelta(days=1)
            midnight = datetime.combine(day, datetime.min.time(), local.tzinfo)
            if timedelta(seconds=20) < midnight.astimezone(UTC) - now <= timedelta(minutes=50):
                return Midnight(name, int(midnight.timestamp()) * 1000, f"{day} 00:00")
        time.sleep(1)


def granted(club: RunningClub) -> dict[str, int]:
    """What each member was given in all, by the log."""
    sums: Counter[str] = Counter()
    for record in club.records("points"):
        for event in pb.Decision.FromString(record.decision).events:
            sums[record.key] += sum(grant.granted for grant in event.earned.grants)
    return dict(+sums)


def unlocked(club: RunningClub) -> dict[str, list[str]]:
    """The levels that each member unlocked, in order."""
    found = defaultdict(list)
    for key, event in _events(club.records("badges"), badges_pb2.Decision):
        if event.HasField("badge_unlocked"):
            found[key].append(event.badge_unlocked.level)
    return dict(found)


def tier_of(club: RunningClub) -> dict[str, str]:
    """Each member's tier in the end."""
    events = _events(club.records("badges"), badges_pb2.Decision)
    return {key: event.tier_changed.tier for key, event in events if event.HasField("tier_changed")}


def given(club: RunningClub) -> dict[str, list[str]]:
    """The offers that each member was given."""
    found = defaultdict(list)
    for key, event in _events(club.records("offers"), offers_pb2.Decision):
        if event.HasField("offer_issued"):
            found[key].append(event.offer_issued.offer)
    return dict(found)


def _events(records: list[log_pb2.Record], decision: Any) -> Iterator[tuple[str, Any]]:
    for record in records:
        for event in decision.FromString(record.decision).events:
            yield record.key, event


def versions(club: RunningClub, service: str) -> dict[str, set[str]]:
    """The versions that judged each member's decisions."""
    found = defaultdict(set)
    for record in club.records(service):
        found[record.key].add(record.rulebook)
    return dict(found)


def judges_by_action(club: RunningClub, service: str) -> dict[str, str]:
    """The version that judged each action, by its id."""
    decision = pb.Decision if service == "points" else badges_pb2.Decision
    return {
        event.action_accepted.id: record.rulebook
        for record in club.records(service)
        for event in decision.FromString(record.decision).events
        if event.HasField("action_accepted")
    }
