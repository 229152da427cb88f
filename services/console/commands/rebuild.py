"""`cercle rebuild`: a service's store anew from its log."""

import asyncio
import time
from typing import Annotated

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cercle.runtime.redis_store import RedisStore
from cercle.runtime.settings import Settings
from cercle.runtime.store import NotReady
from cercle.runtime.topics import partition_count
from services.console import output
from services.console.addresses import find_settings
from services.console.errors import CommandError
from services.console.services import open_stores, service_named

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="points, badges or offers.")]
One = Annotated[int | None, typer.Option("--partition", min=0, help="Which partition.")]
All = Annotated[bool, typer.Option("--all", help="Every partition.")]
_READY_SECONDS = 300.0
_LOOK_SECONDS = 0.2


def rebuild(
    service: Name,
    partition: One = None,
    every: All = False,
    club: output.Club = None,
    kafka: output.Kafka = None,
    redis: output.Redis = None,
    as_json: output.Json = False,
) -> None:
    """Forget what a service's store holds, and wait until its owner has made it anew from the log."""
    service_named(service)
    if (partition is None) == (not every):
        raise CommandError("Say which partition with --partition, or --all for every one.")
    settings = find_settings(club, kafka, redis)
    count = partition_count(settings.kafka, settings.club)
    if partition is not None and partition >= count:
        raise CommandError(f"{settings.club} has the partitions 0 to {count - 1}; there is no {partition}.")
    begin = time.monotonic()
    chosen = range(count) if partition is None else [partition]
    waiting = asyncio.run(_rebuild(settings, service, list(chosen)))
    seconds = time.monotonic() - begin
    if as_json:
        output.print_json(
            {
                "service": service,
                "partitions": list(chosen),
                "at_next_start": waiting,
                "seconds": round(seconds, 2),
            }
        )
        return
    for each in chosen:
        how = "will be rebuilt when the service starts" if each in waiting else "is rebuilt and serves"
        output.console().print(f"Partition {each} of {service} {how}.")
    output.console().print(f"{seconds:.1f} s")


async def _rebuild(settings: Settings, service: str, partitions: list[int]) -> list[int]:
    """Answers the partitions that nobody serves now."""
    async with open_stores(settings) as stores:
        store = stores[service]
        served = [partition for partition in partitions if await _is_served(store, partition)]
        for partition in partitions:
            await store.forget(partition)
        for partition in served:
            await _until_ready(store, service, partition)
    return [partition for partition in partitions if partition not in served]


async def _is_served(store: RedisStore, partition: int) -> bool:
    """Whether its owner answers: the store still names one that is gone."""
    try:
        address = await store.address(partition)
        async with grpc.aio.insecure_channel(address) as channel:
            request = health_pb2.HealthCheckRequest()
            await health_pb2_grpc.HealthStub(channel).Check(request, timeout=3.0)
    except (NotReady, grpc.RpcError):
        return False
    return True


async def _until_ready(store: RedisStore, service: str, partition: int) -> None:
    give_up = time.monotonic() + _READY_SECONDS
    while time.monotonic() < give_up:
        try:
            await store.address(partition)
        except NotReady:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            return
    raise CommandError(
        f"Partition {partition} of {service} was forgotten, and does not serve again after "
        f"{_READY_SECONDS:.0f} s: see the log of the {service} service."
    )
