"""When to ask again: after longer and longer pauses, and never sooner than the server says."""

import random
from collections.abc import Iterator

import grpc
from google.rpc import error_details_pb2, status_pb2

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 1.0
_STATUS_KEY = "grpc-status-details-bin"
_AGAIN = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    # Not ours, which would end the waiting task: of a worker that stops, before it began with the call.
    grpc.StatusCode.CANCELLED,
)


def worth_asking_again(error: grpc.aio.AioRpcError) -> bool:
    """Whether the same request may be answered later, or elsewhere."""
    return error.code() in _AGAIN


def pauses(chance: random.Random) -> Iterator[float]:
    """Seconds, for ever: doubled each time, and each up to half shorter by chance."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        yield pause * chance.uniform(0.5, 1.0)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def told_to_wait(error: grpc.aio.AioRpcError) -> float:
    """The seconds of google.rpc.RetryInfo in the error; 0: it has none."""
    for name, value in error.trailing_metadata() or ():
        if name == _STATUS_KEY:
            return _retry_delay(status_pb2.Status.FromString(value))
    return 0.0


def _retry_delay(status: status_pb2.Status) -> float:
    info = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            seconds: float = info.retry_delay.ToTimedelta().total_seconds()
            return seconds
    return 0.0
