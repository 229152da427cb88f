"""Rules change while members act: everything is judged by the version of its own time, in every service."""

import asyncio
import getpass
import json
import os
import random
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cercle.domain.action import Money, RawAction
from cercle.domain.decision import HOUR, MINUTE, SECOND
from cercle.runtime.settings import Settings
from services.console.clubs import read_club
from services.console.commands.rules.history import State, judged
from services.console.errors import CommandError
from services.console.publishing import Publication, Wish, publish
from services.console.topic_reading import published, rulebook_records
from tests.e2e.changing import (
    LEAD_SECONDS,
    coming_midnight,
    earning,
    folder,
    given,
    granted,
    has_read,
    judges_by_action,
    purchase,
    settings,
    tier_of,
    unlocked,
    versions,
)
from tests.integration.rules import BADGES, CLUB, OFFERS, TIERS
from tests.integration.running import SERVICES, Raw, RunningClub, eventually, now_ms, raw
from tests.servers import ROOT, Server

PARTITIONS = 4
MEMBERS = 200
MOST_ACTIONS = 60_000

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True, scope="module")
def lead() -> Iterator[None]:
    """Services, commands and this process agree on a short one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CERCLE_LEAD_SECONDS", str(LEAD_SECONDS))
        yield


@pytest.fixture
def changing(kafka: Server, redis_server: Server, club: str, tmp_path: Path) -> Iterator[RunningClub]:
    """A club of this test alone, without services or rules."""
    running = RunningClub(kafka, redis_server, club, tmp_path, PARTITIONS)
    try:
        yield running
    finally:
        running.close()


# ---- midnight ---------------------------------------------------------------------------


def rules(club: RunningClub, *line: str, status: int = 0) -> str:
    """What `cercle rules ...` prints; its errors, where it is to fail."""
    env = {**os.environ, "CERCLE_KAFKA": club.kafka, "CERCLE_REDIS": club.redis_url}
    ended = subprocess.run(
        [sys.executable, "-m", "services.console", "rules", *line],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr if status else ended.stdout


AFTER = {
    "points": earning(2),
    "badges": BADGES.replace("bronze: 2, silver: 3", "bronze: 4, silver: 5"),
    "tiers": TIERS.replace("silver, from: 100", "silver, from: 400"),
}
"""What changes at midnight; the offer for silver goes as well."""
SILVER_GIFT = """  - id: silver-gift
    title: {en: A gift for silver, fr: Un cadeau en argent}
    price: free
    issue: {on: tier_changed, when: tier == "silver"}
"""
OF_OLD, OF_NEW, OF_BOTH = ("ana", "olga"), ("bob", "eve"), ("cleo", "dan")
"""Members by the version that judges what they do."""


def test_change_at_midnight_of_the_club(changing: RunningClub) -> None:
    """Before it, after it, and yesterday's told late: points, and badges, tiers and offers that follow."""
    midnight = coming_midnight()
    club = CLUB.replace("Europe/Paris", midnight.zone)
    before = folder(changing, "before", club=club, offers=OFFERS + SILVER_GIFT)
    old = json.loads(rules(changing, "publish", str(before), "--json"))["version"]
    after = folder(changing, "after", club=club, **AFTER)
    assert "--from" in rules(changing, "publish", str(after), "--from", "2020-01-01", status=1)
    said = rules(changing, "publish", str(after), "--from", midnight.written, "-m", "Winter")
    new = read_club(after).rules.version
    assert f"{new} is published and counts from {midnight.written} ({midnight.zone}) on" in said
    changing.start(*SERVICES)
    eventually(lambda: all(has_read(changing, service, new) for service in SERVICES))

    eve, day = midnight.instant - 1, midnight.instant
    changing.send([_sent(purchase("ana", 10, eve - n)) for n in (20, 10)])
    changing.send([_sent(purchase("cleo", 10, at)) for at in (eve - 1, eve, day)])
    changing.send([_sent(purchase("dan", 1, day + 5 * SECOND))])
    changing.send([_sent(purchase("bob", 10, day + n)) for n in (0, 1, 2)])
    changing.send([_sent(purchase("eve", 150, day))])
    changing.settle()
    # Yesterday's, told when today's were judged long ago.
    late = [purchase("ana", 10, eve), purchase("dan", 150, eve - HOUR), purchase("olga", 120, eve)]
    changing.send([_sent(action, at=day + MINUTE) for action in late])
    changing.settle()

    assert granted(changing) == {"ana": 30, "bob": 60, "cleo": 40, "dan": 152, "eve": 300, "olga": 120}
    assert unlocked(changing) == {"ana": ["bronze", "silver"], "cleo": ["bronze"], "dan": ["bronze"]}
    assert tier_of(changing) == dict.fromkeys(("ana", "bob", "cleo", "eve"), "member") | {
        "dan": "silver",
        "olga": "silver",
    }
    assert given(changing) == {"ana": ["welcome-vinyl"], "dan": ["silver-gift"], "olga": ["silver-gift"]}
    for service in SERVICES:
        found = versions(changing, service)
        assert [found[member] for member in OF_OLD] == [{old}, {old}]
        assert all(found[member] == {new} for member in OF_NEW if member in found)
        assert set(found) <= {*OF_OLD, *OF_NEW, *OF_BOTH}
    assert all(versions(changing, "points")[member] == {old, new} for member in OF_BOTH)
    newest, first = json.loads(rules(changing, "history", changing.club, "--json"))
    assert (newest["version"], newest["message"], first["version"]) == (new, "Winter", old)
    assert newest["in_force"] is not first["in_force"], "midnight may have come by now"


