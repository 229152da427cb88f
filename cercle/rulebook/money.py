"""Money as marketers and brands write it, `42.90 USD`, to a whole number of minor units."""

import re

MOST_MINOR_UNITS = 10**12
"""The largest amount of one action or rule."""

_MONEY = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))? ([A-Z]{3})")
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS_OF = {currency: digits for digits, currencies in _DIGITS.items() for currency in currencies.split()}


def minor_digits(currency: str) -> int:
    """Digits after the point by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DIGITS_OF.get(currency, 2)


def parse_money(text: str) -> tuple[int, str] | None:
    """`42.90 USD` is (4290, "USD"). None: not money, or finer than the currency's minor unit."""
    match = _MONEY.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction, currency = match.groups()
    digits = minor_digits(currency)
    if fraction is not None and len(fraction) != digits:
        return None
    units = int(whole) * 10**digits + int(fraction or 0)
    return (-units if sign else units), currency


def format_money(minor_units: int, currency: str) -> str:
    """(4290, "USD") is `42.90 USD`."""
    digits = minor_digits(currency)
    if not digits:
        return f"{minor_units} {currency}"
    return f"{minor_units // 10**digits}.{minor_units % 10**digits:0{digits}d} {currency}"
