"""gRPC inside the worker: health, reflection, deadlines, and what every servant needs.

Servants validate requests, submit commands to the owner of the member's partition, and read
states straight from the store. Errors: INVALID_ARGUMENT names the field;
FAILED_PRECONDITION carries its code in the trailing metadata `cercle-code`; UNAVAILABLE
while a partition moves, safe to ask again with the same key after what RetryInfo says. What
another worker owns goes on to it (forwarding.py), whatever the method.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, NoReturn, TypeVar

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cercle.actions.partition import partition_of
from cercle.domain.decision import MINUTE, Instant, Rejection
from cercle.rulebook import Rulebook
from cercle.runtime.forwarding import MOVING, Answered, Asked, Forwarding, moving
from cercle.runtime.ownership import Elsewhere, Ownership
from cercle.runtime.rulebooks import Rulebooks
from cercle.runtime.service import Clock, Command, Inspection, Refusal, Unavailable, Watch
from cercle.runtime.settings import Settings
from cercle.runtime.store import NotReady, Reading, Store, StoreLost
from cercle.runtime.telemetry import Metrics

CODE_KEY = "cercle-code"
LONGEST_TEXT = 128
_NO_NAME = "other workers cannot forward calls here: set CERCLE_ADVERTISED_HOST"
_DEADLINE_SECONDS = 10.0
_FUTURE_MS = 5 * MINUTE
_GRACE_SECONDS = 5.0
_EVERYWHERE = ("0.0.0.0", "[::]", "::")
_log = structlog.get_logger("cercle.rpc")

Answer = TypeVar("Answer")


class Servant(NamedTuple):
    """A gRPC service: its full name, and how it joins a server."""

    name: str
    join: Callable[[grpc.aio.Server], None]


Servants = Callable[["Rpc"], list[Servant]]
"""Makes a service's gRPC servants."""


class Rpc:
    """The worker's gRPC server."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ownership: Ownership,
        rulebooks: Rulebooks,
        partition_count: int,
        clock: Clock,
        servants: Servants,
        metrics: Metrics,
    ) -> None:
        self.store = store
        self._rulebooks = rulebooks
        self.settings = settings
        self.partition_count = partition_count
        self._ownership = ownership
        self._clock = clock
        self._servants = servants
        self._forwarding = Forwarding(store, metrics)
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._names: list[str] = []
        self.address = ""

    async def start(self) -> None:
        """Listens; health says NOT_SERVING until the worker serves."""
        server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0)],
            interceptors=[_Guard(self._forwarding)],
            maximum_concurrent_rpcs=10_000,
        )
        servants = self._servants(self)
        for servant in servants:
            servant.join(server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        self._names = [servant.name for servant in servants]
        reflection.enable_server_reflection(
            [*self._names, health.SERVICE_NAME, reflection.SERVICE_NAME], server
        )
        host = self.settings.grpc_host
        port = server.add_insecure_port(f"{host}:{self.settings.grpc_port}")
        self.address = self._forwarding.address = f"{self.settings.advertised_host or host}:{port}"
        if host in _EVERYWHERE and not self.settings.advertised_host:
            _log.warning("advertised_host_missing", address=self.address, meaning=_NO_NAME)
        self._server = server
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        await server.start()

    async def stop(self) -> None:
        """Lets calls in flight finish."""
        if self._server is not None:
            await self._server.stop(_GRACE_SECONDS)
        await self._forwarding.close()

    async def note_serving(self, serving: bool) -> None:
        """Tells health checks whether every partition of this worker answers."""
        status = health_pb2.HealthCheckResponse
        await self._set_health(status.SERVING if serving else status.NOT_SERVING)

    async def _set_health(self, status: Any) -> None:
        for name in ("", *self._names):
            await self._health.set(name, status)

    def rules(self) -> Rulebook:
        """The version that judges what occurs now. Raises NotReady before the first."""
        version = self._rulebooks.at(self.now())
        if version is None:
            raise NotReady
        return version

    def now(self) -> Instant:
        """The wall clock."""
        return self._clock.now()

    def partition_of(self, member_id: str) -> int:
        """Where the member lives."""
        return partition_of(member_id.encode(), self.partition_count)

    async def command(self, member_id: str, key: str, command: object) -> Any:
        """What the owner answers, once it is in the log for good. Raises Refusal, Unavailable.

        Where another worker is the owner, the whole call goes on to it: a servant asks for one
        member's partition at most, before it has done anything that may not be done twice.
        """
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ownership.submit(self.partition_of(member_id), Command(member_id, key, command, reply))
        return await reply

    async def inspect(self, member_id: str, look: Callable[[Any, Instant], Any]) -> Any:
        """A confirmed read: `look(state, now)` by the owner, once all that it shows is in the log."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ownership.submit(self.partition_of(member_id), Inspection(member_id, look, reply))
        return await reply

    async def watch(self, member_id: str, look: Callable[[Any, Instant], Any]) -> Any:
        """A confirmed read that waits: the first `look(state, now)` that is not None. Raises Unavailable."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ownership.submit(self.partition_of(member_id), Watch(member_id, look, reply))
        return await reply

    async def read(self, member_id: str) -> Reading:
        """A committed read, straight from the store. Raises NotReady."""
        return await self.store.read(self.partition_of(member_id), member_id)


class Invalid(Exception):
    """A request that cannot be meant; names the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


