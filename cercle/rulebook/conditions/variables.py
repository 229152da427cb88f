"""The values of the variables that a condition names, when an action is judged; others would cost time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from cercle.rulebook.conditions.facts import MemberFacts
from cercle.rulebook.conditions.messages import MEMBER_FIELDS, Messages, time_of
from cercle.rulebook.conditions.text import LOCAL_VARIABLES
from cercle.rulebook.conditions.words import Words

_ZEROS: dict[str, object] = {"text": "", "integer": 0, "boolean": False, "money": 0}

Reader = Callable[[Mapping[str, object], int, MemberFacts], object]
"""The value of one variable, of (fields, occurred_at, member)."""


def readers(
    named: frozenset[str], trigger: str, words: Words, messages: Messages
) -> Iterator[tuple[str, Reader]]:
    """A reader for each variable among the `named` words, which tell the fields of messages as well."""
    if "occurred_at" in named and "occurred_at" in words.variables:
        yield "occurred_at", lambda fields, occurred_at, member: time_of(occurred_at)
    if "member" in named:
        parts = [field for field in MEMBER_FIELDS if field in named]
        yield "member", lambda fields, occurred_at, member: messages.member(parts, member, occurred_at)
    if "metrics" in named and words.metrics is not None:
        metrics = sorted(words.metrics & named)
        yield "metrics", lambda fields, occurred_at, member: messages.metrics_of(metrics, member)
    if LOCAL_VARIABLES["occurred_at"] in named:
        yield LOCAL_VARIABLES["occurred_at"], lambda _, occurred_at, member: messages.local(occurred_at)
    if LOCAL_VARIABLES["joined_at"] in named:
        yield (
            LOCAL_VARIABLES["joined_at"],
            lambda _, occurred_at, member: messages.local(member.joined_at or occurred_at),
        )
    for field in sorted(named & words.fields.keys()):
        yield field, partial(_field, field, _ZEROS[words.fields[field]])
    for field in sorted(named & words.records.keys()):
        yield field, partial(_list_field, field, messages.record(trigger, field))


def _field(
    name: str, zero: object, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
) -> object:
    return fields.get(name, zero)


def _list_field(
    name: str, record: type[Any], fields: Mapping[str, object], occurred_at: int, member: MemberFacts
) -> object:
    return [record(**entry) for entry in cast(Sequence[Any], fields.get(name, ()))]
