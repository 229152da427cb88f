"""An RPC that arrives at a worker which does not own the member goes on to the one that does.

As the bytes it came in, with what is left of its deadline and the client's metadata, and one hop
at most. What comes back goes to the client unchanged. Nothing is sent twice from here: a client
asks again with the same key, and is told after how long.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import grpc
import structlog
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from cercle.runtime.service import Unavailable
from cercle.runtime.store import NotReady, Store, StoreLost
from cercle.runtime.telemetry import Metrics

FORWARDED = "cercle-forwarded"
CHANNEL_OPTIONS = (
    # A worker that comes back at its address is found within half a second; by default after up to 2 minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)
MOVING = "the member's partition is moving to another worker; ask again, with the same key"
_STATUS_KEY = "grpc-status-details-bin"
_RETRY_AFTER_MS = 100
_CLOSE_SECONDS = 10.0
_NOBODY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
_OWN_HEADERS = ("grpc-", ":", "user-agent", "content-type", "te")
_log = structlog.get_logger("cercle.forwarding")

Metadata = tuple[tuple[str, str | bytes], ...]


class Asked(NamedTuple):
    """A call as it arrived. `seconds`: what is left of its deadline."""

    method: str
    request: bytes
    metadata: Sequence[tuple[str, str | bytes]]
    seconds: float

    @property
    def was_forwarded(self) -> bool:
        """Whether another worker sent it here."""
        return any(name == FORWARDED for name, _ in self.metadata)


class Answered(NamedTuple):
    """What the owner said: a response, or a code that is not OK and why."""

    response: bytes
    code: grpc.StatusCode
    details: str
    trailing: Metadata


class Forwarding:
    """Channels to other workers, one for each address, from the first call to it on.

    `address` is the own one: whoever is told to ask there for what is not here asks again later.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._unreachable = ""
        self.address = ""

    async def forward(self, partition: int, asked: Asked) -> Answered:
        """Asks the partition's owner. Raises Unavailable when nobody is known to serve it."""
        if asked.was_forwarded:
            raise Unavailable
        address = await self._owner(partition)
        answered = await self._ask(address, asked)
        self._metrics.forwarded.labels(answered.code.name.lower()).inc()
        if answered.code in _NOBODY and not _tells_why(answered.trailing):
            # Not the owner's words: nobody answers there, or it stops. The address will be another one.
            self._drop(address, answered.details)
            raise Unavailable
        return answered

    async def _owner(self, partition: int) -> str:
        try:
            address = await self._store.address(partition)
        except (NotReady, StoreLost) as error:
            raise Unavailable from error
        if address == self.address:
            raise Unavailable
        return address

    async def _ask(self, address: str, asked: Asked) -> Answered:
        call = self._channel(address).unary_unary(asked.method)(
            asked.request, timeout=asked.seconds, metadata=_passed_on(asked.metadata)
        )
        try:
            response: bytes = await call
        except grpc.aio.AioRpcError as error:
            return Answered(b"", error.code(), error.details() or "", _trailing(error.trailing_metadata()))
        return Answered(response, grpc.StatusCode.OK, "", _trailing(await call.trailing_metadata()))

    def _channel(self, address: str) -> grpc.aio.Channel:
        found = self._channels.get(address)
        if found is None:
            found = self._channels[address] = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        return found

    def _drop(self, address: str, reason: str) -> None:
        """Other calls on its channel may still be answered."""
        if address != self._unreachable:
            self._unreachable = address
            _log.warning("owner_unreachable", address=address, reason=reason)
        channel = self._channels.pop(address, None)
        if channel is not None:
            closing = asyncio.ensure_future(channel.close(_CLOSE_SECONDS))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """After the server has stopped: nobody waits any more."""
        channels, self._channels = list(self._channels.values()), {}
        for closing in list(self._closing):
            closing.cancel()
        await asyncio.gather(
            *(channel.close() for channel in channels), *self._closing, return_exceptions=True
        )


def moving() -> Metadata:
    """Trailing metadata of UNAVAILABLE: after how long to ask again, as google.rpc.RetryInfo."""
    delay = Duration()
    delay.FromMilliseconds(_RETRY_AFTER_MS)
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message=MOVING)
    status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    found: Metadata = rpc_status.to_status(status).trailing_metadata
    return found


def _passed_on(metadata: Sequence[tuple[str, str | bytes]]) -> Metadata:
    """The client's own metadata, and our mark."""
    clients = ((name, value) for name, value in metadata if not name.startswith(_OWN_HEADERS))
    return (*clients, (FORWARDED, "1"))


def _trailing(metadata: Any) -> Metadata:
    return tuple((name, value) for name, value in metadata or ())


def _tells_why(trailing: Metadata) -> bool:
    return any(name == _STATUS_KEY for name, _ in trailing)
