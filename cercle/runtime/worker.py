"""A worker process: Faust for the group and its actions, owners of partitions, gRPC, metrics."""

import asyncio
import gc
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import faust
import structlog
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from kafka.errors import KafkaError
from mode import CrashingSupervisor
from mode import Service as ModeService

from cercle.domain.decision import Instant
from cercle.runtime.acquire import Place
from cercle.runtime.chunks import ChunkConsumer, ChunkSchema, ChunkTransport
from cercle.runtime.kafka_log import KafkaLog
from cercle.runtime.leaving import LEAVE_SECONDS, leave_group
from cercle.runtime.log import Chunk
from cercle.runtime.observing import Observed
from cercle.runtime.owners import owners_of
from cercle.runtime.ownership import Ownership
from cercle.runtime.partition import Incarnation
from cercle.runtime.redis_store import RedisStore, connect
from cercle.runtime.rpc import Rpc, Servants
from cercle.runtime.rulebooks import Rulebooks, follow
from cercle.runtime.service import Asking, Caller, Service
from cercle.runtime.settings import Settings
from cercle.runtime.telemetry import Metrics, configure_logging
from cercle.runtime.topics import Topic, check_topics, topic_name

_ADVISE_SECONDS = 1.0
_HEARTBEAT_SECONDS = 0.3
_GC_THRESHOLDS = (50_000, 20, 100)
_log = structlog.get_logger("cercle.worker")


class SystemClock:
    """The machine's time."""

    def now(self) -> Instant:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


