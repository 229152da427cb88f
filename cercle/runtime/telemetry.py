"""What a process says about itself: structured log lines, and metrics for Prometheus."""

import logging
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server
from structlog.typing import Processor

_FAST_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def configure_logging(service: str, level: str) -> None:
    """Log lines on standard error: JSON, or readable ones in a terminal. May be repeated.

    Lines of the standard library's logging (Faust, aiokafka, grpc) take the same form. Every
    line names the `service`; `level` is debug, info, warning or error.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering()],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("mode.timers").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _rendering() -> list[Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class Metrics:
    """The metrics of one service process, on a registry of its own.

    Labels: `topic` and `partition` of an input, `partition` of the club, `code` of a rejection.
    Times are seconds.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        Info("cercle_service", "Which service this is", registry=self.registry).info({"service": service})
        self.actions = self._counter("actions", "Actions that were judged, duplicates too")
        self.decisions = self._counter(
            "decisions", "Decisions committed: one for one cause that had an effect"
        )
        self.rejections = self._counter("rejections", "Inputs that were sent to the rejected topic", "code")
        self.failed_inputs = self._counter("failed_inputs", "Inputs that raised twice and were set aside")
        self.reships = self._counter("reships", "Records sent again by a new incarnation")
        self.rollbacks = self._counter("rollbacks", "Times that the store told another story than the log")
        self.fences = self._counter("fences", "Incarnations begun: fences appended to the output topic")
        self.void_records = self._counter("void_records", "Records dropped by the reader rule", "topic")
        self.forwarded = self._counter(
            "forwarded_calls", "Calls that went on to the member's owner, by its answer", "code"
        )
        self.lag = self._gauge("lag_records", "Records of an input not yet decided", "topic", "partition")
        self.outbox_depth = self._gauge(
            "outbox_records", "Records committed, not yet known shipped", "partition"
        )
        self.commit_seconds = self._histogram("commit_seconds", "One COMMIT: one call to the store")
        self.ship_seconds = self._histogram("ship_seconds", "From sending a batch to its validated ack")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"cercle_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"cercle_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"cercle_{name}", meaning, labels, registry=self.registry, buckets=_FAST_SECONDS)

    def serve(self, host: str, port: int) -> int:
        """Answers Prometheus at http://host:port/metrics from a thread; gives the port (0 takes a free one).

        Raises OSError when the port is taken.
        """
        server: Any
        server, _ = start_http_server(port, addr=host, registry=self.registry)
        found: int = server.server_port
        return found
