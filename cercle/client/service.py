"""Calls of one gRPC service: any method of its proto, so that a new one needs nothing here."""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from cercle.client.errors import Unavailable, error_of
from cercle.client.retrying import pauses, told_to_wait, worth_asking_again
from cercle.client.routes import Addresses, Channels, Routes

_NOBODY = "nobody serves the member now"


class ServiceClient:
    """`await client.points.Hold(request)`: every method of the service, by its name in the proto.

    A command's `key` (a UUID) and `issued_at_ms` are filled in where they are empty, in the request
    itself: the request *is* the one thing that is wanted, however often it is asked for. Another
    hold needs another request, or the same one with another key.
    """

    def __init__(
        self,
        service: ServiceDescriptor,
        addresses: Addresses,
        channels: Channels,
        deadline_seconds: float,
        attempt_seconds: float,
    ) -> None:
        self._service = service
        self._chance = random.Random()
        self._routes = Routes(addresses, self._chance)
        self._channels = channels
        self._deadline_seconds = deadline_seconds
        self._attempt_seconds = attempt_seconds

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = self._service.methods_by_name.get(name)
        if method is None:
            raise AttributeError(f"{self._service.full_name} has no method {name!r}")

        async def call(
            request: Any,
            *,
            deadline_seconds: float | None = None,
            metadata: Sequence[tuple[str, str | bytes]] = (),
        ) -> Any:
            """Raises Refused, Invalid, Unavailable, Failed."""
            seconds = self._deadline_seconds if deadline_seconds is None else deadline_seconds
            return await self._insist(method, request, seconds, metadata)

        return call

    async def _insist(
        self,
        method: MethodDescriptor,
        request: Any,
        seconds: float,
        metadata: Sequence[tuple[str, str | bytes]],
    ) -> Any:
        """Asks until there is an answer, or the time is up."""
        stamp(request)
        loop = asyncio.get_running_loop()
        give_up = loop.time() + seconds
        last = _NOBODY
        for attempt, pause in enumerate(pauses(self._chance)):
            address = await self._routes.address(getattr(request, "member_id", ""), attempt)
            if address:
                left = min(give_up - loop.time(), self._attempt_seconds)
                try:
                    return await self._ask(address, method, request, left, metadata)
                except grpc.aio.AioRpcError as error:
                    if not worth_asking_again(error):
                        raise error_of(error) from error
                    self._routes.failed(address)
                    last = f"{address}: {error.code().name}: {error.details()}"
                    pause = max(pause, told_to_wait(error) * self._chance.uniform(1.0, 1.5))
            if loop.time() + pause >= give_up:
                raise Unavailable(f"no answer within {seconds:g} s, the last from {last}", request)
            await asyncio.sleep(pause)
        raise AssertionError("pauses never end")

    async def _ask(
        self,
        address: str,
        method: MethodDescriptor,
        request: Any,
        seconds: float,
        metadata: Sequence[tuple[str, str | bytes]],
    ) -> Any:
        path = f"/{self._service.full_name}/{method.name}"
        answer_type = GetMessageClass(method.output_type)
        channel = self._channels.take(address)
        try:
            return await channel.unary_unary(
                path,
                request_serializer=type(request).SerializeToString,
                response_deserializer=answer_type.FromString,
            )(request, timeout=seconds, metadata=tuple(metadata))
        finally:
            await self._channels.release(address)


def stamp(request: Any) -> None:
    """Fills in a command's key and the time of its first asking, where they are empty."""
    fields = request.DESCRIPTOR.fields_by_name
    if "key" in fields and "issued_at_ms" in fields:
        request.key = request.key or str(uuid.uuid4())
        request.issued_at_ms = request.issued_at_ms or time.time_ns() // 1_000_000
