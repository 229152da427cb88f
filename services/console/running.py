"""A club from nothing to its last decision: servers, topics, rules, services, purchases, and waiting."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cercle.domain.action import RawAction
from cercle.runtime.settings import Settings
from cercle.runtime.store import NotReady
from cercle.runtime.topics import Topic, create_topics
from cercle.wire import badges_pb2
from services.console.cards import Addresses, Card, fetch_card, fetch_leaderboard
from services.console.census import Census, take_census
from services.console.clubs import Club, read_actions, until_yesterday
from services.console.draining import Stands, actions_judged, drained, lag, stands
from services.console.emission import Emission
from services.console.errors import CommandError
from services.console.processes import Processes, last_lines
from services.console.publishing import AT_ONCE, Wish, publish
from services.console.screen import Screen
from services.console.services import SERVICES, Stores, open_stores
from services.console.topic_reading import extents

BEST = 10
_STALLED_SECONDS = 60.0
_LOOK_SECONDS = 0.25


@dataclass
class Result:
    """What a run brought about. `seconds` by phase; `emitted` by action type."""

    settings: Settings
    partitions: int
    emitted: Counter[str] = field(default_factory=Counter)
    census: Census = field(default_factory=Census)
    best: list[badges_pb2.Rank] = field(default_factory=list)
    card: Card | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "club": self.settings.club,
            "emitted": dict(sorted(self.emitted.items())),
            **self.census.as_json(),
            "leaderboard": [
                {"rank": rank.rank, "member_id": rank.member_id, "score": rank.score} for rank in self.best
            ],
            "card": self.card.as_json() if self.card is not None else None,
            "seconds": {name: round(seconds, 2) for name, seconds in self.seconds.items()},
        }


class Stopwatch:
    """Seconds by phase. Phases may overlap."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._starts: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def start(self, phase: str) -> None:
        """The phase begins, if it has not yet."""
        self._starts.setdefault(phase, time.monotonic())

    def stop(self, phase: str) -> None:
        """The phase is over; only the first time counts."""
        if phase in self._starts:
            self.seconds.setdefault(phase, time.monotonic() - self._starts[phase])

    def total(self) -> dict[str, float]:
        """All phases, and the time since the beginning."""
        return {**self.seconds, "total": time.monotonic() - self._begin}


def run_club(
    club: Club, partitions: int, shifted: bool, processes: Processes, screen: Screen, wish: Wish = AT_ONCE
) -> Result:
    """Does all of it once, publishing as `wish` says.

    Raises what CommandError and its kin say; `processes` is open.
    """
    watch = Stopwatch()
    actions = _sample(club, shifted)
    watch.start("servers")
    screen.say("Starting the servers")
    settings = processes.start_servers()
    result = Result(settings, partitions)
    try:
        _prepare(club, wish, result, len(actions), screen)
        watch.stop("servers")
        processes.start_services(settings)
        watch.start("services")
        _emit_and_follow(result, Emission(settings, actions, as_history=True), processes, watch, screen)
    except CommandError:
        raise
    except Exception:
        # A server that died shows first as a client's error, which says less.
        processes.explain()
        raise
    result.seconds = watch.total()
    return result


def _prepare(club: Club, wish: Wish, result: Result, total: int, screen: Screen) -> None:
    """Topics and rules."""
    settings = result.settings
    create_topics(settings.kafka, club.id, result.partitions)
    publication = publish(settings, club, wish)
    screen.begin(total, asyncio.run(_judged(settings, result.partitions)))
    screen.say(f"Rulebook {publication.version} of {club.id} is published")


def _emit_and_follow(
    result: Result, emission: Emission, processes: Processes, watch: Stopwatch, screen: Screen
) -> None:
    watch.start("emitting")
    emission.start()
    try:
        asyncio.run(_follow(result, processes, emission, watch, screen))
    finally:
        emission.stop()
    result.emitted = emission.types


def _sample(club: Club, shifted: bool) -> list[RawAction]:
    actions = [action for path in club.samples for action in read_actions(path, club.rules)]
    return until_yesterday(actions, club.rules, datetime.now(UTC)) if shifted else actions


async def _judged(settings: Settings, partitions: int) -> dict[str, int]:
    """How many actions each service is past; none in a new club."""
    async with open_stores(settings) as stores:
        found = await stands(stores, partitions)
    return {name: actions_judged(found, name) for name in found}


