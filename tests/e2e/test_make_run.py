"""`cercle run` and `cercle up`, as a newcomer types them, on the embedded broker and Redis.

Totals and every member are compared with what the data file says (totals.py), computed
without anything of Cercle's.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from cercle.runtime.settings import Settings
from cercle.runtime.store import Footing
from cercle.runtime.topics import Topic
from services.console.census import states
from services.console.draining import drained, stands
from services.console.folding import digest
from services.console.services import SERVICES, open_stores
from services.console.topic_reading import extents
from tests.e2e.totals import PURCHASES, Standing, differences, expected, lines
from tests.servers import ROOT

RECORDS = ROOT / "clubs" / "records"
PARTITIONS = 4
PROCESSES = 10
PATIENCE_SECONDS = 240.0
GRACE_SECONDS = 10.0

pytestmark = pytest.mark.timeout(300)


class Cercle:
    """A `cercle` command that runs in a folder of its own; standard output and errors go to files there."""

    def __init__(self, folder: Path, *line: str) -> None:
        self.folder = folder
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.console", *line],
                cwd=folder,
                env={**environment(), "TMPDIR": str(folder)},
                stdout=out,
                stderr=err,
            )

    @property
    def out(self) -> str:
        """What it printed."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it complained of, and its progress."""
        return self._err.read_text()

    def until(self, said: str) -> None:
        """Waits until standard error says so."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while said not in self.err:
            assert self.process.poll() is None, self.err
            assert time.monotonic() < give_up, self.err
            time.sleep(0.05)

    def descendants(self) -> dict[int, str]:
        """Pid and command line of every process that it started, and they started."""
        listed = subprocess.run(["ps", "-wweo", "pid,ppid,args"], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()[1:]]
        family, found = {self.process.pid}, {}
        for _ in rows:
            for pid, parent, command in rows:
                if int(parent) in family and int(pid) not in family:
                    family.add(int(pid))
                    found[int(pid)] = command
        return found

    def until_all_run(self) -> dict[int, str]:
        """Waits until the two servers and the three services are there, each with its guardian."""
        self.until("is published")
        give_up = time.monotonic() + PATIENCE_SECONDS
        while len(started := self.descendants()) < PROCESSES:
            assert self.process.poll() is None, self.err
            assert time.monotonic() < give_up, self.err
            time.sleep(0.05)
        return started

    def child(self, name: str) -> int:
        """The pid of the process, not of its guardian, once it has begun to be itself."""
        give_up = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < give_up:
            for pid, command in self.descendants().items():
                if name in command and "guarded" not in command:
                    return pid
        raise AssertionError(f"no {name} among {self.descendants()}")

    def end(self, how: signal.Signals) -> int:
        """Sends the signal, waits, and sees that nothing is left; the exit status."""
        started = self.descendants()
        assert len(started) >= PROCESSES, started
        self.process.send_signal(how)
        status = self.process.wait(60)
        assert left_of(started) == []
        return status


def alive(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for yet does not."""
    try:
        return not Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def left_of(started: dict[int, str]) -> list[str]:
    """Which of the processes still run, a moment after their parent has ended."""
    give_up = time.monotonic() + GRACE_SECONDS
    while (left := [pid for pid in started if alive(pid)]) and time.monotonic() < give_up:
        time.sleep(0.05)
    return [started[pid] for pid in left]


