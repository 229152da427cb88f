"""A condition's text before CEL sees it: its tokens, and what Cercle adds to CEL, spelled out.

`money("50 USD")` becomes the unsigned literal `5000u`, `local(occurred_at)` a variable, and
`duration("30 days")` a duration in hours, each padded to the same length: places stay true and
evaluation has nothing left to call. `money` is the only way to write an amount: unsigned
literals and conversions are refused, so that an amount never meets a bare number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from cercle.rulebook.codes import Code
from cercle.rulebook.money import MOST_MINOR_UNITS, format_money, parse_money
from cercle.rulebook.spelling import length_meant, money_meant, number_meant

_TOKEN = re.compile(
    r'''(?P<space>\s+|//[^\n]*)
    |(?P<text>[rRbB]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<unsigned>(?:0x[0-9a-fA-F]+|[0-9]+)[uU](?!\w))
    |(?P<number>0x[0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign>&&|\|\||===|!==|=>|=<|<>|[=!<>]=|.)''',
    re.VERBOSE | re.DOTALL,
)
_UNUSUAL_BLANK = re.compile(r"[^\S \t\r\n\f]")
LOCAL_VARIABLES: Mapping[str, str] = MappingProxyType(
    {"occurred_at": "_local_occurred", "joined_at": "_local_joined"}
)
"""What `local(occurred_at)` and `local(member.joined_at)` are called in the text that CEL gets."""

LONGEST = 10_000
"""Characters of a condition. Of a longer one no more is read: it is refused for its length."""

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
CONVERSIONS = frozenset(("int", "uint", "double", "string", "bytes", "dyn", "type"))
SPELT_OUT = frozenset(("money", "local", "duration", *CONVERSIONS, *LOCAL_VARIABLES.values()))
"""The words that are judged before CEL sees them."""

_HOURS = {"week": 168, "day": 24, "hour": 1}
_LENGTH = re.compile(r"([0-9]{1,6}) (week|day|hour|minute|second)s?")
_CEL_LENGTH = re.compile(r"([0-9]+[hms])+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a condition: `length` characters from `offset`.

    `word` and `allowed` give the nearest word.
    """

    offset: int
    code: Code
    sentence: str
    word: str = ""
    allowed: tuple[str, ...] = ()
    length: int = 1


class Token(NamedTuple):
    """A word, text, number or sign. `offset`: where it begins in the condition."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """Where the next character is."""
        return self.offset + len(self.text)

    @property
    def plain(self) -> str | None:
        """What a text in quotes says; None of all else, and of a text with escapes or in three quotes."""
        text = self.text
        is_plain = self.kind == "text" and text[0] in "\"'" and text[:3] not in ('"""', "'''")
        return text[1:-1] if is_plain and "\\" not in text else None

    def problem(self, code: Code, sentence: str, word: str = "", allowed: tuple[str, ...] = ()) -> Problem:
        """A problem with this token, and no other."""
        return Problem(self.offset, code, sentence, word, allowed, len(self.text))


def tokens(text: str) -> list[Token]:
    """All but blanks and comments."""
    return list(_tokens(text))


@lru_cache(1 << 13)
def _tokens(text: str) -> tuple[Token, ...]:
    """Remembered, since every check of a condition asks again."""
    return tuple(
        Token(kind, match[0], match.start())
        for match in _TOKEN.finditer(text, 0, LONGEST)
        if (kind := match.lastgroup or "") != "space"
    )


def text_at(found: Sequence[Token], index: int) -> str:
    """What the token there says; empty before the first and after the last."""
    return found[index].text if 0 <= index < len(found) else ""


def names_in(text: str) -> frozenset[str]:
    """Every word that could be a variable or a field."""
    return frozenset(token.text for token in tokens(text) if token.kind == "name")


def metrics_in(text: str) -> frozenset[str]:
    """The names after `metrics.`."""
    if "metrics" not in text:
        return frozenset()
    found = tokens(text)
    return frozenset(
        name.text
        for root, dot, name in zip(found, found[1:], found[2:], strict=False)
        if root.text == "metrics" and dot.text == "." and name.kind == "name"
    )


def span(first: Token, last: Token) -> int:
    """Characters from one token to the end of another."""
    return last.end - first.offset


def spell_out(text: str, found: list[Token], currency: str | None) -> tuple[str, list[Problem]]:
    """The text that CEL gets, of the same length. `currency` None: not known, so not judged.

    `found`: the text's tokens.
    """
    spelling = _Spelling(_UNUSUAL_BLANK.sub(" ", text) if not text.isascii() else text, currency)
    for index, token in enumerate(found):
        if token.kind == "unsigned":
            spelling.refuse_unsigned(token)
        elif token.text in SPELT_OUT and (index == 0 or found[index - 1].text != "."):
            spelling.word(found[index : index + 6])
    return spelling.text, spelling.problems


