"""points.yaml: what members may send to each other."""

import pytest

from cercle.rulebook import PeriodLimit, TransferRule
from tests.unit.rulebook.small_club import small_club


def transfers(said: str) -> dict[str, TransferRule]:
    """Of a club whose wallet `points` says this."""
    return dict(small_club(points=f"wallets: {{points: {{{said}}}}}").points.transfers)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("transfer: allowed", TransferRule(None, None)),
        ("transfer: {}", TransferRule(None, None)),
        ("transfer: {at_most: 500 points}", TransferRule(500, None)),
        (
            "transfer: {limit: {points: 1000, per: day}}",
            TransferRule(None, PeriodLimit(1000, None, "day")),
        ),
        (
            "transfer: {at_most: 1000 points, limit: {points: 1000, per: life}}",
            TransferRule(1000, PeriodLimit(1000, None, "life")),
        ),
    ],
)
def test_what_a_wallet_says_of_transfers_is_a_rule(said: str, rule: TransferRule) -> None:
    """Both limits may be left out; the most of one transfer may be all that the period allows."""
    assert transfers(said) == {"points": rule}


@pytest.mark.parametrize("per", ["day", "week", "month", "year", "life"])
def test_every_period_of_the_calendar_is_acted_on(per: str) -> None:
    """Nothing is told of it."""
    rulebook = small_club(points=f"wallets: {{points: {{transfer: {{limit: {{times: 3, per: {per}}}}}}}}}")
    assert rulebook.inactive == ()
    assert rulebook.points.transfers["points"].limit == PeriodLimit(None, 3, per)


def test_a_wallet_that_does_not_say_it_allows_none() -> None:
    """Neither `points`, which every club has, nor any other."""
    wallets = "wallets: {karma: {expires: never}, coins: {transfer: allowed}}"
    assert dict(small_club(points=wallets).points.transfers) == {"coins": TransferRule()}
    assert not small_club().points.transfers


def test_without_the_limit_that_was_meant_nothing_is_sent() -> None:
    """A limit that rolls is not acted on, and says so: points are money."""
    rulebook = small_club(
        points="wallets: {points: {transfer: {at_most: 5 points, limit: {points: 9, per: 30 days}}}}"
    )
    (warning,) = rulebook.inactive
    assert warning.sentence == (
        "this version of Cercle does not act on `per: 30 days` yet: members cannot send these points"
    )
    assert not rulebook.points.transfers


def test_both_spellings_without_limits_are_one_version_and_a_wallet_without_is_another() -> None:
    """`transfer: {}` says the same as `transfer: allowed`."""
    one, other, none = (
        small_club(points=f"wallets: {{points: {{{said}}}}}").version
        for said in ("transfer: {}", "transfer: allowed", "expires: never")
    )
    assert one == other != none