def _sent(action: RawAction, at: int | None = None) -> Raw:
    """Recorded when it occurred, or at `at`: by a brand whose clock is ahead, but by less than an hour."""
    return raw(action, action.occurred_at if at is None else at)


# ---- in full flow -----------------------------------------------------------------------


class Schedule(NamedTuple):
    """The versions of a flow: from when each counts, its name, and its points for a dollar."""

    starts: list[int]
    names: list[str]

    def rate(self, occurred_at: int) -> int:
        """Points for a dollar; version 1 gives 1, version 2 gives 2, and so on."""
        return max(1, bisect_right(self.starts, occurred_at))

    def name(self, occurred_at: int) -> str:
        """Who is to judge what occurred then."""
        return self.names[self.rate(occurred_at) - 1]


def flow(club: RunningClub, ended: threading.Event) -> list[RawAction]:
    """Purchases as fast as they can be sent, all of them of the past: of just now, or told a little late."""
    chance, sent = random.Random(4), list[RawAction]()
    while not ended.is_set() and len(sent) < MOST_ACTIONS:
        now = now_ms()
        batch = [
            purchase(
                f"m{chance.randrange(MEMBERS)}", chance.randint(1, 9), now - chance.choice((0, 1, 50, 3000))
            )
            for _ in range(200)
        ]
        club.send([raw(action, now) for action in batch])
        sent += batch
        ended.wait(0.02)
    return sent


def test_versions_published_while_actions_flow(changing: RunningClub) -> None:
    """Every action is judged by the version of its own time, in every partition; totals are exact."""
    # Nobody becomes gold, whose points a rule multiplies: when depends on what badges had told by then.
    tiers = TIERS.replace("gold, from: 500", "gold, from: 1000000")
    first = publish(settings(changing), read_club(folder(changing, "v1", tiers=tiers)))
    changing.start("points", "badges")
    schedule = Schedule([first.effective_from], [first.version])
    ended = threading.Event()
    with ThreadPoolExecutor() as threads:
        flowing = threads.submit(flow, changing, ended)
        for rate in range(2, 5):
            club = read_club(folder(changing, f"v{rate}", points=earning(rate), tiers=tiers))
            done = publish(settings(changing), club)
            schedule.starts.append(done.effective_from)
            schedule.names.append(done.version)
            time.sleep((done.effective_from - now_ms()) / 1000 + 0.5)
        ended.set()
        sent = flowing.result()
    edges = [at + n for at in schedule.starts[1:] for n in (-1, 0, 1)]
    exact = [purchase(f"m{number}", 7, at) for number in range(20) for at in edges]
    changing.send([raw(action, now_ms()) for action in exact])
    sent += exact
    changing.settle("points", "badges")

    for service in ("points", "badges"):
        judges = judges_by_action(changing, service)
        assert len(judges) == len(sent)
        assert {a.id: judges[a.id] for a in sent} == {a.id: schedule.name(a.occurred_at) for a in sent}
    assert granted(changing) == totals(sent, schedule)
    where = Counter((changing.partition_of(a.member_id.encode()), schedule.name(a.occurred_at)) for a in sent)
    assert set(where) == set(product(range(PARTITIONS), schedule.names))
    assert min(where.values()) > 20


def totals(sent: list[RawAction], schedule: Schedule) -> dict[str, int]:
    """What each member must have: whole dollars times the points of that time."""
    sums: Counter[str] = Counter()
    for action in sent:
        amount = action.fields["amount"]
        assert isinstance(amount, Money)
        sums[action.member_id] += amount.minor_units // 100 * schedule.rate(action.occurred_at)
    return dict(sums)


# ---- two at once ------------------------------------------------------------------------


def test_of_two_publishers_at_once_one_counts(changing: RunningClub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other is told by whom, when and with what version; after that it may publish on top of it."""
    clubs = [
        read_club(folder(changing, f"of-{name}", points=earning(n))) for n, name in ((2, "ana"), (3, "bob"))
    ]
    at = settings(changing)
    publish(at, read_club(folder(changing, "first")))
    both_have_read = threading.Barrier(2)

    async def read_together(where: Settings) -> Any:
        found = await published(where)
        await asyncio.to_thread(both_have_read.wait, 20)
        return found

    with monkeypatch.context() as patch, ThreadPoolExecutor() as threads:
        patch.setattr("services.console.publishing.published", read_together)
        outcomes = [*threads.map(lambda club: _outcome(at, club), clubs)]
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, Publication)]
    [told] = [str(outcome) for outcome in outcomes if isinstance(outcome, CommandError)]
    [loser] = [club for club in clubs if club.rules.version != winner.version]
    assert told.startswith(
        f"Version {loser.rules.version} is void: version {winner.version} was published first"
    )
    assert f"by {getpass.getuser()} at 20" in told
    assert 'all the same")' in told

    again = publish(at, loser)
    assert (again.previous, again.published) == (winner.version, True)
    assert again.effective_from >= winner.effective_from
    assert not publish(at, loser).published
    entries = judged(asyncio.run(_records(at)), now_ms() + MINUTE)
    assert [entry.record.version for entry in entries if entry.state is State.VOID] == [loser.rules.version]
    assert [entry.record.version for entry in entries if entry.starts is not None][1:] == [
        winner.version,
        loser.rules.version,
    ]


def _outcome(at: Settings, club: Any) -> Publication | CommandError:
    try:
        return publish(at, club, Wish(message="all the same"))
    except CommandError as refused:
        return refused


async def _records(at: Settings) -> list[Any]:
    return [record async for record in rulebook_records(at)]
