"""What a service's shell hands to the runtime: its pure domain, and how inputs become commands."""

from asyncio import Future
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from cercle.domain.decision import Decision, Instant, Rejection
from cercle.runtime.log import LogRecord
from cercle.wire import log_pb2

ACTIONS = "actions"


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


def rules_for_consequences(rules: RulesInTime, occurred_at: Instant, record: log_pb2.Record) -> Any:
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


class Service(msgspec.Struct, frozen=True):
    """One service. States are opaque to the runtime; so are commands, events and rules.

    `inputs`: the topics it reads, as last words, actions first. `listen` turns a record of
    actions into an Intent, a Rejection, or None when it is of no concern; `hear` does the
    same for another service's decision (topic, record). Only `reports_rejections` writes
    refused actions to the rejected topic. `due_command` is decided when a key is due.
    """

    name: str
    inputs: tuple[str, ...]
    new: Callable[[], Any]
    encode_state: Callable[[Any], bytes]
    decode_state: Callable[[bytes], Any]
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


class Refusal(Exception):
    """A command was not accepted, and changed nothing."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.sentence)
        self.rejection = rejection


class Unavailable(Exception):
    """The partition is moving; whether a command took effect is told by asking again with its key."""