async def _follow(
    result: Result,
    processes: Processes,
    emission: Emission,
    watch: Stopwatch,
    screen: Screen,
) -> None:
    async with open_stores(result.settings) as stores:
        with screen.progress():
            await _until_serving(processes, emission, stores, result.partitions, watch, screen)
            await _until_drained(result, processes, emission, stores, watch, screen)
        result.census = await take_census(stores, result.partitions)
        result.best = await fetch_leaderboard(processes.grpc["badges"], BEST)
        result.card = await _most_active(processes.grpc, [rank.member_id for rank in result.best])


async def _most_active(addresses: Addresses, members: list[str]) -> Card | None:
    """The card of the member who did most of what achievements count."""
    cards = [await fetch_card(addresses, member_id, "") for member_id in members]
    return max(cards, key=lambda card: sum(each.count for each in card.standing.achievements), default=None)


async def _until_serving(
    processes: Processes,
    emission: Emission,
    stores: Stores,
    partitions: int,
    watch: Stopwatch,
    screen: Screen,
) -> None:
    """Processes start; then the broker's groups give out the partitions."""
    stall = Stall()
    while True:
        processes.check()
        _note_sent(emission, watch, screen)
        if "services" not in watch.seconds and processes.listening():
            watch.stop("services")
            watch.start("group")
            count = sum(len(each) for each in processes.workers.values())
            screen.say(f"{count} workers listen; the broker's groups give out the partitions")
        waiting = await _not_ready(stores, partitions)
        if "services" in watch.seconds and not waiting:
            watch.stop("group")
            watch.start("deciding")
            return
        stall.check((emission.sent, waiting), processes, next(iter(waiting), "points"), "does not serve yet")
        await asyncio.sleep(0.1)


async def _not_ready(stores: Stores, partitions: int) -> dict[str, int]:
    """How many partitions of which services have no owner that serves."""
    waiting: Counter[str] = Counter()
    for name in SERVICES:
        for partition in range(partitions):
            try:
                await stores[name].address(partition)
            except NotReady:
                waiting[name] += 1
    return dict(waiting)


async def _until_drained(
    result: Result,
    processes: Processes,
    emission: Emission,
    stores: Stores,
    watch: Stopwatch,
    screen: Screen,
) -> None:
    stall = Stall()
    ends: dict[int, int] = {}
    while True:
        processes.check()
        if _note_sent(emission, watch, screen) and not ends:
            ends = await _ends(result, emission)
        found = await stands(stores, result.partitions)
        behind = lag(found, ends or dict(emission.ends))
        for name in SERVICES:
            screen.judged(name, actions_judged(found, name), behind[name])
        if ends and drained(found, ends):
            watch.stop("deciding")
            return
        slowest = max(behind, key=lambda name: behind[name])
        standing = f"has decided nothing for a minute and is {behind[slowest]} records behind"
        stall.check((emission.sent, _progress(found)), processes, slowest, standing)
        await asyncio.sleep(_LOOK_SECONDS)


def _note_sent(emission: Emission, watch: Stopwatch, screen: Screen) -> bool:
    done = emission.done()
    if done:
        watch.stop("emitting")
    screen.emitted(emission.sent)
    return done


async def _ends(result: Result, emission: Emission) -> dict[int, int]:
    """Where actions end, once nothing is being emitted: older records count too."""
    found = await extents(result.settings, {Topic.ACTIONS: result.partitions})
    return {p: max(end, emission.ends.get(p, 0)) for p, (_, end) in enumerate(found[Topic.ACTIONS])}


def _progress(found: Stands) -> tuple[int, ...]:
    footings = sum(stand.footing.seq for each in found.values() for stand in each)
    unshipped = sum(stand.unshipped for each in found.values() for stand in each)
    return (*(actions_judged(found, name) for name in found), footings, unshipped)


class Stall:
    """Notices when nothing moves any more."""

    def __init__(self) -> None:
        self._seen: object = None
        self._since = time.monotonic()

    def check(self, seen: object, processes: Processes, name: str, what: str) -> None:
        """Raises CommandError when `seen` has been the same for a minute; `name` is the slowest service."""
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        elif time.monotonic() - self._since > _STALLED_SECONDS:
            raise CommandError(f"The {name} service {what}. {last_lines(processes.log_of(name))}")
