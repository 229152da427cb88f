"""Numbers about a member that conditions may use: how often, how much, how many different ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Union

from cercle.domain.action import Action
from cercle.rulebook.actions import ActionType, ScalarKind, scalar_at
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts
from cercle.rulebook.conditions.text import metrics_in
from cercle.rulebook.conditions.vocabulary import Vocabulary
from cercle.rulebook.files.metrics import (
    CountMetricEntry,
    DistinctMetricEntry,
    MetricsFile,
    SumMetricEntry,
)
from cercle.rulebook.times import Span

MetricKind = Literal["count", "sum", "distinct"]
_Entry = Union[CountMetricEntry, SumMetricEntry, DistinctMetricEntry]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number about a member. `path` leads to the field that is summed or told apart; empty for a count.

    `over` ends with the club's day of the action that is judged, and holds that action; None: for life.
    `is_money`: a sum in minor units.
    """

    id: str
    kind: MetricKind
    action: str
    path: tuple[str, ...]
    over: Span | None
    is_money: bool


@dataclass(frozen=True)
class MetricRules:
    """The metrics by name. `whens`: the conditions of those that have one."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    whens: Mapping[str, str] = field(default_factory=dict)
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=dict, repr=False, compare=False)
    by_action: Mapping[str, Guarded[Metric, tuple[Metric, ...]]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        by_action: dict[str, list[Metric]] = {}
        for _, metric in sorted(self.metrics.items()):
            by_action.setdefault(metric.action, []).append(metric)
        guarded = {action: self._guarded(action, metrics) for action, metrics in by_action.items()}
        object.__setattr__(self, "by_action", MappingProxyType(guarded))

    def _guarded(self, action: str, metrics: Sequence[Metric]) -> Guarded[Metric, tuple[Metric, ...]]:
        guards = [Guard(metric, self.whens.get(metric.id)) for metric in metrics]
        return Guarded(guards, self.vocabularies[action], tuple)

    def fed_by(self, action: Action, member: MemberFacts) -> tuple[Metric, ...]:
        """Those that this action counts for, by name: it is of their type, and their condition is true."""
        metrics = self.by_action.get(action.type)
        return metrics.select(action.fields, action.occurred_at, member) if metrics else ()

    def only(self, names: Iterable[str]) -> "MetricRules":
        """Those of these names, for a service that keeps no others."""
        kept = frozenset(names) & self.metrics.keys()
        if kept == self.metrics.keys():
            return self
        return MetricRules(
            {name: metric for name, metric in self.metrics.items() if name in kept},
            {name: when for name, when in self.whens.items() if name in kept},
            self.vocabularies,
        )


def declare_metrics(file: MetricsFile, actions: Mapping[str, ActionType]) -> dict[str, Metric]:
    """The metrics by name, as far as actions.yaml has what they are about."""
    found = {name: _metric(name, entry, actions) for name, entry in file.metrics.items()}
    return {name: metric for name, metric in found.items() if metric}


def _metric(name: str, entry: _Entry, actions: Mapping[str, ActionType]) -> Metric | None:
    over = entry.over if isinstance(entry.over, Span) else None
    if isinstance(entry, CountMetricEntry):
        return Metric(name, "count", entry.count, (), over, False)
    if isinstance(entry, SumMetricEntry):
        action, *path = entry.sum.split(".")
        kind = _kind(action, path, actions)
        return Metric(name, "sum", action, tuple(path), over, kind == "money") if kind else None
    action, *path = entry.distinct.split(".")
    known = _kind(action, path, actions)
    return Metric(name, "distinct", action, tuple(path), over, False) if known else None


def _kind(action: str, path: Sequence[str], actions: Mapping[str, ActionType]) -> ScalarKind | None:
    return scalar_at(actions[action], path) if action in actions else None


def build_metrics(
    file: MetricsFile, metrics: Mapping[str, Metric], vocabularies: Mapping[str, Vocabulary]
) -> MetricRules:
    """The rules, of a file without errors."""
    whens = {name: entry.when for name, entry in file.metrics.items() if entry.when is not None}
    return MetricRules(metrics, whens, vocabularies)


def metrics_of(guards: Iterable[Guard[Any]]) -> frozenset[str]:
    """The names of the metrics that conditions read."""
    return frozenset[str]().union(*(metrics_in(guard.when) for guard in guards if guard.when))