def text(field: str, value: str) -> str:
    """A required text of 1 to 128 characters. Raises Invalid."""
    if not value:
        raise Invalid(field, "must not be empty")
    if len(value) > LONGEST_TEXT:
        raise Invalid(field, f"has {len(value)} characters; at most {LONGEST_TEXT} are allowed")
    return value


def asked(request: Any, now: Instant) -> tuple[str, Instant]:
    """A command's idempotency key and when the client first asked. Raises Invalid."""
    if request.issued_at_ms <= 0:
        raise Invalid("issued_at_ms", "must say when the client first asked, in ms since 1970 UTC")
    if request.issued_at_ms > now + _FUTURE_MS:
        raise Invalid("issued_at_ms", "lies more than 5 minutes in the future")
    return text("key", request.key), request.issued_at_ms


class _Guard(grpc.aio.ServerInterceptor):
    """Every unary call: a deadline even if the client set none, the owner's answer, errors as statuses."""

    def __init__(self, forwarding: Forwarding) -> None:
        self._forwarding = forwarding

    async def intercept_service(self, proceed: Callable[[Any], Awaitable[Any]], call: Any) -> Any:
        handler = await proceed(call)
        if handler is None or handler.unary_unary is None:
            return handler

        async def guarded(request: bytes, context: "grpc.aio.ServicerContext[Any, Any]") -> bytes:
            return await self._guarded(handler, call.method, request, context)

        # Without serializers: what goes on to another worker is what came in, to the byte.
        return grpc.unary_unary_rpc_method_handler(guarded)

    async def _guarded(
        self, handler: Any, method: str, request: bytes, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> bytes:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                answered = await self._answered(handler, method, request, context)
        except (Invalid, DecodeError) as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Refusal as error:
            await refuse(context, error.rejection)
        except (Unavailable, NotReady, StoreLost):
            await context.abort(grpc.StatusCode.UNAVAILABLE, MOVING, moving())
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "not decided in time; ask again, same key")
        except asyncio.CancelledError:
            # Something that was awaited was cancelled, not this call: unanswered, it would hang for ever.
            if _is_cancelled():
                raise
            await context.abort(grpc.StatusCode.UNAVAILABLE, MOVING, moving())
        if answered.code is not grpc.StatusCode.OK:
            await context.abort(answered.code, answered.details, answered.trailing)
        if answered.trailing:
            context.set_trailing_metadata(answered.trailing)
        return answered.response

    async def _answered(
        self, handler: Any, method: str, request: bytes, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> Answered:
        try:
            response = await handler.unary_unary(handler.request_deserializer(request), context)
        except Elsewhere as elsewhere:
            left = min(context.time_remaining() or _DEADLINE_SECONDS, _DEADLINE_SECONDS)
            metadata = [(name, value) for name, value in context.invocation_metadata() or ()]
            return await self._forwarding.forward(elsewhere.partition, Asked(method, request, metadata, left))
        return Answered(handler.response_serializer(response), grpc.StatusCode.OK, "", ())


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def refuse(context: "grpc.aio.ServicerContext[Any, Any]", why: Rejection) -> NoReturn:
    """Ends the call as refused, with the code for machines."""
    context.set_trailing_metadata(((CODE_KEY, why.code),))
    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, why.sentence)
    raise AssertionError("abort always raises")
