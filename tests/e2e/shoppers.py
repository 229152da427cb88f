"""Clients that spend at any worker while workers come and go, and keep their own books."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cercle.client import Client, Refused
from cercle.wire import points_pb2 as pb
from services.console.services import SERVICES
from tests.e2e.background import Background
from tests.e2e.club import Club
from tests.e2e.logs import decisions

_AT_ONCE = 8
_PATIENCE_SECONDS = 40.0


@dataclass
class Books:
    """What was answered: points by hold, what closed it, and refused keys with their codes."""

    member_of: dict[str, str] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    captured: dict[str, str] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    longest_seconds: float = 0.0

    def not_available(self) -> Counter[str]:
        """By member, what is held or spent."""
        taken: Counter[str] = Counter()
        for hold, points in self.held.items():
            if hold not in self.released:
                taken[self.member_of[hold]] += points
        return taken

    @property
    def calls(self) -> int:
        """How many calls were answered."""
        return len(self.held) + len(self.captured) + len(self.released) + len(self.refused)


class Shoppers(Background):
    """A context manager: they shop while the block runs, and have finished what they began when it ends.

    `workers` says, whenever it is asked, where to call: also workers that have gone, or are coming.
    """

    def __init__(self, members: Sequence[str], workers: Callable[[], Sequence[str]], seed: int = 0) -> None:
        super().__init__()
        self.books = Books()
        self._members = members
        self._workers = workers
        self._chance = random.Random(seed)

    def run(self) -> None:
        asyncio.run(self._shop_together())

    async def _addresses(self, member_id: str) -> Sequence[str]:
        found = [address for address in self._workers() if address]
        self._chance.shuffle(found)
        return found

    async def _shop_together(self) -> None:
        async with Client(points=self._addresses, deadline_seconds=_PATIENCE_SECONDS) as client:
            await asyncio.gather(*(self._shop(client) for _ in range(_AT_ONCE)))

    async def _shop(self, client: Client) -> None:
        while not self.enough.is_set():
            try:
                await self._buy(client, self._chance.choice(self._members))
            except Exception as error:
                self.books.errors.append(error)
                return
            await asyncio.sleep(self._chance.uniform(0.0, 0.02))

    async def _buy(self, client: Client, member: str) -> None:
        books, points = self.books, self._chance.randint(1, 20)
        hold = pb.HoldRequest(member_id=member, points=points, keep_for_seconds=3600)
        if not await self._answered(client.points.Hold, hold):
            return
        books.held[hold.key], books.member_of[hold.key] = points, member
        if self._chance.random() < 0.2:  # A copy that comes late, elsewhere: answered alike, decided once.
            assert (await client.points.Hold(hold)).points == points
        wish = self._chance.random()
        if wish < 0.6:
            capture = pb.CaptureRequest(member_id=member, hold=hold.key)
            assert await self._answered(client.points.Capture, capture)
            books.captured[hold.key] = capture.key
        elif wish < 0.8:
            release = pb.ReleaseRequest(member_id=member, hold=hold.key, key=str(uuid.uuid4()))
            assert await self._answered(client.points.Release, release)
            books.released[hold.key] = release.key

    async def _answered(self, method: Callable[[Any], Any], request: Any) -> bool:
        began = time.monotonic()
        try:
            await method(request)
        except Refused as refused:
            self.books.refused[request.key] = refused.code
            return False
        finally:
            self.books.longest_seconds = max(self.books.longest_seconds, time.monotonic() - began)
        return True


def audit(club: Club, books: Books) -> None:
    """Every answered call is in the log once, and the log holds no other; for a club at rest."""
    found: dict[str, Counter[str]] = {"held": Counter(), "captured": Counter(), "released": Counter()}
    refused: Counter[str] = Counter()
    decode = SERVICES["points"].decode_events
    for records in decisions(club, "points").values():
        for record in records:
            for event in decode(record.decision):
                kind = type(event).__name__.lower()
                if kind in found:
                    found[kind][event.key] += 1
                elif kind == "refused":
                    refused[event.key] += 1
    assert found["held"] == Counter(dict.fromkeys(books.held, 1))
    assert found["captured"] == Counter(dict.fromkeys(books.captured.values(), 1))
    assert found["released"] == Counter(dict.fromkeys(books.released.values(), 1))
    assert refused == Counter(dict.fromkeys(books.refused, 1))
    assert set(books.refused.values()) <= {"insufficient_points"}