def environment() -> dict[str, str]:
    """Without settings of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CERCLE_")}
    return {**ours, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cercle]:
    """`cercle up`, serving; Ctrl-C is how it is meant to end, and then nothing is left of it."""
    cercle = Cercle(tmp_path_factory.mktemp("up"), "up", str(RECORDS), "--json")
    try:
        cercle.until("Serving until Ctrl-C")
        yield cercle
        assert cercle.end(signal.SIGINT) == 0
        assert not (cercle.folder / ".cercle" / "records.json").exists()
    finally:
        cercle.process.kill()


def ask(up: Cercle, *line: str, status: int = 0) -> Any:
    """The JSON that another command prints beside a club that serves."""
    done = subprocess.run(
        [sys.executable, "-m", "services.console", *line, "--json"],
        cwd=up.folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def settings(up: Cercle) -> Settings:
    """Where the club runs."""
    found = json.loads((up.folder / ".cercle" / "records.json").read_text())
    return Settings(**{name: found[name] for name in ("club", "kafka", "redis", "idempotent")})


async def standings(at: Settings) -> dict[str, Standing]:
    """Every member, from the states of the three services."""
    async with open_stores(at) as stores:
        points = {key: state async for key, state in states(stores, "points", PARTITIONS)}
        badges = {key: state async for key, state in states(stores, "badges", PARTITIONS)}
        offers = {key: state async for key, state in states(stores, "offers", PARTITIONS)}
    assert points.keys() == badges.keys() == offers.keys()
    return {
        key: Standing(
            points[key].wallet("points").available,
            badges[key].standing("collector").count,
            tuple(badges[key].standing("collector").reached),
            badges[key].tier,
            tuple(issued.offer for issued in offers[key].issued),
        )
        for key in points
    }


async def everything(at: Settings) -> dict[str, list[tuple[str, int]]]:
    """By service and partition: a hash of all states, and where the service's topic ends."""
    found = {}
    ends = await extents(at, {Topic(name): PARTITIONS for name in SERVICES})
    async with open_stores(at) as stores:
        for name in SERVICES:
            parts = [
                {key: state async for key, state in stores[name].scan(partition)}
                for partition in range(PARTITIONS)
            ]
            hashes = [digest(states, Footing()) for states in parts]
            found[name] = [(hashes[p], end) for p, (_, end) in enumerate(ends[Topic(name)])]
    return found


async def until_drained(at: Settings) -> None:
    """All that is in the actions topic is decided by all."""
    found = (await extents(at, {Topic.ACTIONS: PARTITIONS}))[Topic.ACTIONS]
    ends = {partition: end for partition, (_, end) in enumerate(found)}
    give_up = time.monotonic() + PATIENCE_SECONDS
    async with open_stores(at) as stores:
        while not drained(await stands(stores, PARTITIONS), ends):
            assert time.monotonic() < give_up
            await asyncio.sleep(0.2)


def test_club_in_numbers_is_what_the_file_says(up: Cercle) -> None:
    """Purchases, members, points, badges by level, members by tier, offers; and it says how long it took."""
    wanted = expected(lines())
    found = json.loads(up.out)
    assert found["emitted"] == {"purchase": sum(each.purchases for each in wanted.values())}
    assert found["counted"] == {"collector": sum(each.purchases for each in wanted.values())}
    assert found["members"] == len(wanted)
    assert found["points_issued"] == {"points": sum(each.points for each in wanted.values())}
    assert found["badges"] == {
        "collector": Counter(level for each in wanted.values() for level in each.levels)
    }
    assert found["tiers"] == Counter(each.tier for each in wanted.values())
    assert found["offers"] == Counter(offer for each in wanted.values() for offer in each.offers)
    seconds = found["seconds"]
    assert 0 < seconds["group"] + seconds["deciding"] <= seconds["total"]


def test_leaderboard_is_what_the_file_says(up: Cercle) -> None:
    """The ten with the most points, best first."""
    wanted = sorted(((-each.points, member) for member, each in expected(lines()).items()))[:10]
    found = [(-rank["score"], rank["member_id"]) for rank in json.loads(up.out)["leaderboard"]]
    assert found == wanted


def test_every_member_is_what_the_file_says(up: Cercle) -> None:
    """To the point, for all of the 23,570."""
    assert list(differences(expected(lines()), asyncio.run(standings(settings(up))))) == []


def test_card_is_what_the_file_says(up: Cercle) -> None:
    """The card asks all three services; an example of every part of it."""
    wanted = expected(lines())["14048"]
    card = ask(up, "member", "14048")
    assert card == json.loads(up.out)["card"]
    assert [each["available"] for each in card["balances"]] == [wanted.points]
    assert card["tier"]["id"] == wanted.tier
    assert [
        (each["count"], [level["name"] for level in each["reached"]]) for each in card["achievements"]
    ] == [(wanted.purchases, list(wanted.levels))]
    assert tuple(offer["id"] for offer in card["offers"]) == wanted.offers
    assert ask(up, "member", "14048", "-l", "fr")["offers"][0]["title"] == "Votre disque d'argent"


def test_emitting_twice_changes_nothing(up: Cercle) -> None:
    """The same file again: not one byte of any service's states, not one record in its log."""
    at = settings(up)
    before = asyncio.run(everything(at))
    assert ask(up, "emit", "records", str(PURCHASES), "--history")["sent"] == len(lines()) - 1
    asyncio.run(until_drained(at))
    assert asyncio.run(everything(at)) == before


