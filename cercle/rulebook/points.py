"""What this version acts on of points.yaml: what earns points, what multiplies them, and how much a day."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, Union

from cercle.domain.action import Action
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts
from cercle.rulebook.files.earning import AMOUNT, POINTS, EarnPointsEntry
from cercle.rulebook.files.points import EarnRuleEntry, MultiplyRuleEntry, PointsFile, RuleEntry
from cercle.rulebook.metrics import MetricRules, metrics_of
from cercle.rulebook.scope import Scope

Stacking = Literal["best", "add", "product"]


@dataclass(frozen=True, slots=True)
class PerMoney:
    """For each whole `minor_units` of the action's money field `field`."""

    field: str
    minor_units: int


@dataclass(frozen=True, slots=True)
class Limit:
    """Per club-local day of `occurred_at`: at most `points`, or at most so many `times`."""

    points: int | None
    times: int | None


@dataclass(frozen=True, slots=True)
class EarnRule:
    """Gives `points`, once or `for_each`."""

    id: str
    wallet: str
    points: int
    for_each: PerMoney | None
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class MultiplyRule:
    """Multiplies what the action earns in `wallet`."""

    id: str
    wallet: str
    factor: Fraction
    limit: Limit | None


PointsRule = Union[EarnRule, MultiplyRule]


class FiredRules(NamedTuple):
    """The rules that concern one action, each sorted by id."""

    earn: tuple[EarnRule, ...] = ()
    multiply: tuple[MultiplyRule, ...] = ()


NOTHING_FIRED = FiredRules()


def _fired(rules: tuple[PointsRule, ...]) -> FiredRules:
    return FiredRules(
        tuple(rule for rule in rules if isinstance(rule, EarnRule)),
        tuple(rule for rule in rules if isinstance(rule, MultiplyRule)),
    )


@dataclass(frozen=True)
class PointsRules:
    """What an action earns. `wallets` always holds `points`; `metrics` are those that conditions read."""

    wallets: frozenset[str]
    stacking: Stacking
    by_action: dict[str, Guarded[PointsRule, FiredRules]]
    metrics: MetricRules

    def rules_for(self, action: Action, member: MemberFacts) -> FiredRules:
        """The rules whose condition is true of this action; all conditions in one evaluation."""
        rules = self.by_action.get(action.type)
        return rules.select(action.fields, action.occurred_at, member) if rules else NOTHING_FIRED


def build_points(file: PointsFile, scope: Scope) -> PointsRules:
    """The rules that this version acts on, of a file without errors."""
    by_action: dict[str, list[Guard[PointsRule]]] = {}
    for entry in sorted(file.rules, key=lambda rule: rule.id):
        if entry.acts:
            guard = Guard(_rule(entry), entry.when, scope.window(entry.during))
            by_action.setdefault(entry.on, []).append(guard)
    guards = [guard for each in by_action.values() for guard in each]
    return PointsRules(
        frozenset({POINTS, *file.wallets}),
        file.stacking.multiply,  # type: ignore[arg-type]  # `words` allows no other
        {on: Guarded(each, scope.vocabularies[on], _fired) for on, each in by_action.items()},
        scope.metrics.only(metrics_of(guards)),
    )


def _rule(entry: RuleEntry) -> PointsRule:
    limit = Limit(entry.limit.points, entry.limit.times) if entry.limit else None
    if isinstance(entry, MultiplyRuleEntry):
        return MultiplyRule(entry.id, POINTS, entry.multiply, limit)
    assert isinstance(entry, EarnRuleEntry), "a rule says either"
    earn = entry.earn
    assert isinstance(earn, EarnPointsEntry), "bands are not acted on"
    for_each = PerMoney(AMOUNT, earn.for_each[0]) if isinstance(earn.for_each, tuple) else None
    return EarnRule(entry.id, earn.wallet, earn.points, for_each, limit)
