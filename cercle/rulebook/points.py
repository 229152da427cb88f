"""What earns points, what multiplies them, and how much of it a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, Union

from cercle.domain.action import Action
from cercle.rulebook.codes import Code
from cercle.rulebook.conditions import Guarded, MemberFacts
from cercle.rulebook.files.points import POINTS, EarnEntry, PointsFile, RuleEntry
from cercle.rulebook.scope import Scope
from cercle.rulebook.source import Block

AMOUNT = "amount"
"""The money field that `for_each: 1 USD` counts."""

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
    """What an action earns. `wallets` always holds `points`."""

    wallets: frozenset[str]
    stacking: Stacking
    by_action: dict[str, Guarded[PointsRule, FiredRules]]

    def rules_for(self, action: Action, member: MemberFacts) -> FiredRules:
        """The rules whose condition is true of this action; all conditions in one evaluation."""
        rules = self.by_action.get(action.type)
        return rules.select(action.fields, action.occurred_at, member) if rules else NOTHING_FIRED


def check_points(block: Block, file: PointsFile | None, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    rules = block.blocks("rules")
    scope.unique_ids(rules)
    for rule in rules:
        scope.trigger(rule, "on")
    wallets = block.keys_below("wallets") | {POINTS}
    for entry in file.rules if file else ():
        if entry.earn:
            _check_earn(entry.earn, entry.on, wallets, scope)


def _check_earn(earn: EarnEntry, on: str, wallets: frozenset[str], scope: Scope) -> None:
    if earn.wallet not in wallets:
        place = earn.block.at("in")
        scope.findings.wrong_word(
            Code.UNKNOWN_WALLET, place, f"`{earn.wallet}` is not a wallet", earn.wallet, wallets
        )
    if not earn.for_each:
        return
    place = earn.block.at("for_each")
    if scope.currency and earn.for_each[1] != scope.currency:
        scope.findings.error(
            Code.WRONG_CURRENCY, place, f"the club's currency is {scope.currency}, not {earn.for_each[1]}"
        )
    action = (scope.actions or {}).get(on)
    if action and on not in scope.broken and action.fields.get(AMOUNT) != "money":
        scope.findings.error(
            Code.WRONG_FIELD,
            place,
            f"`for_each` counts the money field `{AMOUNT}`, which `{on}` does not have",
        )


def build_points(file: PointsFile, scope: Scope) -> PointsRules:
    """The rules, of a file without errors."""
    by_action: dict[str, list[tuple[PointsRule, str | None]]] = {}
    for entry in sorted(file.rules, key=lambda rule: rule.id):
        by_action.setdefault(entry.on, []).append((_rule(entry), entry.when))
    return PointsRules(
        frozenset({POINTS, *file.wallets}),
        file.stacking.multiply,  # type: ignore[arg-type]  # `words` allows no other
        {on: _guarded(rules, on, scope) for on, rules in by_action.items()},
    )


def _guarded(
    rules: Sequence[tuple[PointsRule, str | None]], on: str, scope: Scope
) -> Guarded[PointsRule, FiredRules]:
    return Guarded(rules, scope.vocabularies[on], _fired)


def _rule(entry: RuleEntry) -> PointsRule:
    limit = Limit(entry.limit.points, entry.limit.times) if entry.limit else None
    if entry.multiply is not None:
        return MultiplyRule(entry.id, POINTS, entry.multiply, limit)
    assert entry.earn is not None, "a rule says either"
    for_each = PerMoney(AMOUNT, entry.earn.for_each[0]) if entry.earn.for_each else None
    return EarnRule(entry.id, entry.earn.wallet, entry.earn.points, for_each, limit)
