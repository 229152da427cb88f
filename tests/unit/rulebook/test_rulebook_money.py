"""Money, as people write it and as the club keeps it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.rulebook.money import format_money, parse_money


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("42.90 USD", (4290, "USD")),
        ("1 USD", (100, "USD")),
        ("-0.05 EUR", (-5, "EUR")),
        ("500 JPY", (500, "JPY")),
        ("1.250 KWD", (1250, "KWD")),
        *(
            (text, None)
            for text in ("42.9 USD", "42.905 USD", "5.00 JPY", "42.90", "USD", "42,90 USD", "1e3 USD")
        ),
        *((text, None) for text in ("", " 1 USD", "1 usd", "1  USD", "+1 USD", "١ USD", "1 USD\n")),
    ],
)
def test_money_is_read_exactly_or_not_at_all(text: str, money: tuple[int, str] | None) -> None:
    """Nothing is rounded: more digits than the currency has is not money."""
    assert parse_money(text) == money


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_what_is_written_is_read_back(minor_units: int, currency: str) -> None:
    """format_money and parse_money are inverse."""
    assert parse_money(format_money(minor_units, currency)) == (minor_units, currency)
