"""A condition's text before CEL sees it: its tokens, and its amounts of money as minor units.

`money("50 USD")` becomes the unsigned literal `5000u`, padded to the same length: columns stay
true and evaluation has nothing left to call. It is the only way to write an amount: unsigned
literals and `uint` are refused, so that an amount never meets a bare number.
"""

import re
from dataclasses import dataclass

from cercle.rulebook.codes import Code
from cercle.rulebook.money import MOST_MINOR_UNITS, format_money, parse_money

_TOKEN = re.compile(
    r'''(?P<space>\s+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<unsigned>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    |(?P<number>0x[0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[=!<>]=|.)''',
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a condition. `offset` and `length` in characters; `word` and `allowed` give the nearest word."""

    offset: int
    code: Code
    sentence: str
    word: str = ""
    allowed: tuple[str, ...] = ()
    length: int = 1


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    offset: int


def tokens(text: str) -> list[Token]:
    """All but blanks and comments."""
    found = (Token(match.lastgroup or "", match[0], match.start()) for match in _TOKEN.finditer(text))
    return [token for token in found if token.kind != "space"]


def names_in(text: str) -> frozenset[str]:
    """Every word that could be a variable."""
    return frozenset(token.text for token in tokens(text) if token.kind == "name")


def spell_out_money(text: str, currency: str | None) -> tuple[str, list[Problem]]:
    """The text that CEL gets, of the same length. `currency` None: not known, so not judged."""
    problems: list[Problem] = []
    found = tokens(text)
    spelled = text
    for index, token in enumerate(found):
        if token.kind == "unsigned":
            amount = _in_currency(token.text[:-1], currency or "USD")
            problems.append(
                Problem(token.offset, Code.CONDITION_UNREADABLE, f'an amount is written money("{amount}")')
            )
        elif token.kind == "name" and token.text == "uint":
            problems.append(
                Problem(
                    token.offset,
                    Code.CONDITION_UNREADABLE,
                    f'an amount is written money("50 {currency or "USD"}")',
                )
            )
        elif token.kind == "name" and token.text == "money":
            spelled = _spell_out(spelled, found[index : index + 4], currency, problems)
    return spelled, problems


def _in_currency(digits: str, currency: str) -> str:
    plain = digits.isdigit() and len(digits) < 16
    return format_money(int(digits), currency) if plain else f"50 {currency}"


def _spell_out(text: str, call: list[Token], currency: str | None, problems: list[Problem]) -> str:
    signs = [token.text for token in call]
    if len(call) < 4 or signs[1] != "(" or call[2].kind != "text" or signs[3] != ")":
        problems.append(
            Problem(
                call[0].offset,
                Code.CONDITION_UNREADABLE,
                f'money takes one text, as in money("50 {currency or "USD"}")',
            )
        )
        return text
    money = parse_money(call[2].text[1:-1])
    start, end = call[0].offset, call[3].offset + 1
    if money is None or not 0 <= money[0] <= MOST_MINOR_UNITS:
        sentence = f'{call[2].text} is not an amount of money such as "50 {currency or "USD"}"'
        problems.append(Problem(call[2].offset, Code.CONDITION_UNREADABLE, sentence))
    elif currency and money[1] != currency:
        problems.append(
            Problem(
                call[2].offset,
                Code.CONDITION_UNREADABLE,
                f"the club's currency is {currency}, not {money[1]}",
            )
        )
    units = money[0] if money and 0 <= money[0] <= MOST_MINOR_UNITS else 0
    return text[:start] + f"{units}u".ljust(end - start) + text[end:]
