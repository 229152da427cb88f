"""What an action earns. The order of the rules never matters.

For each wallet: earn rules are summed exactly; multipliers, combined by the club's stacking,
act on that sum; one floor at the end; the result is shared out over the rules by largest
remainder, ties by rule id; then each rule's limit cuts that rule's share.

Shares: an earn rule's is what it gives by itself, and a multiply rule's is its part of the
extra, so that a limit on it cuts the extra and nothing else. Under `best` the extra belongs
to the largest factor; under `add` and `product` it is divided in proportion to what each
factor exceeds 1 (every factor does). Factors of 2 and 1.5 make 2 (best), 2.5 (add), 3 (product).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Union

from cercle.domain.action import Action
from cercle.rulebook import EarnRule, FiredRules, MultiplyRule, Rulebook
from services.points import ledger, limits
from services.points.events import Earned, Grant
from services.points.member import Counted, Member

Rule = Union[EarnRule, MultiplyRule]
Share = tuple[Rule, int]
ExactShare = tuple[Rule, Fraction]


def earned(member: Member, action: Action, fired: FiredRules, rules: Rulebook) -> tuple[Earned, ...]:
    """One event for each wallet in which a rule desired points, by wallet name."""
    if not fired.earn:
        return ()
    day = rules.club.day(action.occurred_at)
    counted = limits.of_day(member, day)
    events = []
    for wallet in sorted({rule.wallet for rule in fired.earn}):
        grants = cut(shares(fired, wallet, action, rules.points.stacking), counted)
        if grants:
            postings = ledger.earned(sum([grant.granted for grant in grants]))
            events.append(Earned(wallet, grants, day, postings))
    return tuple(events)


def shares(fired: FiredRules, wallet: str, action: Action, stacking: str) -> Sequence[Share]:
    """What each rule gives in the wallet before its limit."""
    base = [(rule, points_of(rule, action)) for rule in fired.earn if rule.wallet == wallet]
    multipliers = [rule for rule in fired.multiply if rule.wallet == wallet]
    if not multipliers:
        return base
    return by_largest_remainder(exact_shares(base, multipliers, stacking))


def points_of(rule: EarnRule, action: Action) -> int:
    """What an earn rule gives: its points, or its points for each whole amount, as in "1 USD"."""
    if rule.for_each is None:
        return rule.points
    amount = action.fields.get(rule.for_each.field)
    return rule.points * (amount // rule.for_each.minor_units) if isinstance(amount, int) else 0


def exact_shares(
    base: Sequence[tuple[EarnRule, int]], multipliers: Sequence[MultiplyRule], stacking: str
) -> list[ExactShare]:
    """Shares before the floor: they sum to the base times the combined factor, exactly."""
    if stacking == "best":
        multipliers = [min(multipliers, key=lambda rule: (-rule.factor, rule.id))]
    gains = [(rule, rule.factor - 1) for rule in multipliers]
    gain_of_all = sum((gain for _, gain in gains), Fraction(0))
    factor = prod((rule.factor for rule in multipliers), start=Fraction(1))
    extra = sum(points for _, points in base) * (factor - 1 if stacking == "product" else gain_of_all)
    return [
        *((rule, Fraction(points)) for rule, points in base),
        *((rule, extra * gain / gain_of_all) for rule, gain in gains),
    ]


def by_largest_remainder(exact: Sequence[ExactShare]) -> list[Share]:
    """Whole shares that sum to the floor of the whole: each its own floor, and what is left
    goes point by point to the largest remainders, ties by rule id."""
    floors = {rule.id: share // 1 for rule, share in exact}
    left = sum((share for _, share in exact), Fraction(0)) // 1 - sum(floors.values())
    ranked = sorted(exact, key=lambda item: (floors[item[0].id] - item[1], item[0].id))
    for rule, _ in ranked[:left]:
        floors[rule.id] += 1
    return [(rule, floors[rule.id]) for rule, _ in exact]


def cut(desired: Sequence[Share], counted: Mapping[str, Counted]) -> tuple[Grant, ...]:
    """Each rule's share cut by its limit, by rule id; rules that desired nothing are left out."""
    lines = [
        Grant(rule.id, points, limits.granted(rule.limit, counted.get(rule.id), points))
        for rule, points in desired
        if points > 0
    ]
    lines.sort(key=lambda line: line.rule)
    return tuple(lines)
