"""From a record of the actions topic to an action that rules can judge, alike in all services."""

from collections.abc import Callable
from typing import Protocol

from cercle.actions import codec
from cercle.domain.action import Action
from cercle.domain.admission import admit
from cercle.domain.decision import Instant, Rejection
from cercle.rulebook import Rulebook


class Record(codec.Record, Protocol):
    """What is read of a record of the actions topic."""

    @property
    def timestamp(self) -> Instant: ...


def take(
    record: Record, rules_at: Callable[[Instant], Rulebook], partition_count: int
) -> tuple[Action, Rulebook] | Rejection:
    """The action and the rulebook version of its own time; or why it cannot be accepted.

    One dated ahead of its sending is judged by the version of its sending: a version is sure to be
    known before its time comes, not minutes before.
    """
    raw = codec.decode(record, partition_count)
    if isinstance(raw, Rejection):
        return raw
    rules = rules_at(min(raw.occurred_at, record.timestamp))
    action = admit(raw, record.timestamp, rules)
    if isinstance(action, Rejection):
        return action
    return action, rules
