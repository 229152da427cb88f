"""What this version acts on of points.yaml: what earns and multiplies points, and what crosses members."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeVar, Union

from cercle.domain.action import Action
from cercle.rulebook.built_in import REFERRAL
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts
from cercle.rulebook.files.earning import AMOUNT, POINTS, EarnPointsEntry
from cercle.rulebook.files.points import EarnRuleEntry, MultiplyRuleEntry, PointsFile, RuleEntry
from cercle.rulebook.metrics import MetricRules, metrics_of
from cercle.rulebook.scope import Scope
from cercle.rulebook.transfers import TransferRule, build_transfers

Stacking = Literal["best", "add", "product"]
Rule = TypeVar("Rule")


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
class SoonAfter:
    """Its earlier `action`, anybody's, has the same value in the field `by`, at most `at_most` ms before."""

    action: str
    by: str
    at_most: int


@dataclass(frozen=True, slots=True)
class EarnRule:
    """Gives `points`, once or `for_each`; with `soon_after`, only soon after that earlier action."""

    id: str
    wallet: str
    points: int
    for_each: PerMoney | None
    limit: Limit | None
    soon_after: SoonAfter | None = None


@dataclass(frozen=True, slots=True)
class MultiplyRule:
    """Multiplies what the action earns in `wallet`."""

    id: str
    wallet: str
    factor: Fraction
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class ReferralRule:
    """Who refers gets `points`, and the friend `friend` (0: nothing), once the friend first does `after`.

    `limit`: of what who refers gets, by the day of the referral.
    """

    id: str
    wallet: str
    points: int
    friend: int
    after: str
    limit: Limit | None


PointsRule = Union[EarnRule, MultiplyRule]


class FiredRules(NamedTuple):
    """The rules that concern one action, each sorted by id.

    `soon_after`: those that earn if their earlier action was; they are not in `earn`.
    """

    earn: tuple[EarnRule, ...] = ()
    multiply: tuple[MultiplyRule, ...] = ()
    soon_after: tuple[EarnRule, ...] = ()


NOTHING_FIRED = FiredRules()


def _fired(rules: tuple[PointsRule, ...]) -> FiredRules:
    earn = [rule for rule in rules if isinstance(rule, EarnRule)]
    return FiredRules(
        tuple(rule for rule in earn if rule.soon_after is None),
        tuple(rule for rule in rules if isinstance(rule, MultiplyRule)),
        tuple(rule for rule in earn if rule.soon_after),
    )


@dataclass(frozen=True)
class PointsRules:
    """What an action earns. `wallets` always holds `points`; `metrics` are those that conditions read.

    `transfers`: what members may send to each other, by wallet; none of a wallet that is not there.
    `referrals`: what a referral promises. `referral_triggers`: the actions of a friend that make it paid.
    `subjects_of`: of an action that a rule's `soon_after` names, the fields by which later ones find it.
    `longest_wait`: the most ms that any such rule lets pass.
    """

    wallets: frozenset[str]
    stacking: Stacking
    by_action: dict[str, Guarded[PointsRule, FiredRules]]
    metrics: MetricRules
    transfers: Mapping[str, TransferRule] = field(default_factory=dict)
    referrals: dict[str, Guarded[ReferralRule, tuple[ReferralRule, ...]]] = field(default_factory=dict)
    referral_triggers: frozenset[str] = frozenset()
    subjects_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    longest_wait: int = 0

    def rules_for(self, action: Action, member: MemberFacts) -> FiredRules:
        """The rules whose condition is true of this action; all conditions in one evaluation."""
        rules = self.by_action.get(action.type)
        return rules.select(action.fields, action.occurred_at, member) if rules else NOTHING_FIRED

    def referrals_for(self, action: Action, member: MemberFacts) -> tuple[ReferralRule, ...]:
        """What a referral promises, by rule id; nothing for any other action."""
        rules = self.referrals.get(action.type)
        return rules.select(action.fields, action.occurred_at, member) if rules else ()


def build_points(file: PointsFile, scope: Scope) -> PointsRules:
    """The rules that this version acts on, of a file without errors."""
    acting = [entry for entry in sorted(file.rules, key=lambda rule: rule.id) if entry.acts]
    by_action: dict[str, list[Guard[PointsRule]]] = _guards(acting, _rule, scope)
    referrals: dict[str, list[Guard[ReferralRule]]] = _guards(acting, _referral, scope)
    guards = [guard for each in by_action.values() for guard in each]
    promises = referrals.get(REFERRAL, [])
    return PointsRules(
        frozenset({POINTS, *file.wallets}),
        file.stacking.multiply,  # type: ignore[arg-type]  # `words` allows no other
        {on: Guarded(each, scope.vocabularies[on], _fired) for on, each in by_action.items()},
        scope.metrics.only(metrics_of([*guards, *promises])),
        build_transfers(file),
        {on: Guarded(each, scope.vocabularies[on], tuple) for on, each in referrals.items()},
        frozenset(promise.item.after for promise in promises),
        _subjects_of(guard.item for guard in guards),
        max((each.at_most for each in map(_soon_after, guards) if each), default=0),
    )


def _guards(
    entries: Iterable[RuleEntry], build: Callable[[RuleEntry], Rule | None], scope: Scope
) -> dict[str, list[Guard[Rule]]]:
    """Those of which `build` makes a rule, by action, each under its condition and dates."""
    guards: dict[str, list[Guard[Rule]]] = {}
    for entry in entries:
        if rule := build(entry):
            guards.setdefault(entry.on, []).append(Guard(rule, entry.when, scope.window(entry.during)))
    return guards


def _rule(entry: RuleEntry) -> PointsRule | None:
    if entry.on == REFERRAL:
        return None
    limit = _limit(entry)
    if isinstance(entry, MultiplyRuleEntry):
        return MultiplyRule(entry.id, POINTS, entry.multiply, limit)
    earn, soon = _earn(entry), entry.soon_after
    for_each = PerMoney(AMOUNT, earn.for_each[0]) if isinstance(earn.for_each, tuple) else None
    soon_after = SoonAfter(soon.action, soon.by, soon.at_most) if soon else None
    return EarnRule(entry.id, earn.wallet, earn.points, for_each, limit, soon_after)


def _referral(entry: RuleEntry) -> ReferralRule | None:
    if entry.on != REFERRAL:
        return None
    earn = _earn(entry)
    return ReferralRule(entry.id, earn.wallet, earn.points, earn.friend or 0, earn.after, _limit(entry))


def _earn(entry: RuleEntry) -> EarnPointsEntry:
    assert isinstance(entry, EarnRuleEntry), "a rule says either; nothing multiplies a referral"
    assert isinstance(entry.earn, EarnPointsEntry), "bands are not acted on"
    return entry.earn


def _soon_after(guard: Guard[PointsRule]) -> SoonAfter | None:
    return guard.item.soon_after if isinstance(guard.item, EarnRule) else None


def _limit(entry: RuleEntry) -> Limit | None:
    return Limit(entry.limit.points, entry.limit.times) if entry.limit else None


def _subjects_of(rules: Iterable[PointsRule]) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, set[str]] = {}
    for rule in rules:
        if isinstance(rule, EarnRule) and (soon := rule.soon_after):
            fields.setdefault(soon.action, set()).add(soon.by)
    return MappingProxyType({action: tuple(sorted(names)) for action, names in sorted(fields.items())})
