"""Members who hold, spend, send each other points, and want the same offer, all at once; and their books."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cercle.client import Client, Refused
from cercle.wire import offers_pb2, points_pb2
from services.console.services import SERVICES
from tests.e2e.background import Background
from tests.e2e.club import Club
from tests.e2e.logs import decisions

OFFER, PRICE = "ticket", 20
_PATIENCE_SECONDS = 90.0


@dataclass
class Answers:
    """What was answered OK, by key; and every refusal, with its code.

    `held`: (member, points); `spent`: the hold; `freed`: the hold; `sent`: (from, to, points);
    `claimed`: (member, code).
    """

    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    spent: dict[str, str] = field(default_factory=dict)
    freed: dict[str, str] = field(default_factory=dict)
    sent: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    claimed: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    errors: list[BaseException] = field(default_factory=list)
    longest_seconds: float = 0.0

    def change(self) -> Counter[str]:
        """By member, what became of their points at these answers, holds being closed."""
        change: Counter[str] = Counter()
        for hold in self.spent.values():
            member, points = self.held[hold]
            change[member] -= points
        for key, (sender, receiver, points) in self.sent.items():
            if key not in self.returned:
                change[sender] -= points
                change[receiver] += points
        for member, _ in self.claimed.values():
            change[member] -= PRICE
        return change


class Crowd(Background):
    """A context manager: they shop and send while the block runs; `claimants` each want the offer once.

    Everything that was begun is brought to its end, whatever stands in the way, before it is left.
    `workers` says where to call, by service: also workers that have gone, or are coming.
    """

    def __init__(
        self,
        members: Sequence[str],
        claimants: Sequence[str],
        workers: Callable[[str], Sequence[str]],
        seed: int,
    ) -> None:
        super().__init__()
        self.answers = Answers()
        self._members = members
        self._claimants = list(claimants)
        self._workers = workers
        self._chance = random.Random(seed)

    def run(self) -> None:
        asyncio.run(self._all_together())

    @property
    def left(self) -> int:
        """How many have not claimed yet."""
        return len(self._claimants)

    def _addresses(self, service: str) -> Callable[[str], Awaitable[Sequence[str]]]:
        async def found(_: str) -> Sequence[str]:
            addresses = [address for address in self._workers(service) if address]
            self._chance.shuffle(addresses)
            return addresses

        return found

    async def _all_together(self) -> None:
        addresses = self._addresses
        async with Client(
            points=addresses("points"), offers=addresses("offers"), deadline_seconds=_PATIENCE_SECONDS
        ) as client:
            trades = [self._over_and_over(self._shop, client) for _ in range(3)]
            trades += [self._over_and_over(self._send, client) for _ in range(3)]
            claims = [self._claim_all(client) for _ in range(6)]
            await asyncio.gather(*trades, *claims)

    async def _over_and_over(self, trade: Callable[[Client], Awaitable[None]], client: Client) -> None:
        while not self.enough.is_set():
            await self._noting_errors(trade(client))
            await asyncio.sleep(self._chance.uniform(0.0, 0.05))

    async def _claim_all(self, client: Client) -> None:
        while self._claimants:
            await self._noting_errors(self._claim(client, self._claimants.pop()))

    async def _noting_errors(self, trade: Awaitable[None]) -> None:
        try:
            await trade
        except Exception as error:
            self.answers.errors.append(error)

    async def _shop(self, client: Client) -> None:
        """A hold, and its end: most are captured."""
        answers, points = self.answers, self._chance.randint(1, 15)
        member = self._chance.choice(self._members)
        hold = points_pb2.HoldRequest(member_id=member, points=points, keep_for_seconds=3_600)
        if await self._answered(client.points.Hold, hold) is None:
            return
        answers.held[hold.key] = member, points
        request = points_pb2.CaptureRequest if self._chance.random() < 0.7 else points_pb2.ReleaseRequest
        close = request(member_id=member, hold=hold.key, key=str(uuid.uuid4()))
        captures = request is points_pb2.CaptureRequest
        closed = await self._answered(client.points.Capture if captures else client.points.Release, close)
        assert closed is not None, f"hold {hold.key} could not be closed"
        (answers.spent if captures else answers.freed)[close.key] = hold.key

    async def _send(self, client: Client) -> None:
        """A transfer between two, and now and then the other way at the same moment."""
        one, other = self._chance.sample(self._members, 2)
        both = [(one, other), (other, one)] if self._chance.random() < 0.3 else [(one, other)]
        await asyncio.gather(*(self._send_to(client, *pair) for pair in both))

    async def _send_to(self, client: Client, sender: str, receiver: str) -> None:
        points = self._chance.randint(1, 5)
        request = points_pb2.TransferRequest(member_id=sender, to=receiver, points=points)
        answer = await self._answered(client.points.Transfer, request)
        while answer is not None and answer.state == points_pb2.TRANSFER_STATE_SENT:
            await asyncio.sleep(0.5)
            answer = await client.points.Transfer(request)
        if answer is not None:
            self.answers.sent[request.key] = sender, receiver, points
            if answer.state == points_pb2.TRANSFER_STATE_RETURNED:
                self.answers.returned.add(request.key)

    async def _claim(self, client: Client, member: str) -> None:
        request = offers_pb2.ClaimRequest(member_id=member, offer=OFFER)
        answer = await self._answered(client.offers.Claim, request)
        if answer is not None:
            self.answers.claimed[request.key] = member, answer.code

    async def _answered(self, method: Callable[[Any], Any], request: Any) -> Any:
        """The answer, or None: it was refused for good."""
        began = time.monotonic()
        try:
            return await method(request)
        except Refused as refused:
            self.answers.refused[request.key] = refused.code
            return None
        finally:
            self.answers.longest_seconds = max(self.answers.longest_seconds, time.monotonic() - began)


_POINTS_KINDS = ("held", "captured", "released", "transfersent", "transferreceived", "transferreturned")


def audit(club: Club, answers: Answers) -> None:
    """Every answer OK is in the logs once, what was refused is nowhere else; for a club at rest.

    Holds and captures of claims have their keys from the claim's.
    """
    found = _events(club, "points")
    claims = answers.claimed
    wanted = {
        "held": {*answers.held, *(f"{claim}/hold" for claim in claims)},
        "captured": {*answers.spent, *(f"{claim}/capture" for claim in claims)},
        "transfersent": set(answers.sent),
        "transferreceived": set(answers.sent) - answers.returned,
        "transferreturned": answers.returned,
    }
    # The hold of a claim that came to nothing was released: nobody was told of either.
    lost = found["held"].keys() & {f"{key}/hold" for key in answers.refused}
    wanted["held"] |= lost
    wanted["released"] = {*answers.freed, *(key.removesuffix("hold") + "release" for key in lost)}
    for kind, keys in wanted.items():
        assert found[kind] == Counter(dict.fromkeys(keys, 1)), kind
    _audit_claims(_events(club, "offers"), answers)


def _audit_claims(found: dict[str, Counter[str]], answers: Answers) -> None:
    assert found["claimissued"] == Counter(dict.fromkeys(answers.claimed, 1))
    assert not found["claimissued"].keys() & answers.refused.keys()
    codes = [code for _, code in answers.claimed.values()]
    assert all(codes) and len(set(codes)) == len(codes)


def _events(club: Club, service: str) -> dict[str, Counter[str]]:
    """How often each event was recorded, by kind and by the key, or claim or transfer, that it names."""
    decode, found = SERVICES[service].decode_events, {kind: Counter[str]() for kind in _POINTS_KINDS}
    for records in decisions(club, service).values():
        for record in records:
            for event in decode(record.decision):
                name = next(
                    (getattr(event, each) for each in ("claim", "key", "transfer") if hasattr(event, each)),
                    "",
                )
                found.setdefault(type(event).__name__.lower(), Counter())[name] += 1
    return found
