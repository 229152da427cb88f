"""points.yaml: what earns points, what multiplies them, and how much of it a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, NamedTuple, Union

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from cercle.domain.action import Action
from cercle.rulebook.conditions import Guarded, MemberFacts
from cercle.rulebook.model import Condition, Entry, Identifier, Money, words
from cercle.rulebook.scope import Scope
from cercle.rulebook.source import Block

MOST_POINTS = 1_000_000
"""Of one rule: with amounts of at most 10**12 minor units, sums stay within 64 bits."""
MOST_FACTOR = 100
AMOUNT = "amount"
"""The money field that `for_each: 1 USD` counts."""
POINTS = "points"
"""The wallet that every club has."""

Stacking = Literal["best", "add", "product"]


def _factor(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise PydanticCustomError("sentence", "this must be a number such as `2` or `1.5`")
    if not 1 < value <= MOST_FACTOR:
        raise PydanticCustomError("sentence", "a multiplier is more than 1 and at most 100")
    return Fraction(value)


Factor = Annotated[
    Fraction, PlainValidator(_factor), PlainSerializer(str), WithJsonSchema({"type": "number"})
]


def _not_by_item(value: object) -> object:
    if value in ("item", "quantity"):
        raise PydanticCustomError("later", "{word}", {"word": value, "allowed": ["1 USD"]})
    return value


Positive = Annotated[int, Field(ge=1, le=MOST_POINTS)]


class WalletEntry(Entry):
    """One wallet."""

    later: ClassVar[frozenset[str]] = frozenset({"pending", "on_refund"})
    expires: Annotated[str, words("never", later=r".+ after earning|P.+|end of .+|[0-9]+ .+")] = "never"


class EarnEntry(Entry):
    """`points`, once or for each whole `for_each` of the amount."""

    later: ClassVar[frozenset[str]] = frozenset({"bands", "nth", "near", "of"})
    points: Positive
    for_each: Annotated[Money, BeforeValidator(_not_by_item)] | None = None
    wallet: Annotated[Identifier, Field(alias="in")] = POINTS


class LimitEntry(Entry):
    """At most so many points, or so many times, in each period."""

    points: Positive | None = None
    times: Positive | None = None
    per: Annotated[str, words("day", later="week|month|year|life|[0-9]+ .+|P.+")]

    @model_validator(mode="after")
    def _one_of(self) -> "LimitEntry":
        if (self.points is None) == (self.times is None):
            raise PydanticCustomError("sentence", "a limit says either `points` or `times`")
        return self


class RuleEntry(Entry):
    """One rule."""

    later: ClassVar[frozenset[str]] = frozenset({"during", "cooldown", "soon_after", "group", "share"})
    id: Identifier
    on: Identifier
    when: Condition | None = None
    earn: EarnEntry | None = None
    multiply: Factor | None = None
    limit: LimitEntry | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "RuleEntry":
        if (self.earn is None) == (self.multiply is None):
            raise PydanticCustomError("sentence", "a rule says either `earn` or `multiply`")
        return self


class StackingEntry(Entry):
    """How several multipliers act together."""

    multiply: Annotated[str, words("best", "add", "product")] = "best"


class PointsFile(Entry):
    """The file."""

    later: ClassVar[frozenset[str]] = frozenset({"goodwill"})
    wallets: dict[Identifier, WalletEntry] = Field(default={})
    rules: list[RuleEntry] = Field(default=[])
    stacking: StackingEntry = StackingEntry()


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
        scope.findings.wrong_word(place, f"`{earn.wallet}` is not a wallet", earn.wallet, wallets)
    if not earn.for_each:
        return
    place = earn.block.at("for_each")
    if scope.currency and earn.for_each[1] != scope.currency:
        scope.findings.error(place, f"the club's currency is {scope.currency}, not {earn.for_each[1]}")
    action = (scope.actions or {}).get(on)
    if action and on not in scope.broken and action.fields.get(AMOUNT) != "money":
        scope.findings.error(
            place, f"`for_each` counts the money field `{AMOUNT}`, which `{on}` does not have"
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