class Worker:
    """One process of one service.

    `servants` makes the service's gRPC servants, `asking` its way to other services.
    """

    def __init__(
        self, service: Service, settings: Settings, servants: Servants, asking: Asking | None = None
    ) -> None:
        self._service = service
        self._settings = settings
        self._partition_count = check_topics(settings.kafka, settings.club)
        self._metrics = Metrics(service.name)
        self._clock = SystemClock()
        self._rulebooks = Rulebooks(self._clock, settings.lead_seconds)
        self._redis = connect(settings.redis)
        self._store = RedisStore(self._redis, settings.club, service.name)
        self._observed = {p: Observed(self._metrics, p) for p in range(self._partition_count)}
        self.ownership = Ownership(self._begin, self._go_to, self._observed.__getitem__)
        self._asking = asking
        self._caller: Caller | None = None
        self._opened = AsyncExitStack()
        self._rpc = Rpc(
            settings,
            self._store,
            self.ownership,
            self._rulebooks,
            self._partition_count,
            self._clock,
            servants,
            self._metrics,
        )
        self._actions = topic_name(settings.club, Topic.ACTIONS)
        self._app = self._faust_app()

    def run(self) -> None:
        """Serves until SIGTERM or SIGINT; exits the process."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self._app.finalize()
        # States live long and are many: collecting them over and over would be a seventh of all time.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        worker = faust.Worker(
            self._app,
            _Shell(self),
            loop=loop,
            loglevel=self._settings.log_level,
            override_logging=False,
            redirect_stdouts=False,
            quiet=True,
            debug=False,
            workdir=None,
        )
        worker.spinner = None  # It writes terminal codes before a line of the log.
        worker.execute_from_commandline()

    def _faust_app(self) -> faust.App:
        settings = self._settings
        session = settings.session_timeout_seconds
        app = faust.App(
            f"cercle-{settings.club}-{self._service.name}",
            broker=f"kafka://{settings.kafka.replace(',', ';kafka://')}",
            broker_session_timeout=session,
            broker_rebalance_timeout=session + 4,
            broker_heartbeat_interval=_HEARTBEAT_SECONDS,
            broker_request_timeout=30,
            consumer_group_instance_id=self._instance,
            consumer_auto_offset_reset="earliest",
            consumer_max_fetch_size=1024 * 1024,
            web_enabled=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            stream_wait_empty=False,
            stream_buffer_maxsize=8,
            agent_supervisor=CrashingSupervisor,
            datadir=str(self._faust_folder()),
            worker_redirect_stdouts=False,
        )
        app.transport = ChunkTransport(app.conf.broker_consumer, app)
        app.transport.seek_on = self._seek_on
        topic = app.topic(self._actions, schema=ChunkSchema(), acks=False)
        app.agent(topic, name="actions")(self._take_chunks)
        app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        app.on_before_shutdown.connect(self._on_shutdown, weak=False)
        return app

    @property
    def _instance(self) -> str:
        """The static member that this slot is in its group."""
        return f"{self._service.name}-{self._settings.slot}"

    def _faust_folder(self) -> Path:
        folder = self._settings.data_dir / f"faust-{self._service.name}-{self._settings.slot}"
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    async def _take_chunks(self, stream: Any) -> None:
        async for event in stream.events():
            chunk: Chunk = event.value
            await self.ownership.offer(event.message.partition, chunk)

    async def _on_assigned(self, _: faust.App, assigned: set[TP], **__: Any) -> None:
        await self.ownership.settle(self._partitions(assigned))

    async def _on_revoked(self, _: faust.App, revoked: set[TP], **__: Any) -> None:
        self.ownership.unsettle()

    async def _on_shutdown(self, _: faust.App, **__: Any) -> None:
        """Hands over in good order, while the group still counts on us."""
        await self._rpc.note_serving(False)
        await self.ownership.finish()
        if not self._app.crashed:
            await self._leave()

    async def _leave(self) -> None:
        """A static member that only stops would keep its partitions until the session time-out."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                member_id = await self._consumer.leave()
                if member_id:
                    await leave_group(self._settings.kafka, str(self._app.conf.id), self._instance, member_id)
        except (KafkaError, TimeoutError, ConsumerNotStarted) as error:
            _log.warning("not_left", reason=f"{type(error).__name__}: {error}")
        else:
            _log.info("left_group")

    async def _seek_on(self, at: TP) -> None:
        if at.topic == self._actions:
            await self.ownership.point(at.partition)

    def _partitions(self, found: set[TP]) -> set[int]:
        return {at.partition for at in found if at.topic == self._actions}

    def _begin(self, partition: int, token: bytes) -> Incarnation:
        settings = self._settings
        log = KafkaLog(settings.kafka, settings.club, self._service.name, partition, settings.idempotent)
        observed = self._observed[partition]
        place = Place(
            self._service, partition, token, self._rpc.address, self._store, log, observed, self._caller
        )
        return Incarnation(place, self._rulebooks, self._clock, self._partition_count)

    async def _go_to(self, partition: int, offset: int) -> None:
        await self._consumer.go_to(TP(self._actions, partition), offset)

    @property
    def _consumer(self) -> ChunkConsumer:
        consumer: ChunkConsumer = self._app.consumer
        return consumer

    async def start(self) -> None:
        """What runs beside Faust, before it."""
        port = self._metrics.serve(self._settings.metrics_host, self._settings.metrics_port)
        if self._asking is not None:
            self._caller = await self._opened.enter_async_context(self._asking(self._addresses_of))
        await self._rpc.start()
        _log.info("listening", grpc=self._rpc.address, metrics_port=port, partitions=self._partition_count)

    async def stop(self) -> None:
        """After Faust has stopped."""
        await self._rpc.stop()
        await self.ownership.revoke(self.ownership.owned)
        await self._opened.aclose()
        await self._redis.aclose()

    def _addresses_of(self, service: str) -> Callable[[str], Awaitable[Sequence[str]]]:
        """Who serves a key's partition of another service, as its owners wrote it into the store."""
        return owners_of(RedisStore(self._redis, self._settings.club, service), self._partition_count)

    async def follow_rulebook(self) -> None:
        """Reads the rulebook for ever."""
        await follow(self._rulebooks, self._settings.kafka, self._settings.club)

    async def advise(self) -> None:
        """Tells owners where actions end, and lag tools where we are; stops on lost positions."""
        self.ownership.lost = asyncio.get_running_loop().create_future()
        while True:
            await asyncio.sleep(_ADVISE_SECONDS)
            if self.ownership.lost.done():
                raise self.ownership.lost.result()
            await self._rpc.note_serving(self.ownership.serving())
            for partition in self.ownership.owned:
                highwater = await self._consumer.end(TP(self._actions, partition))
                if highwater is not None:
                    self.ownership.note_highwater(partition, highwater)
            positions = {TP(self._actions, p): at for p, at in self.ownership.positions().items()}
            await self._consumer.advise(positions)


class _Shell(ModeService):
    """Starts before Faust and stops after it; its tasks crash the worker when they fail."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker

    async def on_start(self) -> None:
        await self._worker.start()
        self.add_future(self._worker.follow_rulebook())
        self.add_future(self._worker.advise())

    async def on_stop(self) -> None:
        await self._worker.stop()


def run_service(
    service: Service, servants: Servants, settings: Settings, asking: Asking | None = None
) -> None:
    """`python -m services.<name>`."""
    configure_logging(service.name, settings.log_level)
    Worker(service, settings, servants, asking).run()
