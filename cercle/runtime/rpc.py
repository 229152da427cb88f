"""gRPC inside the worker: health, reflection, deadlines, and what every servant needs.

Servants validate requests, submit commands to the owner of the member's partition, and read
states straight from the store. Errors: INVALID_ARGUMENT names the field;
FAILED_PRECONDITION carries its code in the trailing metadata `cercle-code`; UNAVAILABLE
while a partition moves, safe to ask again with the same key.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, NoReturn, TypeVar

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cercle.actions.partition import partition_of
from cercle.domain.decision import Instant, Rejection
from cercle.rulebook import Rulebook
from cercle.runtime.ownership import Ownership
from cercle.runtime.rulebooks import Rulebooks
from cercle.runtime.service import Clock, Command, Inspection, Refusal, Unavailable, Watch
from cercle.runtime.settings import Settings
from cercle.runtime.store import NotReady, Reading, Store, StoreLost

CODE_KEY = "cercle-code"
LONGEST_TEXT = 128
_DEADLINE_SECONDS = 10.0
_GRACE_SECONDS = 5.0
_MOVING = "the member's partition is moving to another worker; ask again, with the same key"

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
    ) -> None:
        self.store = store
        self._rulebooks = rulebooks
        self.settings = settings
        self.partition_count = partition_count
        self._ownership = ownership
        self._clock = clock
        self._servants = servants
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._names: list[str] = []
        self.address = ""

    async def start(self) -> None:
        """Listens; health says NOT_SERVING until the worker serves."""
        server = grpc.aio.server(
            options=[("grpc.so_reuseport", 0)], interceptors=[_Guard()], maximum_concurrent_rpcs=10_000
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
        self.address = f"{self.settings.advertised_host or host}:{port}"
        self._server = server
        await self._set_health(health_pb2.HealthCheckResponse.NOT_SERVING)
        await server.start()

    async def stop(self) -> None:
        """Lets calls in flight finish."""
        if self._server is not None:
            await self._server.stop(_GRACE_SECONDS)

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
        """What the owner answers, once it is in the log for good. Raises Refusal, Unavailable."""
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


class _Guard(grpc.aio.ServerInterceptor):
    """Every unary call: a deadline even if the client set none, and errors as statuses."""

    async def intercept_service(self, proceed: Callable[[Any], Awaitable[Any]], call: Any) -> Any:
        handler = await proceed(call)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _guarded(handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )


def _guarded(behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                return await behaviour(request, context)
        except Invalid as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Refusal as error:
            await refuse(context, error.rejection)
        except (Unavailable, NotReady, StoreLost):
            await context.abort(grpc.StatusCode.UNAVAILABLE, _MOVING)
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "not decided in time; ask again, same key")
        except asyncio.CancelledError:
            # Something that was awaited was cancelled, not this call: unanswered, it would hang for ever.
            if _is_cancelled():
                raise
            await context.abort(grpc.StatusCode.UNAVAILABLE, _MOVING)

    return call


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def refuse(context: "grpc.aio.ServicerContext[Any, Any]", why: Rejection) -> NoReturn:
    """Ends the call as refused, with the code for machines."""
    context.set_trailing_metadata(((CODE_KEY, why.code),))
    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, why.sentence)
    raise AssertionError("abort always raises")
