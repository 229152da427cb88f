"""The log over a network: batches land late, twice, or never, and long after who sent them stopped."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple

from cercle.runtime.log import Chunk, Outgoing, SendFailed
from tests.simulation.memory_log import LETTERS, REJECTED, Broker, MemoryLog, Topic
from tests.simulation.weather import Weather

UNKNOWN = -1


class Sending(NamedTuple):
    """A batch on its way, and who waits for its ack."""

    batch: Sequence[Outgoing]
    ack: "Future[int]"


class FlakyLog(MemoryLog):
    """The log of one incarnation. Its sends arrive in order, one after another."""

    def __init__(self, broker: Broker, service: str, weather: Weather) -> None:
        super().__init__(broker, service, batch_records=weather.chance.choice([2, 5, 1_000]))
        self._weather = weather
        self._flight: deque[Sending] = deque()
        self._closed = self._broken = False
        self.read_of_own = 0

    async def start(self) -> None:
        await self._network()

    async def close(self) -> None:
        self._closed = True
        await asyncio.sleep(0)

    async def _network(self) -> None:
        await asyncio.sleep(self._weather.seconds())
        if self._weather.strikes(self._weather.now.log_fails):
            raise SendFailed("the log was not reached")

    def _send(self, batch: Sequence[Outgoing]) -> "Future[int]":
        ack: Future[int] = asyncio.get_running_loop().create_future()
        ack.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._flight.append(Sending(batch, ack))
        if len(self._flight) == 1:
            self._schedule()
        return ack

    def _schedule(self) -> None:
        seconds = self._weather.seconds()
        if self._closed and self._weather.chance.random() < 0.5:
            seconds = self._weather.chance.uniform(0.0, 8.0)
        asyncio.get_running_loop().call_later(seconds, self._arrive)

    def _arrive(self) -> None:
        """The first batch in flight reaches the broker, or not; then comes the next."""
        weather, now = self._weather, self._weather.now
        if self._closed and weather.chance.random() < 0.3:
            self._flight.clear()  # The process is gone, and its buffer with it.
            return
        sending = self._flight.popleft()
        if self._broken or weather.strikes(now.lost):
            self._broken = not now.holes  # A producer that is idempotent sends nothing over a hole.
            self._answer(sending.ack, None)
        else:
            self._land(sending)
        if self._flight:
            self._schedule()

    def _land(self, sending: Sending) -> None:
        weather, now = self._weather, self._weather.now
        topic = self._broker.topic(self._service)
        offset = topic.append(sending.batch)
        if weather.strikes(now.repeated):
            if weather.chance.random() < 0.5:
                offset = weather.chance.choice([offset, topic.append(sending.batch)])
            else:
                seconds = weather.chance.uniform(0.0, 5.0)
                asyncio.get_running_loop().call_later(seconds, topic.append, sending.batch)
        if weather.strikes(now.ack_unknown):
            offset = UNKNOWN
        self._answer(sending.ack, None if weather.strikes(now.ack_lost) else offset)

    def _answer(self, ack: "Future[int]", offset: "int | None") -> None:
        """The ack comes after a while; None: after the time-out, a failure."""

        def come() -> None:
            if ack.done():
                return
            if offset is None:
                ack.set_exception(SendFailed("no ack came"))
            else:
                ack.set_result(offset)

        seconds = self._weather.seconds() if offset is not None else self._weather.chance.uniform(0.01, 4.0)
        asyncio.get_running_loop().call_later(seconds, come)

    async def post(self, letters: Mapping[int, Sequence[Outgoing]]) -> None:
        """Each batch lands now, late, twice, or never: and nobody sends the next before its ack."""
        await self._network()
        for partition, batch in letters.items():
            await self._post(self._broker.partition(partition).topic(LETTERS), batch)

    async def _post(self, topic: Topic, batch: Sequence[Outgoing]) -> None:
        weather, now, loop = self._weather, self._weather.now, asyncio.get_running_loop()
        ack = loop.create_future()

        def land() -> None:
            topic.append(batch)
            if not ack.done():
                ack.set_result(None)

        if not weather.strikes(now.lost):
            loop.call_later(weather.seconds(), land)
        if weather.strikes(now.repeated) or weather.strikes(now.ack_lost):
            loop.call_later(weather.chance.uniform(0.0, 5.0), topic.append, batch)
        try:
            async with asyncio.timeout(weather.chance.uniform(0.2, 4.0)):
                await ack
        except TimeoutError:
            raise SendFailed("no ack came") from None
        await self._network()

    async def reject(self, records: Sequence[Outgoing]) -> None:
        await self._network()
        self._broker.topic(REJECTED).append(records)
        await self._network()

    async def earliest(self, topic: str) -> int:
        await self._network()
        return await super().earliest(topic)

    async def read(self, topic: str, start: int) -> AsyncGenerator[Chunk, None]:
        await self._network()
        async for chunk in super().read(topic, start):
            await self._network()
            if topic == self._service:
                self.read_of_own += len(chunk.records)
            yield chunk
