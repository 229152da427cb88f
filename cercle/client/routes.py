"""Whom to ask: addresses of a service's workers, one after another when they do not answer."""

import random
from collections.abc import Awaitable, Callable, Sequence

import grpc

_OPTIONS = (
    # A worker that comes back at its address is found within half a second; by default after up to 2 minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)
_MOST_CHANNELS = 64

Addresses = Sequence[str] | Callable[[str], Awaitable[Sequence[str]]]
"""host:port of any workers of a service; or who may know, by member id, the best first (none: nobody
serves the member now)."""


class Routes:
    """Where each attempt of a call goes. A worker that answers is asked again; else the next one is."""

    def __init__(self, addresses: Addresses, chance: random.Random) -> None:
        if not callable(addresses) and not addresses:
            raise ValueError("no addresses: name at least one worker")
        self._addresses = addresses
        self._first = 0 if callable(addresses) else chance.randrange(len(addresses))

    async def address(self, member_id: str, attempt: int) -> str:
        """For the attempt, counted from 0; empty when nobody is known."""
        if callable(self._addresses):
            found = await self._addresses(member_id)
            return found[attempt % len(found)] if found else ""
        return self._addresses[self._first % len(self._addresses)]

    def failed(self, address: str) -> None:
        """The next attempt, of any call, goes to the next address."""
        if not callable(self._addresses) and self._addresses[self._first % len(self._addresses)] == address:
            self._first += 1


class Channels:
    """One for each address, from its first call on; the longest unused is closed when there are many."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._calls: dict[str, int] = {}

    def take(self, address: str) -> grpc.aio.Channel:
        """For one call; give it back with `release`."""
        channel = self._channels.pop(address, None)
        if channel is None:
            channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._channels[address] = channel
        self._calls[address] = self._calls.get(address, 0) + 1
        return channel

    async def release(self, address: str) -> None:
        """The call is over."""
        self._calls[address] -= 1
        if len(self._channels) > _MOST_CHANNELS:
            idle = next((each for each in self._channels if not self._calls.get(each)), None)
            if idle is not None:
                await self._channels.pop(idle).close()

    async def close(self) -> None:
        """Ends the calls that still run, too."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close()
