"""All services of a club, each by its own name."""

from types import TracebackType
from typing import Self

from cercle.client.routes import Addresses, Channels
from cercle.client.service import ServiceClient
from cercle.wire import badges_pb2, offers_pb2, points_pb2

_SERVICES = {
    "points": points_pb2.DESCRIPTOR.services_by_name["Points"],
    "badges": badges_pb2.DESCRIPTOR.services_by_name["Badges"],
    "offers": offers_pb2.DESCRIPTOR.services_by_name["Offers"],
}
_DEADLINE_SECONDS = 10.0
_ATTEMPT_SECONDS = 3.0


class Client:
    """An async context manager. Name the addresses of the services that are needed.

    `deadline_seconds`: how long a call may take with all its retries, unless it says otherwise;
    `attempt_seconds`: how long one worker has to answer before another is asked.
    """

    def __init__(
        self,
        *,
        points: Addresses | None = None,
        badges: Addresses | None = None,
        offers: Addresses | None = None,
        deadline_seconds: float = _DEADLINE_SECONDS,
        attempt_seconds: float = _ATTEMPT_SECONDS,
    ) -> None:
        self._channels = Channels()
        given = {"points": points, "badges": badges, "offers": offers}
        self._clients = {
            name: ServiceClient(_SERVICES[name], addresses, self._channels, deadline_seconds, attempt_seconds)
            for name, addresses in given.items()
            if addresses is not None
        }

    @property
    def points(self) -> ServiceClient:
        """cercle.points.v1.Points."""
        return self._named("points")

    @property
    def badges(self) -> ServiceClient:
        """cercle.badges.v1.Badges."""
        return self._named("badges")

    @property
    def offers(self) -> ServiceClient:
        """cercle.offers.v1.Offers."""
        return self._named("offers")

    def _named(self, name: str) -> ServiceClient:
        if name not in self._clients:
            raise ValueError(f"the client was given no address of {name}: Client({name}=[...])")
        return self._clients[name]

    async def close(self) -> None:
        """Ends all channels, and the calls on them."""
        await self._channels.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
