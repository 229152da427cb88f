"""The gRPC service cercle.badges.v1.Badges: requests to reads of states and boards."""

import asyncio
from typing import Any

import grpc

from cercle.runtime.lives import split
from cercle.runtime.rpc import Invalid, Rpc, Servant, text
from cercle.runtime.store import by_key
from cercle.wire import badges_pb2 as pb
from cercle.wire import badges_pb2_grpc
from services.badges import core, member
from services.badges.achievements import LevelView, ProgressView
from services.badges.tiers import TierView

_BOARDS = ("points",)
_DEFAULT_RANKS, _MOST_RANKS = 10, 100


class BadgesServant(badges_pb2_grpc.BadgesServicer):
    """Reads from the store, translates."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def GetMember(self, request: pb.GetMemberRequest, _: Any) -> pb.GetMemberResponse:
        member_id = text("member_id", request.member_id)
        reading = await self._rpc.read(member_id)
        state = member.decode(split(reading.state)[1]) if reading.state else core.new()
        view = core.view(state, self._rpc.rules(), request.language, max(reading.at, self._rpc.now()))
        response = pb.GetMemberResponse(member_id=member_id, tier=_tier(view.tier))
        response.achievements.extend(_progress(progress) for progress in view.achievements)
        return response

    async def ListLeaderboard(self, request: pb.ListLeaderboardRequest, _: Any) -> pb.ListLeaderboardResponse:
        if request.board not in _BOARDS:
            raise Invalid("board", f"no board {request.board!r}; there are: {', '.join(_BOARDS)}")
        if request.limit < 0:
            raise Invalid("limit", "must not be negative")
        limit = min(request.limit or _DEFAULT_RANKS, _MOST_RANKS)
        response = pb.ListLeaderboardResponse()
        for place, (member_id, score) in enumerate(await self._best(request.board, limit), 1):
            before = response.ranks[-1] if response.ranks else None
            rank = before.rank if before is not None and before.score == score else place
            response.ranks.add(rank=rank, member_id=member_id, score=score)
        return response

    async def _best(self, board: str, limit: int) -> list[tuple[str, int]]:
        """The best of all partitions: the best of the best of each."""
        partitions = range(self._rpc.partition_count)
        found = await asyncio.gather(*(self._rpc.store.top(p, board, limit) for p in partitions))
        return by_key(rank for ranks in found for rank in ranks)[:limit]


def _tier(view: TierView) -> pb.Tier:
    return pb.Tier(
        id=view.id,
        points=view.points,
        next=view.next,
        points_to_next=view.points_to_next,
        benefits=view.benefits,
    )


def _progress(view: ProgressView) -> pb.Progress:
    return pb.Progress(
        achievement=view.achievement,
        title=view.title,
        count=view.count,
        reached=[_level(level) for level in view.reached],
        next=_level(view.next) if view.next is not None else None,
    )


def _level(view: LevelView) -> pb.Level:
    return pb.Level(name=view.name, at=view.at, reached_at_ms=view.reached_at)


def servants(rpc: Rpc) -> list[Servant]:
    """What this service answers."""

    def join(server: grpc.aio.Server) -> None:
        badges_pb2_grpc.add_BadgesServicer_to_server(BadgesServant(rpc), server)

    return [Servant(pb.DESCRIPTOR.services_by_name["Badges"].full_name, join)]