def test_rebuilt_store_is_the_same(up: Cercle) -> None:
    """Forgotten and made anew from the log: the same hashes, and it serves."""
    before = ask(up, "verify", "badges")
    assert ask(up, "rebuild", "badges", "--all")["at_next_start"] == []
    assert ask(up, "verify", "badges") == before


def test_difference_is_found(up: Cercle) -> None:
    """A hand in the store: `verify` fails and names the member; `rebuild` mends it."""
    member, partition = tamper(settings(up))
    told = ask(up, "verify", "offers", status=1)
    assert told["log_hash"] != told["store_hash"]
    assert [each["differing_keys"] for each in told["partitions"] if not each["equal"]] == [[member]]
    ask(up, "rebuild", "offers", "--partition", str(partition))
    assert ask(up, "verify", "offers")["equal"]


def tamper(at: Settings) -> tuple[str, int]:
    """Changes one byte of one member's state in the store of offers."""
    redis: Any = Redis.from_url(at.redis)
    key = f"cercle:{at.club}:offers:{{{at.club}:1}}:state"
    member = min(redis.hkeys(key))
    state = redis.hget(key, member)
    redis.hset(key, member, state[:-1] + bytes([state[-1] ^ 1]))
    redis.close()
    return member.decode(), 1


def test_what_is_rejected_is_listed(up: Cercle) -> None:
    """With its code, its sentence and its original."""
    line = '{"id": "x", "source": "me", "type": "visit", "member_id": "ana", "occurred_at": "1998-07-01"}'
    file = up.folder / "visit.jsonl"
    file.write_text(line + "\n")
    assert ask(up, "emit", "records", str(file), "--history")["sent"] == 1
    asyncio.run(until_drained(settings(up)))
    newest = ask(up, "rejected", "--limit", "1")["entries"][0]
    assert (newest["code"], newest["topic"]) == ("unknown_action", "actions")
    assert "visit" in newest["sentence"]


def test_topics_are_told(up: Cercle) -> None:
    """Every record of the file lies in actions; everything is kept."""
    told = {topic["topic"]: topic for topic in ask(up, "topics")["topics"]}
    assert told["cercle.records.actions"]["records"] >= len(lines()) - 1
    assert {topic["settings"]["retention.ms"] for topic in told.values()} == {"-1"}


def test_rules_are_published_once(up: Cercle) -> None:
    """The same rules again are no new version."""
    assert ask(up, "rules", "publish", str(RECORDS))["published"] is False
    assert ask(up, "topics")["topics"][5]["records"] == 1


# ---- how a run ends ---------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The rules of records with every 100th member's purchases."""
    folder = tmp_path / "small"
    folder.mkdir()
    for file in RECORDS.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text())
    (folder / "purchases.csv").write_text("\n".join(lines(100)) + "\n")
    return folder


def test_run_ends_by_itself(small: Path) -> None:
    """Status 0, the totals, and nothing left behind; `--shift` changes no total."""
    cercle = Cercle(small.parent, "run", str(small), "--json", "--shift", "--partitions", "2")
    started = cercle.until_all_run()
    assert cercle.process.wait(PATIENCE_SECONDS) == 0, cercle.err
    wanted = expected(lines(100))
    found = json.loads(cercle.out)
    assert found["points_issued"] == {"points": sum(each.points for each in wanted.values())}
    assert found["tiers"] == Counter(each.tier for each in wanted.values())
    assert left_of(started) == []


@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_leaves_nothing(small: Path, how: signal.Signals, status: int) -> None:
    """Ctrl-C or SIGTERM in the middle: every process is gone, and the status says why."""
    cercle = Cercle(small.parent, "run", str(small))
    cercle.until_all_run()
    assert cercle.end(how) == status, cercle.err
    assert "Traceback" not in cercle.err


@pytest.mark.parametrize("victim", ["services.badges", "redis-server", "tansu"])
def test_run_whose_process_dies_says_so(small: Path, victim: str) -> None:
    """Status 1, the name of what ended with the end of its log; the others are stopped."""
    cercle = Cercle(small.parent, "run", str(small))
    cercle.until_all_run()
    started = cercle.descendants()
    os.kill(cercle.child(victim), signal.SIGKILL)
    assert cercle.process.wait(60) == 1
    name = {"services.badges": "badges", "redis-server": "embedded-redis", "tansu": "embedded-kafka"}[victim]
    assert name in cercle.err
    assert "ended by itself" in cercle.err
    assert "Traceback (most recent call last)" not in cercle.err.split("The end of")[0]
    assert left_of(started) == []
