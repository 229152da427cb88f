"""What went wrong, as a sentence with what to do next: the command line never shows a traceback."""

from collections.abc import Callable
from typing import Any

import grpc
from aiokafka.errors import KafkaError as AsyncKafkaError
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from cercle.actions.emitter import EmitterError
from cercle.actions.files import FileError
from cercle.rulebook import RulebookError
from cercle.runtime.embedded import ServerError
from cercle.runtime.settings import SettingsError
from cercle.runtime.store import NotReady, StoreLost
from cercle.runtime.topics import TopicsError
from services.console.errors import CommandError

SAID_WELL = (CommandError, EmitterError, FileError, ServerError, SettingsError, TopicsError)
"""Errors whose text is such a sentence already."""

_TEXTS: list[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], str]]] = [
    (SAID_WELL, str),
    (RulebookError, lambda error: f"The rules cannot be used:\n{error}"),
    (
        NotReady,
        lambda _: (
            "The club has no service that serves yet: start it with `cercle up`, or ask again in a moment."
        ),
    ),
    (
        (KafkaError, AsyncKafkaError),
        lambda error: (
            f"Kafka did not do as asked ({type(error).__name__}: {error}): "
            "see that it runs, and that CERCLE_KAFKA or --kafka names it."
        ),
    ),
    (
        (RedisError, StoreLost),
        lambda error: (
            f"Redis did not do as asked ({error}): "
            "see that it runs, and that CERCLE_REDIS or --redis names it."
        ),
    ),
    (grpc.RpcError, lambda error: _refused_call(error)),
    (OSError, lambda error: f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}."),
]


def sentence(error: Exception) -> str:
    """What to tell a person."""
    for kind, text in _TEXTS:
        if isinstance(error, kind):
            return text(error)
    return (
        f"This should not have happened ({type(error).__name__}: {error}): "
        "run it again with CERCLE_LOG_LEVEL=debug, and report what it prints."
    )


def _refused_call(error: Any) -> str:
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        said = f"The service does not answer now ({error.details()})"
        return f"{said}: see that it runs, or ask again in a moment."
    return f"The service refused: {error.details()} ({error.code().name})."
