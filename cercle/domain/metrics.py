"""Metrics: numbers about a member that conditions read, kept as events by each service that reads them.

An action counts on the club's day of its `occurred_at`, so what a metric says of a day is the same
whether an action came on time or late. What is told apart is kept as a hash, never as the text. A
day is forgotten only when no action that can still be accepted would ask for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Union

import msgspec

from cercle.domain.action import Action, Field, Scalar
from cercle.domain.decision import Instant, oldest_day
from cercle.rulebook import ClubRules, MemberFacts
from cercle.rulebook.metrics import Metric, MetricRules
from cercle.rulebook.times import EARLIEST, first_day

_LEAST, _MOST = -(2**63), 2**63 - 1
_BEFORE_ALL_DAYS = -(2**31)
_EARLIEST_DAY = oldest_day(EARLIEST)


class Tally(msgspec.Struct, array_like=True):
    """One metric, by day: how much was counted, or hashes of what was told apart.

    Days before `kept_from` are gone; of a metric for life they are one, the last of them.
    """

    kept_from: int = _BEFORE_ALL_DAYS
    amounts: dict[int, int] = msgspec.field(default_factory=dict)
    values: dict[int, list[int]] = msgspec.field(default_factory=dict)


Metrics = dict[str, Tally]
"""What a member's state remembers, by `name_of` each metric."""


class MetricCounted(msgspec.Struct, frozen=True):
    """Event of every service: an action counted for a metric.

    `metric`: see `name_of`. `day` as days since 1970-01-01. `values`: 8-byte hashes that are new.
    Days before `keep_from` are not needed any more; `life`: they are one from now on.
    """

    metric: str
    day: int
    amount: int
    values: tuple[int, ...]
    keep_from: int
    life: bool


def name_of(metric: Metric) -> str:
    """`train_spend: sum of purchase.amount over 24 months`. One that counts something else begins anew."""
    source = ".".join((metric.action, *metric.path))
    return f"{metric.id}: {metric.kind} of {source} over {metric.over or 'life'}"


def observe(
    metrics: Metrics,
    rules: MetricRules,
    club: ClubRules,
    action: Action,
    facts: MemberFacts,
    forget_before: Instant,
) -> tuple[MemberFacts, tuple[MetricCounted, ...]]:
    """What conditions see of the member with the accepted `action` counted, and the events that count it.

    `forget_before`: after this action, from ActionAccepted.
    """
    if not rules.metrics:
        return facts, ()
    day = club.day(action.occurred_at)
    counted = tuple(count(metrics, rules.fed_by(action, facts), action, day, forget_before))
    return msgspec.structs.replace(facts, metrics=Values(metrics, rules.metrics, day, counted)), counted


def as_of(metrics: Metrics, rules: MetricRules, club: ClubRules, instant: Instant) -> Mapping[str, int]:
    """What conditions see of the metrics at an instant, where no action is judged."""
    return Values(metrics, rules.metrics, club.day(instant)) if rules.metrics else {}


def count(
    metrics: Metrics, fed: Iterable[Metric], action: Action, day: int, forget_before: Instant
) -> Iterator[MetricCounted]:
    """An event for each metric that the action changes."""
    oldest = max(oldest_day(forget_before), _EARLIEST_DAY)
    for metric in fed:
        name, found = name_of(metric), _found(action.fields, metric.path)
        amount = _amount(metric, found)
        values = _new_values(metrics.get(name), metric, found, day) if metric.kind == "distinct" else ()
        if amount or values:
            keep_from = first_day(metric.over, oldest) if metric.over else oldest
            yield MetricCounted(name, day, amount, values, keep_from, metric.over is None)


def _found(fields: Mapping[str, Field], path: Sequence[str]) -> list[Scalar]:
    """What a path leads to: nothing, the field, or the field of each record of a list."""
    value = fields.get(path[0]) if path else None
    if value is None:
        return []
    if isinstance(value, tuple):
        return [record[path[1]] for record in value if path[1] in record]
    return [value]


def _amount(metric: Metric, found: Iterable[Scalar]) -> int:
    if metric.kind == "sum":
        return _bounded(sum(value for value in found if isinstance(value, int)))
    return 1 if metric.kind == "count" else 0


def _new_values(
    tally: Union[Tally, None], metric: Metric, found: Iterable[Scalar], day: int
) -> tuple[int, ...]:
    """What was not known on that day; for life, nor on an earlier one."""
    known = (tally or Tally()).values
    days = [at for at in known if at <= day] if metric.over is None else [day]
    values = set(map(_fingerprint, found))
    return tuple(sorted(values.difference(*(known.get(at, ()) for at in days))))


def _fingerprint(value: Scalar) -> int:
    digest = blake2b(str(value).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _bounded(amount: int) -> int:
    """As near as 64 bits come: neither the log nor the store has more."""
    return max(_LEAST, min(amount, _MOST))


def note(metrics: Metrics, event: MetricCounted) -> None:
    """Evolves `metrics` in place."""
    tally = metrics.get(event.metric)
    if tally is None:
        tally = metrics[event.metric] = Tally()
    if event.keep_from > tally.kept_from:
        _forget(tally, event.keep_from, event.life)
    if event.amount:
        tally.amounts[event.day] = _bounded(tally.amounts.get(event.day, 0) + event.amount)
    if event.values:
        tally.values.setdefault(event.day, []).extend(event.values)


def _forget(tally: Tally, keep_from: int, life: bool) -> None:
    """Drops the days before `keep_from`; or makes them one, the last of them."""
    amounts = [tally.amounts.pop(day) for day in [day for day in tally.amounts if day < keep_from]]
    values = [tally.values.pop(day) for day in [day for day in tally.values if day < keep_from]]
    if life and amounts:
        tally.amounts[keep_from - 1] = _bounded(sum(amounts))
    if life and values:
        tally.values[keep_from - 1] = list(dict.fromkeys(chain.from_iterable(values)))
    tally.kept_from = keep_from


class Values(Mapping[str, int]):
    """Each metric as of a day, with the events of the action that is judged; computed when asked."""

    def __init__(
        self,
        metrics: Metrics,
        rules: Mapping[str, Metric],
        day: int,
        events: Sequence[MetricCounted] = (),
    ) -> None:
        self._metrics = metrics
        self._rules = rules
        self._day = day
        self._events = {event.metric: event for event in events}

    def __getitem__(self, metric_id: str) -> int:
        metric = self._rules[metric_id]
        name = name_of(metric)
        tally, event = self._metrics.get(name) or Tally(), self._events.get(name)
        first, last = self._days(metric, tally)
        if metric.kind == "distinct":
            days = (values for day, values in tally.values.items() if first <= day <= last)
            return len(set(event.values if event else ()).union(*days))
        amounts = (amount for day, amount in tally.amounts.items() if first <= day <= last)
        return _bounded(sum(amounts, start=event.amount if event else 0))

    def _days(self, metric: Metric, tally: Tally) -> tuple[int, int]:
        """First and last. Days that are one are seen together by who comes too late to tell them apart."""
        if metric.over is None:
            return _BEFORE_ALL_DAYS, max(self._day, tally.kept_from - 1)
        return first_day(metric.over, self._day), self._day

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)
