"""How points are shared out over rules: laws of the arithmetic, for any rules."""

from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from cercle.rulebook import EarnRule, FiredRules, MultiplyRule
from services.points import earning
from tests.unit.points.club import purchase

STACKINGS = st.sampled_from(["best", "add", "product"])
FACTORS = st.fractions(min_value=Fraction(13, 12), max_value=5, max_denominator=12)
EARNS = st.lists(st.integers(0, 1000), min_size=1, max_size=5).map(
    lambda points: tuple(
        EarnRule(id=f"e{index}", wallet="points", points=value, for_each=None, limit=None)
        for index, value in enumerate(points)
    )
)
MULTIPLIES = st.lists(FACTORS, max_size=4).map(
    lambda factors: tuple(
        MultiplyRule(id=f"m{index}", wallet="points", factor=factor, limit=None)
        for index, factor in enumerate(factors)
    )
)


def shared(earn: tuple[EarnRule, ...], multiply: tuple[MultiplyRule, ...], stacking: str) -> dict[str, int]:
    """Rule id to share."""
    fired = FiredRules(earn=earn, multiply=multiply)
    return {rule.id: share for rule, share in earning.shares(fired, "points", purchase("o", 0), stacking)}


def reference_factor(factors: list[Fraction], stacking: str) -> Fraction:
    """The combined factor, as the rules' language words it."""
    if not factors:
        return Fraction(1)
    if stacking == "best":
        return sorted(factors)[-1]
    total = Fraction(1)
    for factor in factors:
        total = total * factor if stacking == "product" else total + factor - 1
    return total


@given(EARNS, MULTIPLIES, STACKINGS)
def test_shares_sum_to_the_floor_of_the_product(
    earn: tuple[EarnRule, ...], multiply: tuple[MultiplyRule, ...], stacking: str
) -> None:
    """The sum of the earn rules times the combined factor, floored once."""
    factor = reference_factor([rule.factor for rule in multiply], stacking)
    whole = floor(sum(rule.points for rule in earn) * factor)
    assert sum(shared(earn, multiply, stacking).values()) == whole


@given(EARNS, MULTIPLIES, STACKINGS)
def test_no_share_is_negative_and_extras_leave_the_base_alone(
    earn: tuple[EarnRule, ...], multiply: tuple[MultiplyRule, ...], stacking: str
) -> None:
    """Each earn rule has exactly what it gives by itself, whatever multiplies it."""
    found = shared(earn, multiply, stacking)
    assert min(found.values()) >= 0
    assert all(found[rule.id] == rule.points for rule in earn)


@given(EARNS, MULTIPLIES, STACKINGS, st.data())
def test_order_changes_no_share(
    earn: tuple[EarnRule, ...], multiply: tuple[MultiplyRule, ...], stacking: str, data: st.DataObject
) -> None:
    """Ties go by rule id, not by place."""
    again = shared(
        tuple(data.draw(st.permutations(earn))), tuple(data.draw(st.permutations(multiply))), stacking
    )
    assert again == shared(earn, multiply, stacking)


@given(EARNS, MULTIPLIES, STACKINGS)
def test_each_share_is_its_exact_share_rounded(
    earn: tuple[EarnRule, ...], multiply: tuple[MultiplyRule, ...], stacking: str
) -> None:
    """Largest remainder gives nobody less than the floor, nor more than one above it."""
    if not multiply:
        return
    base = [(rule, rule.points) for rule in earn]
    exact = earning.exact_shares(base, multiply, stacking)
    found = shared(earn, multiply, stacking)
    assert all(0 <= found[rule.id] - floor(share) <= 1 for rule, share in exact)
    assert all(found[rule.id] == share for rule, share in exact if share.denominator == 1)
