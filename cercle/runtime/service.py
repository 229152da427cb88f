"""What a service's shell hands to the runtime: its pure domain, and how inputs become commands."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

import msgspec

from cercle.domain.decision import Call, Decision, Instant, Rejection
from cercle.runtime.log import LogRecord
from cercle.wire import log_pb2

ACTIONS = "actions"
LETTERS = "letters"


class Rules(Protocol):
    """A rulebook version, as far as the runtime looks into it."""

    @property
    def version(self) -> str: ...


class RulesInTime(Protocol):
    """The published versions."""

    def at(self, instant: Instant) -> Any:
        """The version that judges what occurs at `instant`."""

    @property
    def versions(self) -> Sequence[Any]:
        """All of them, oldest first."""

    def fresh(self) -> bool:
        """Whether the topic was read to its end no longer ago than the lead of a publication."""


def rules_for_consequences(
    rules: RulesInTime, occurred_at: Instant, record: "log_pb2.Record | log_pb2.Delivery"
) -> Any:
    """What follows from a decision is judged by the version that it was made by, as its record says.

    That of its cause, which `occurred_at`, should this service not know that version.
    """
    named = (version for version in reversed(rules.versions) if version.version == record.rulebook)
    return next(named, None) or rules.at(occurred_at)


class Intent(NamedTuple):
    """What an input asks of whom: `command` for the state of `key`, judged by `rules`."""

    key: str
    command: object
    rules: Any


def no_calls(state: Any) -> Sequence[Call]:
    """Of a service that asks no other."""
    return ()


def nothing_asked(command: Any) -> Any:
    """Of a service that decides inputs alone. Raises ValueError."""
    raise ValueError(f"this service is asked nothing, and told nothing by letter: {command!r:.80}")


class Service(msgspec.Struct, frozen=True):
    """One service. States are opaque to the runtime; so are commands, events and rules.

    `inputs`: the topics it reads, as last words, actions first. `new` makes the state of a key
    that nobody has heard of; `decode_state` is told the key as well. `listen` turns a record of
    actions into an Intent, a Rejection, or None when it is of no concern; `hear` does the same for
    another service's decision (topic, record). Only `reports_rejections` writes refused actions to
    the rejected topic. `due_command` is decided when a key is due. `encode_command` and its inverse
    are for what is asked by RPC, told by letter, or answered to a call. `calls`: what a state still
    has to ask of other services. A letter is never rejected: it was true when it was sent.
    """

    name: str
    inputs: tuple[str, ...]
    new: Callable[[str], Any]
    encode_state: Callable[[Any], bytes]
    decode_state: Callable[[str, bytes], Any]
    decide: Callable[[Any, Any, Any, Instant], Decision[Any] | Rejection]
    evolve: Callable[[Any, Any], Any]
    due_at: Callable[[Any], Instant | None]
    ranks: Callable[[Any], Mapping[str, int]]
    encode_events: Callable[[tuple[Any, ...]], bytes]
    decode_events: Callable[[bytes], tuple[Any, ...]]
    listen: Callable[[LogRecord, RulesInTime, int], Intent | Rejection | None]
    hear: Callable[[str, log_pb2.Record, RulesInTime], Intent | None]
    reports_rejections: bool
    due_command: object
    encode_command: Callable[[Any], bytes] = nothing_asked
    decode_command: Callable[[bytes], Any] = nothing_asked
    calls: Callable[[Any], Sequence[Call]] = no_calls


Caller = Callable[[Call], Awaitable[object]]
"""Asks another service, for as long as it takes; answers the command that tells what it said."""


AddressesOf = Callable[[str], Callable[[str], Awaitable[Sequence[str]]]]
"""Of another service, by its name: host:port of who serves a key's partition; none: nobody does now."""

Asking = Callable[[AddressesOf], AbstractAsyncContextManager[Caller]]
"""Opens a service's way to others, for as long as the worker runs."""


class Clock(Protocol):
    """The only source of time of an actor."""

    def now(self) -> Instant:
        """Wall clock."""

    def monotonic(self) -> float:
        """Seconds, for measuring and pacing."""


class Command(NamedTuple):
    """An RPC's command for one key. `key` is the idempotency key: the record's cause."""

    member_id: str
    key: str
    command: object
    reply: "Future[Any]"


class Inspection(NamedTuple):
    """A confirmed read: `look(state, now)` is answered once all it shows is in the log for good."""

    member_id: str
    look: Callable[[Any, Instant], Any]
    reply: "Future[Any]"


class Watch(NamedTuple):
    """A confirmed read that waits: answered by the first `look(state, now)` that is not None."""

    member_id: str
    look: Callable[[Any, Instant], Any]
    reply: "Future[Any]"


Work = Command | Inspection | Watch
"""What somebody waits for."""


class Refusal(Exception):
    """A command was not accepted, and changed nothing."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.sentence)
        self.rejection = rejection


class Unavailable(Exception):
    """The partition is moving; whether a command took effect is told by asking again with its key."""