class _Spelling:
    """A text that is being spelled out. Each word comes with the tokens that follow it."""

    def __init__(self, text: str, currency: str | None) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self._currency = currency or "USD"
        self._known = currency is not None

    def refuse_unsigned(self, token: Token) -> None:
        """`5000u`, which is how CEL writes minor units."""
        digits = token.text[:-1]
        plain = digits.isdigit() and len(digits) < 16
        amount = format_money(int(digits), self._currency) if plain else f"50 {self._currency}"
        self._refuse_amount(token, f'an amount is written money("{amount}")')

    def word(self, call: list[Token]) -> None:
        """One of SPELT_OUT, which does not follow a point."""
        name = call[0].text
        called = len(call) > 1 and call[1].text == "("
        if name == "money":
            self._money(call)
        elif name == "local":
            self._local(call)
        elif name in LOCAL_VARIABLES.values():
            sentence = "the club's own date and time is written local(occurred_at)"
            self.problems.append(call[0].problem(Code.CONDITION_FIELD, sentence))
        elif name == "duration" and called:
            self._duration(call)
        elif called:
            self._refuse_conversion(call[0])

    def _refuse_conversion(self, token: Token) -> None:
        if token.text == "uint":
            self._refuse_amount(token, f'an amount is written money("50 {self._currency}")')
            return
        sentence = (
            f"`{token.text}` is not used in conditions: compare a text with a text, a number with a number, "
            f'and an amount with money("50 {self._currency}")'
        )
        self.problems.append(token.problem(Code.CONDITION_FUNCTION, sentence))

    def _refuse_amount(self, token: Token, sentence: str) -> None:
        self.problems.append(token.problem(Code.CONDITION_AMOUNT, sentence))

    def _replace(self, first: Token, last: Token, spelled: str) -> None:
        self.text = self.text[: first.offset] + spelled.ljust(span(first, last)) + self.text[last.end :]

    def _money(self, call: list[Token]) -> None:
        if not _takes_a_text(call):
            self._bad_money_call(call)
            return
        text = call[2]
        money = parse_money(text.text[1:-1])
        self._replace(call[0], call[3], f"{money[0] if money and 0 <= money[0] <= MOST_MINOR_UNITS else 0}u")
        if money is None:
            self._refuse_amount(text, self._wrong_amount(text.text))
        elif money[0] < 0:
            self._refuse_amount(text, "an amount in a condition is not below zero")
        elif money[0] > MOST_MINOR_UNITS:
            self._refuse_amount(text, f"{text.text} is more money than Cercle counts with")
        elif self._known and money[1] != self._currency:
            self._refuse_amount(
                text,
                f"the club's currency is {self._currency}, not {money[1]}; "
                f'write money("{text.text[1:-4]}{self._currency}")',
            )

    def _bad_money_call(self, call: list[Token]) -> None:
        inside = [token.text for token in call[2:5]]
        amount = inside[0] if inside and call[2].kind == "number" else ""
        meant = money_meant(amount, self._currency) or f"50 {self._currency}"
        self._refuse_amount(call[0], f'`money` takes an amount in quotes, as in money("{meant}")')

    def _wrong_amount(self, text: str) -> str:
        meant = money_meant(text[1:-1], self._currency)
        if meant and self._known and not meant.endswith(self._currency):
            meant = f"{meant[:-3]}{self._currency}"
        if meant and number_meant(text[1:-1]):
            return f'{text} lacks the currency; write money("{meant}")'
        if meant:
            return f'{text} is not how an amount of money is written; write money("{meant}")'
        return f'{text} is not an amount of money; write it as in money("50 {self._currency}")'

    def _local(self, call: list[Token]) -> None:
        texts = [token.text for token in call]
        if texts[1:4] == ["(", "occurred_at", ")"]:
            self._replace(call[0], call[3], LOCAL_VARIABLES["occurred_at"])
        elif texts[1:6] == ["(", "member", ".", "joined_at", ")"]:
            self._replace(call[0], call[5], LOCAL_VARIABLES["joined_at"])
        else:
            sentence = (
                "`local` tells the club's own date and time of `occurred_at` or of `member.joined_at` only, "
                "as in local(occurred_at).hour"
            )
            self.problems.append(call[0].problem(Code.CONDITION_TIME, sentence))

    def _duration(self, call: list[Token]) -> None:
        if not _takes_a_text(call):
            return
        text = call[2].text[1:-1]
        if match := _LENGTH.fullmatch(text):
            count, unit = int(match[1]), match[2]
            spelled = f"{count * _HOURS[unit]}h" if unit in _HOURS else f"{count}{unit[0]}"
            quoted = f'duration("{spelled}")'
            self._replace(call[0], call[3], quoted)
        elif not _CEL_LENGTH.fullmatch(text) and (meant := length_meant(text, (*_HOURS, "minute", "second"))):
            sentence = f'{call[2].text} is not a length of time; write duration("{meant}")'
            self.problems.append(call[2].problem(Code.CONDITION_TIME, sentence))


def _takes_a_text(call: list[Token]) -> bool:
    return len(call) > 3 and call[1].text == "(" and call[2].kind == "text" and call[3].text == ")"
