"""One member's card: points, tier, badges with what is missing to the next level, offers and vouchers."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import grpc
from google.protobuf.json_format import MessageToDict

from cercle.actions.partition import partition_of
from cercle.wire import badges_pb2, badges_pb2_grpc, offers_pb2, offers_pb2_grpc, points_pb2, points_pb2_grpc
from services.console.services import SERVICES, Stores

_ANSWER_SECONDS = 10.0
_LAST_RECORDS = 50
"""A transfer is on its way for a moment; one that is stuck is among these, or long known."""

Addresses = Mapping[str, str]
"""Of each service's gRPC server, by the service's name."""


class OnTheWay(NamedTuple):
    """Points that the member sent to another one, of which nothing is heard yet."""

    to: str
    wallet: str
    points: int
    sent_at_ms: int


class Card(NamedTuple):
    """What the three services answer about one member, each in its own words.

    `on_the_way`: newest first, as far as the member's last records tell.
    """

    balance: points_pb2.GetBalanceResponse
    standing: badges_pb2.GetMemberResponse
    offers: offers_pb2.ListOffersResponse
    on_the_way: tuple[OnTheWay, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the club ever heard of the member."""
        return bool(self.balance.balances or self.standing.tier.id or self.offers.offers)

    def as_json(self) -> dict[str, Any]:
        """Plain values under the names of the protos; numbers as numbers."""
        points, standing, offers = map(_plain, (self.balance, self.standing, self.offers))
        return {
            "member_id": self.standing.member_id,
            "known": self.known,
            "balances": points["balances"],
            "on_the_way": [each._asdict() for each in self.on_the_way],
            "tier": standing.get("tier", {}),
            "achievements": standing["achievements"],
            "offers": offers["offers"],
        }


def _plain(message: Any) -> dict[str, Any]:
    found: dict[str, Any] = _numbers(
        MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True),
        message.DESCRIPTOR,
    )
    return found


def _numbers(plain: dict[str, Any], descriptor: Any) -> dict[str, Any]:
    """Protobuf's JSON writes 64-bit integers as texts."""
    for field in descriptor.fields:
        value = plain.get(field.name)
        if field.message_type is not None and value is not None:
            for each in value if isinstance(value, list) else [value]:
                _numbers(each, field.message_type)
        elif field.cpp_type == field.CPPTYPE_INT64 and isinstance(value, str):
            plain[field.name] = int(value)
    return plain


async def addresses_of(stores: Stores, partition: int) -> Addresses:
    """Of the owners of a partition. Raises NotReady."""
    found = await asyncio.gather(*(stores[name].address(partition) for name in SERVICES))
    return dict(zip(SERVICES, found, strict=True))


def partition_of_member(member_id: str, partitions: int) -> int:
    """Where the member lives."""
    return partition_of(member_id.encode(), partitions)


async def fetch_card(addresses: Addresses, member_id: str, language: str) -> Card:
    """Asks all three services. Raises grpc.RpcError."""
    async with AsyncExitStack() as stack:
        points, badges, offers = [
            await stack.enter_async_context(grpc.aio.insecure_channel(addresses[name]))
            for name in ("points", "badges", "offers")
        ]
        balance, standing, given = await asyncio.gather(
            points_pb2_grpc.PointsStub(points).GetBalance(
                points_pb2.GetBalanceRequest(member_id=member_id), timeout=_ANSWER_SECONDS
            ),
            badges_pb2_grpc.BadgesStub(badges).GetMember(
                badges_pb2.GetMemberRequest(member_id=member_id, language=language), timeout=_ANSWER_SECONDS
            ),
            offers_pb2_grpc.OffersStub(offers).ListOffers(
                offers_pb2.ListOffersRequest(member_id=member_id, language=language), timeout=_ANSWER_SECONDS
            ),
        )
    return Card(balance, standing, given)


async def fetch_leaderboard(address: str, limit: int) -> list[badges_pb2.Rank]:
    """The best of the club by points. Raises grpc.RpcError."""
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await badges_pb2_grpc.BadgesStub(channel).ListLeaderboard(
            badges_pb2.ListLeaderboardRequest(board="points", limit=limit), timeout=_ANSWER_SECONDS
        )
    return list(answer.ranks)


async def fetch_on_the_way(addresses: Addresses, member_id: str) -> tuple[OnTheWay, ...]:
    """Reads the member's last records of points. Raises grpc.RpcError."""
    async with grpc.aio.insecure_channel(addresses["points"]) as channel:
        answer = await points_pb2_grpc.PointsStub(channel).ListEntries(
            points_pb2.ListEntriesRequest(member_id=member_id, page_size=_LAST_RECORDS),
            timeout=_ANSWER_SECONDS,
        )
    return tuple(on_the_way(answer.entries))


def on_the_way(entries: Iterable[points_pb2.EntryLine]) -> Iterator[OnTheWay]:
    """What was sent, and neither received nor returned since. `entries`: newest first."""
    settled: set[str] = set()
    for entry in entries:
        for event in reversed(entry.decision.events):
            settled.update({event.transfer_completed.key, event.transfer_returned.key} - {""})
            sent = event.transfer_sent
            if sent.key and sent.key not in settled:
                yield OnTheWay(sent.to, sent.wallet, sent.points, entry.at_ms)
            settled.discard(sent.key)  # Long before, the key may have been another transfer's.
