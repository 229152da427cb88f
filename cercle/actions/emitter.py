"""The emitter: how a brand system written in Python sends actions to a club.

    with Emitter("kafka:9092", "records") as emitter:
        emitter.emit(RawAction("shop", "order-1", "purchase", "ana", now_ms, {"amount": Money(4290, "USD")}))

Nothing is lost silently: what Kafka did not acknowledge is raised, with the actions' ids, by
`flush`, by `close` and at the end of the `with` block. Emitting an action again is harmless:
the club counts each (source, id) once.
"""

from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, MessageSizeTooLargeError, for_code

from cercle.actions.attributes import fault_of
from cercle.actions.codec import encode
from cercle.actions.partition import partition_of
from cercle.domain.action import RawAction
from cercle.runtime.topics import Topic, topic_name

_UNACKNOWLEDGED_MAX = 50_000
_SETTLE_EVERY = 1_000
_ANSWER_MS = 10_000
_ABANDON_SECONDS = 1.0
_FAILURES_NAMED = 5

_BATCH_BYTES = 256 * 1024
"""Measured: 58 us an action; with kafka-python's own 16 KiB 102 us."""


class EmitterError(Exception):
    """Nothing can be emitted; the sentence says what to look at."""


class DeliveryError(EmitterError):
    """Some actions were not acknowledged by Kafka. They may be emitted again as they are.

    `failures`: the error of each, by (source, id), in the order of emission.
    """

    def __init__(self, failures: dict[tuple[str, str], Exception]) -> None:
        self.failures = failures
        named = [f"{action_id} ({error})" for (_, action_id), error in failures.items()][:_FAILURES_NAMED]
        others = [f"and {len(failures) - len(named)} more"] if len(failures) > len(named) else []
        count = f"{len(failures)} actions were" if len(failures) > 1 else "1 action was"
        super().__init__(f"{count} not acknowledged by Kafka: {', '.join(named + others)}")


class Emitter:
    """Writes actions to cercle.<club>.actions: each to its member's partition, acknowledged by all replicas.

    `idempotent` is for Apache Kafka; the embedded broker cannot. Without it one request at a
    time is under way, so that a repeated one does not overtake another.
    An action that Kafka has not acknowledged `delivery_timeout_seconds` (more than 5) after
    its emission counts as not delivered. One thread at a time. Raises EmitterError when Kafka
    does not answer, or does not have the topic.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        club: str,
        *,
        idempotent: bool = True,
        delivery_timeout_seconds: float = 120.0,
    ) -> None:
        self._topic = topic_name(club, Topic.ACTIONS)
        self._unacknowledged: deque[tuple[tuple[str, str], Any]] = deque()
        self._failures: dict[tuple[str, str], Exception] = {}
        self._emitted = 0
        try:
            self._partition_count = _count_partitions(bootstrap_servers, self._topic)
            self._producer = _producer(bootstrap_servers, idempotent, delivery_timeout_seconds)
            self._producer.partitions_for(self._topic)  # Else the first action would wait for them.
        except KafkaError as error:
            raise EmitterError(f"Kafka at {bootstrap_servers} does not answer: {error}") from error

    def emit(self, action: RawAction, as_history: bool = False) -> Any:
        """Sends an action, without waiting. Answers kafka-python's future of the record's place.

        Its record is stamped with the time of sending; `as_history` stamps it with the
        action's own `occurred_at`, so that old actions are not refused as late.
        Raises ValueError when the action cannot be right, whatever the club's rules; and
        DeliveryError, without sending this one, when tens of thousands were waiting for
        Kafka and some of them failed.
        """
        _check(action, as_history)
        key, value, headers = encode(action)
        self._make_room()
        partition = partition_of(key, self._partition_count)
        stamp = action.occurred_at if as_history else None
        try:
            future = self._producer.send(self._topic, value, key, headers, partition, stamp)
        except MessageSizeTooLargeError as error:
            raise ValueError(f"the action {action.id} is larger than a record may be: {error}") from error
        self._unacknowledged.append(((action.source, action.id), future))
        return future

    def flush(self) -> None:
        """Waits until Kafka has acknowledged all that was emitted. Raises DeliveryError where it did not."""
        self._producer.flush()
        while self._unacknowledged:
            # A batch that Kafka found too large is split and sent again, after kafka-python's flush.
            with suppress(KafkaError):
                self._unacknowledged[0][1].get()
            self._settle()
        failures, self._failures = self._failures, {}
        if failures:
            raise DeliveryError(failures)

    def close(self) -> None:
        """Flushes and ends. Raises DeliveryError as `flush` does; closed it is all the same."""
        try:
            self.flush()
        finally:
            self._producer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        with suppress(KafkaError):
            self._producer.close(timeout=_ABANDON_SECONDS)

    def _make_room(self) -> None:
        """Forgets what is acknowledged, now and then; waits when too much is not."""
        self._emitted += 1
        if self._emitted % _SETTLE_EVERY == 0:
            self._settle()
        if len(self._unacknowledged) >= _UNACKNOWLEDGED_MAX:
            self.flush()

    def _settle(self) -> None:
        """Takes out the oldest that are done, and keeps the errors of those that failed."""
        waiting = self._unacknowledged
        while waiting and waiting[0][1].is_done:
            identity, future = waiting.popleft()
            if future.failed():
                self._failures[identity] = future.exception


class _Producer(KafkaProducer):  # type: ignore[misc]
    def __del__(self) -> None:
        # Closing failed before, and was reported; kafka-python tries again here, and writes to stderr.
        with suppress(KafkaError):
            super().__del__()


def _count_partitions(bootstrap_servers: str, topic: str) -> int:
    """Asked by kafka-python's admin client: its producer would have the broker create a missing topic.

    Such a topic has the broker's number of partitions, and deletes the history that goes into it.
    """
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=_ANSWER_MS)
    try:
        (found,) = admin.describe_topics([topic])
    finally:
        admin.close()
    if found["error_code"]:
        reason = for_code(found["error_code"]).__name__
        raise EmitterError(
            f"Kafka at {bootstrap_servers} has no topic {topic} that may be written to ({reason}): "
            "see that the club's name is right and its topics are created."
        )
    return len(found["partitions"])


def _producer(bootstrap_servers: str, idempotent: bool, delivery_timeout_seconds: float) -> _Producer:
    delivery_ms = int(delivery_timeout_seconds * 1000)
    return _Producer(
        bootstrap_servers=bootstrap_servers,
        enable_idempotence=idempotent,
        max_in_flight_requests_per_connection=5 if idempotent else 1,
        delivery_timeout_ms=delivery_ms,
        request_timeout_ms=min(30_000, delivery_ms // 2),
        bootstrap_timeout_ms=_ANSWER_MS,
        max_block_ms=_ANSWER_MS,
        acks="all",
        batch_size=_BATCH_BYTES,
        linger_ms=20,
    )


def _check(action: RawAction, as_history: bool) -> None:
    fault = fault_of(action)
    if fault is not None:
        raise ValueError(f"the action's {' '.join(fault)}")
    if as_history and action.occurred_at < 0:
        raise ValueError("the action's occurred_at lies before 1970, and Kafka has no such timestamps")
