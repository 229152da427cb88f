"""Three workers a service, shoppers, senders and 2,000 claimants, and everything is killed or frozen.

Afterwards nobody's points are wrong, the offer was given exactly as often as there were, and every
answer is in the log. CERCLE_CHAOS_ROUNDS repeats it with new clubs, moments and orders.
"""

import asyncio
import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from cercle.runtime.topics import Topic
from services.console.draining import drained
from services.console.services import SERVICES
from services.console.topic_reading import extents
from tests.e2e.club import RULES, Club, Slot
from tests.e2e.crowd import OFFER, PRICE, Crowd, audit
from tests.e2e.fire import Fire, Scraper
from tests.e2e.logs import hashes, tell
from tests.e2e.test_scaling import covered
from tests.e2e.totals import Standing, expected, lines
from tests.servers import ROOT, Server

ROUNDS = int(os.environ.get("CERCLE_CHAOS_ROUNDS", "1"))
PARTITIONS = 6
WORKERS = 3
KILLS = 5
STOCK, CLAIMANTS = 500, 2_000
FROZEN_SECONDS = 7.5
FREEZES = 8
"""At most: until some frozen worker's last words came too late, which is chance."""
SHARE = 900

_WALLET = "points: {expires: never"
_OFFER = f"""
  - id: {OFFER}
    title: {{en: A concert ticket, fr: Une place de concert}}
    price: {PRICE} points
    voucher: {{code: "LIVE-{{10}}", valid: 60 days}}
    stock: {STOCK}
"""
FILES = RULES | {
    "points.yaml": RULES["points.yaml"].replace(_WALLET, f"{_WALLET}, transfer: {{}}"),
    "offers.yaml": RULES["offers.yaml"] + _OFFER,
}


def letters_ends(club: Club) -> dict[int, int]:
    """Where the topic of letters ends, by partition."""
    found = asyncio.run(extents(club.settings, {Topic.LETTERS: club.partitions}))
    return {partition: end for partition, (_, end) in enumerate(found[Topic.LETTERS])}


def come_to_rest(club: Club) -> None:
    """Until everything is decided, letters of letters too."""
    ends: dict[int, int] = {}
    while not ends or (ends != letters_ends(club)):
        ends = letters_ends(club)
        club.wait_until("at rest", partial(drained, ends=club.ends, letters=ends), 120)


class Shares:
    """The shop's purchases, oldest first, a share at a time."""

    def __init__(self) -> None:
        self._header, *self._purchases = lines(one_member_in=2)
        self._given = 0

    def first(self) -> list[str]:
        """An eighth of all."""
        return self._take(len(self._purchases) // 8)

    def next(self) -> list[str]:
        """SHARE more."""
        share = self._take(SHARE)
        assert len(share) == SHARE + 1, "no purchases are left"
        return share

    def _take(self, count: int) -> list[str]:
        begin, self._given = self._given, self._given + count
        return [self._header, *self._purchases[begin : self._given]]

    def expected(self) -> dict[str, Standing]:
        """What members have after all that was given."""
        return expected([self._header, *self._purchases[: self._given]])


def unfrozen(freezes: Fire, scraper: Scraper) -> list[str]:
    """Which services are still to be frozen: each once, and more until all that may happen has."""
    short = [name for name in SERVICES if not freezes.lags[name]]
    told, done = scraper.totals(), sum(len(each) for each in freezes.lags.values())
    happened = told["void_records"] and told["reships"]
    return short or ([] if happened or done >= FREEZES else ["points", "badges"])


def nothing_is_under_way(club: Club) -> bool:
    """No points are held, and all that were sent came to somebody."""
    wallets = [state.wallet("points") for state in club.states("points").values()]
    return not any(each.held for each in wallets) and sum(each.transferred for each in wallets) == 0


def verified(club: Club, *flags: str) -> dict[str, int]:
    """`cercle verify` of every service, as an operator runs it: the exit statuses."""
    settings = club.settings
    given = ["--club", settings.club, "--kafka", settings.kafka, "--redis", settings.redis]
    running = {
        name: subprocess.Popen(
            [sys.executable, "-m", "services.console", "verify", name, *flags, *given], cwd=ROOT
        )
        for name in SERVICES
    }
    return {name: process.wait(timeout=300) for name, process in running.items()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_clubs_books_are_right_whatever_is_killed_or_frozen(
    seed: int, kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """Kills and freezes, each while there is lag: totals, stock, answers, logs and states are exact."""
    chance = random.Random(seed)
    slots = [Slot(name, number) for name in SERVICES for number in range(WORKERS)]
    shares = Shares()
    with Club(club, kafka, redis_server, tmp_path, PARTITIONS, FILES) as records:
        records.start(*slots)
        records.emit(shares.first())
        come_to_rest(records)
        rich = [member for member, each in sorted(shares.expected().items()) if each.points >= PRICE]
        claimants = [chance.choice(rich) for _ in range(CLAIMANTS)]

        def workers(service: str) -> list[str]:
            return [records.address(slot) for slot in slots if slot.service == service]

        kills, freezes = Fire(records), Fire(records)
        with (
            Scraper(records, slots) as scraper,
            Crowd(chance.sample(rich, 300), claimants, workers, seed) as crowd,
        ):
            while short := [name for name in SERVICES if len(kills.lags[name]) < KILLS]:
                records.emit(shares.next(), flush=False)
                kills.kill(Slot(chance.choice(short), chance.randrange(WORKERS)))
            while short := unfrozen(freezes, scraper):
                records.emit(shares.next(), flush=False)
                freezes.freeze(Slot(chance.choice(short), chance.randrange(WORKERS)), FROZEN_SECONDS)
            for name in SERVICES:
                covered(records, [slot for slot in slots if slot.service == name], 40)
        answers, told = crowd.answers, scraper.totals()
        come_to_rest(records)
        print(
            f"{len(answers.held)} holds, {len(answers.sent)} transfers ({len(answers.returned)} returned), "
            f"{len(answers.claimed)} of {CLAIMANTS} claims, {len(answers.refused)} refused; "
            f"lag when killed {dict(kills.lags)}, when frozen {dict(freezes.lags)}; "
            f"longest call {answers.longest_seconds:.1f} s; {told}"
        )
        assert answers.errors == []
        assert len(answers.claimed) == STOCK
        assert (
            told["reships"] >= 1 and told["fences"] > PARTITIONS * len(SERVICES) and told["void_records"] >= 1
        )
        change = answers.change()
        wanted = {member: each.points + change[member] for member, each in shares.expected().items()}
        assert records.points() == wanted
        assert nothing_is_under_way(records)
        audit(records, answers)
        hashes(tell(records))
        for flag in ([], ["--from-actions"]):
            assert verified(records, *flag) == dict.fromkeys(SERVICES, 0)
