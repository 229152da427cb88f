"""The event of every service that keeps metrics: MetricCounted, to protobuf and back."""

from cercle.domain.metrics import MetricCounted
from cercle.wire import actions_pb2


def write(out: actions_pb2.MetricCounted, event: MetricCounted) -> None:
    """Fills the message."""
    out.metric = event.metric
    out.day = event.day
    out.amount = event.amount
    out.values.extend(event.values)
    out.keep_from = event.keep_from
    out.life = event.life


def read(message: actions_pb2.MetricCounted) -> MetricCounted:
    """The inverse of `write`."""
    values = tuple(message.values)
    return MetricCounted(message.metric, message.day, message.amount, values, message.keep_from, message.life)
