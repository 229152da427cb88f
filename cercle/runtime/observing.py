"""What an owner tells of one partition, to the metrics and to the log lines."""

from collections.abc import Sequence

import structlog

from cercle.runtime.deciding import Batch, Item
from cercle.runtime.protocol import Verdict
from cercle.runtime.service import ACTIONS
from cercle.runtime.telemetry import Metrics

_log = structlog.get_logger("cercle.partition")


class Observed:
    """The metrics of one partition."""

    def __init__(self, metrics: Metrics, partition: int) -> None:
        self._metrics = metrics
        self._partition = str(partition)

    def fenced(self, epoch: int) -> None:
        """An incarnation began."""
        self._metrics.fences.inc()
        _log.info("acquired", partition=self._partition, epoch=epoch)

    def wiped(self) -> None:
        """The store told another story than the log."""
        self._metrics.rollbacks.inc()
        _log.warning("store_diverged_from_log", partition=self._partition)

    def rolled_back(self) -> None:
        """The store went back under an owner that served."""
        self._metrics.rollbacks.inc()

    def void(self, topic: str, verdict: Verdict) -> None:
        """The reader rule dropped a record."""
        if verdict is Verdict.DUPLICATE:
            return
        self._metrics.void_records.labels(topic).inc()
        if verdict is Verdict.GAP:
            _log.error("gap_in_log", topic=topic, partition=self._partition)

    def reshipped(self, records: int) -> None:
        """Records of an earlier owner were sent again."""
        self._metrics.reships.inc(records)

    def failed(self, topic: str, offset: int, error: Exception) -> None:
        """An input raised."""
        self._metrics.failed_inputs.inc()
        _log.error("input_failed", topic=topic, partition=self._partition, offset=offset, exc_info=error)

    def decided(self, items: Sequence[Item], batch: Batch, lag: dict[str, int]) -> None:
        """A batch was committed."""
        self._metrics.actions.inc(sum(1 for item in items if item.after and item.after[0] == ACTIONS))
        self._metrics.decisions.inc(len(batch.entries))
        for _, why in batch.refused:
            self._metrics.rejections.labels(why.code).inc()
        self.lag(lag)

    def lag(self, lag: dict[str, int]) -> None:
        """What is not yet decided, by topic."""
        for topic, records in lag.items():
            self._metrics.lag.labels(topic, self._partition).set(records)

    def committed(self, seconds: float) -> None:
        """One COMMIT."""
        self._metrics.commit_seconds.observe(seconds)

    def shipped(self, seconds: float, outbox: int) -> None:
        """One believed ack; `outbox` records still wait for theirs."""
        self._metrics.ship_seconds.observe(seconds)
        self._metrics.outbox_depth.labels(self._partition).set(outbox)
