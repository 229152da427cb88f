"""What people write in conditions who know other languages, or type text in a word processor.

Told by the tokens alone, of a condition that CEL refused: `=` for `==`, `and`, curly quotes,
`50 EUR`, `10%`, `["web", "app"]` in round brackets.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import Problem, Token, span, text_at
from cercle.rulebook.conditions.words import TEXT_METHODS, VALUES, Words
from cercle.rulebook.spelling import money_meant

_SIGNS = MappingProxyType(
    {
        "=": "==",
        "===": "==",
        "!==": "!=",
        "<>": "!=",
        "≠": "!=",
        "=>": ">=",
        "≥": ">=",
        "=<": "<=",
        "≤": "<=",
        "&": "&&",
        "|": "||",
        "¬": "!",
        "×": "*",
        "÷": "/",
        "–": "-",
        "—": "-",
    }
)
_WORDS = MappingProxyType(
    {
        "et": "&&",
        "und": "&&",
        "ou": "||",
        "oder": "||",
        "pas": "!",
        "est": "==",
        "and": "&&",
        "or": "||",
        "not": "!",
        "is": "==",
        "equals": "==",
        "xor": "!=",
        "plus": "+",
        "minus": "-",
    }
)
_CONSTANTS = MappingProxyType({"yes": "true", "no": "false", "on": "true", "off": "false"})
_QUOTES = frozenset("“”„«»‘’`´")
_CURRENCY_SIGNS = frozenset("€$£¥")
_CURRENCY_MARKS = "€$£¥ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ENDS_A_VALUE = frozenset((")", "]"))

Slip = Callable[[Sequence[Token], int, Words], Problem | None]


def slips(found: Sequence[Token], words: Words) -> list[Problem]:
    """Those of the condition with these tokens; each place has one."""
    problems: list[Problem] = []
    for index in range(len(found)):
        told = problems[-1].offset + problems[-1].length if problems else 0
        if found[index].offset >= told:
            problem = next((each for slip in _SLIPS if (each := slip(found, index, words))), None)
            problems += [problem] if problem else []
    return problems


def _kind(found: Sequence[Token], index: int) -> str:
    return found[index].kind if 0 <= index < len(found) else ""


def _sign(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    token = found[index]
    if token.kind != "sign" or token.text not in _SIGNS:
        return None
    return token.problem(
        Code.CONDITION_SIGN, f"`{token.text}` means nothing here; write `{_SIGNS[token.text]}`"
    )


def _quotes(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    """A text in the quotes of a word processor: the opening one, the text, the closing one."""
    if found[index].text not in _QUOTES:
        return None
    last = next((at for at in range(index + 1, len(found)) if found[at].text in _QUOTES), index)
    written = found[index + 1].text if last == index + 2 else "web"
    example = f'"{written}"' if last == index + 2 else f'as in "{written}"'
    sentence = f"these quotes are not understood here; write straight ones, {example}"
    return _spanning(found[index], found[last], sentence)


def _word(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    """`and`, `is`, `contains`... between two values, as if they were signs."""
    token = found[index]
    if token.kind != "name" or text_at(found, index - 1) == "." or token.text in words.variables:
        return None
    word = token.text.lower()
    after_value = _kind(found, index - 1) in VALUES or text_at(found, index - 1) in _ENDS_A_VALUE
    if word == "is" and text_at(found, index + 1).lower() == "not":
        return _spanning(found[index], found[index + 1], "write `!=` for `is not`")
    if word == "not" and text_at(found, index + 1).lower() == "in":
        sentence = f'`not in` is written with `!` before parentheses, as in !({words.text} in ["web", "app"])'
        return _spanning(found[index], found[index + 1], sentence)
    if word in _WORDS and (after_value or word in ("not", "pas")):
        return token.problem(Code.CONDITION_SIGN, f"write `{_WORDS[word]}` for `{token.text}`")
    if after_value and word == "between":
        sentence = (
            f"`between` is written as two comparisons, as in {words.number} >= 2 && {words.number} <= 5"
        )
        return token.problem(Code.CONDITION_SIGN, sentence)
    method = next((each for each in TEXT_METHODS if each.lower() == word), "")
    if after_value and method:
        sentence = f'`{method}` follows a point, its text in parentheses: {words.text}.{method}("web")'
        return token.problem(Code.CONDITION_FUNCTION, sentence)
    return None


def _spanning(first: Token, last: Token, sentence: str, code: Code = Code.CONDITION_SIGN) -> Problem:
    return Problem(first.offset, code, sentence, length=span(first, last))


def _needless(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    token = found[index]
    if index == 0 and token.text.lower() in ("if", "when", "where") and token.text not in words.variables:
        sentence = f"a condition begins without `{token.text}`; write only what must be true"
        return token.problem(Code.CONDITION_SIGN, sentence)
    return None


def _constant(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    token = found[index]
    if token.kind != "name" or token.text in words.variables or text_at(found, index - 1) == ".":
        return None
    word = token.text.lower()
    if word in ("true", "false") and token.text != word:
        return token.problem(Code.CONDITION_SIGN, f"write `{word}` for `{token.text}`")
    if word in _CONSTANTS and text_at(found, index - 1) in ("==", "!="):
        return token.problem(Code.CONDITION_SIGN, f"write `{_CONSTANTS[word]}` for `{token.text}`")
    return None


def _date(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    """`2026-12-24` without quotes, which is a subtraction."""
    parts = found[index : index + 5]
    if len(parts) < 5 or span(parts[0], parts[4]) != sum(len(each.text) for each in parts):
        return None
    year, dash, month, second, day = (each.text for each in parts)
    if (dash, second) != ("-", "-") or not (year + month + day).isdigit() or len(year) != 4 or len(day) > 2:
        return None
    sentence = (
        "a date stands in quotes, and is compared with the club's own date: "
        f'local(occurred_at).date >= "{year}-{month.zfill(2)}-{day.zfill(2)}"; or give the rule `during`'
    )
    return _spanning(parts[0], parts[4], sentence, Code.CONDITION_TIME)


def _amount(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    """`50 EUR`, `50€`, `$50`, `49,90`."""
    first = index
    last = first + 1 if text_at(found, index) in _CURRENCY_SIGNS else first
    if _kind(found, last) != "number":
        return None
    last += 2 if _goes_on_after_a_comma(found, last) else 0
    if _is_currency(found, last + 1):
        last += 1
    if first == last:
        return None
    written = "".join(token.text for token in found[first : last + 1])
    meant = money_meant(written.strip(_CURRENCY_MARKS), words.usual_currency)
    comma = "," in written and not any(sign.isalpha() or sign in _CURRENCY_SIGNS for sign in written)
    money = f'money("{meant}")' if meant else words.example
    sentence = (
        f"a number has a point and not a comma; an amount of money is written {money}"
        if comma
        else f"an amount is written {money}"
    )
    return _spanning(found[first], found[last], sentence, Code.CONDITION_AMOUNT)


def _goes_on_after_a_comma(found: Sequence[Token], index: int) -> bool:
    after = found[index + 1 : index + 3]
    if [token.text for token in after[:1]] != [","] or _kind(found, index + 2) != "number":
        return False
    return found[index].end + 1 == after[1].offset and not _in_a_list(found, index)


def _is_currency(found: Sequence[Token], index: int) -> bool:
    text = text_at(found, index)
    return text in _CURRENCY_SIGNS or (
        text.isascii() and text.isalpha() and text.isupper() and len(text) == 3 and text.lower() not in _WORDS
    )


def _in_a_list(found: Sequence[Token], index: int) -> bool:
    """Whether token `index` is in brackets or in a call's parentheses, where a comma parts two values."""
    depth = 0
    for at in range(index - 1, -1, -1):
        text = found[at].text
        if text in (")", "]", "}"):
            depth += 1
        elif text in ("(", "[", "{"):
            if depth == 0:
                return text != "(" or _kind(found, at - 1) == "name"
            depth -= 1
    return False


def _percent(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    if text_at(found, index) != "%" or _kind(found, index - 1) != "number":
        return None
    if _kind(found, index + 1) in VALUES or text_at(found, index + 1) in ("(", "-"):
        return None  # a remainder: 7 % 2
    sentence = (
        "conditions do not reckon in percent; write the amount or the number itself, "
        f"as in {words.example} or 10"
    )
    return _spanning(found[index - 1], found[index], sentence)


def _list_in_parentheses(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    if text_at(found, index) != "(" or text_at(found, index - 1) != "in":
        return None
    inside = []
    for token in found[index + 1 :]:
        if token.text == ")":
            break
        inside.append(token)
    if not any(token.text == "," for token in inside):
        return None
    written = ", ".join(token.text for token in inside if token.text != ",")
    return found[index].problem(Code.CONDITION_SIGN, f"a list stands in square brackets: in [{written}]")


def _foreign_name(found: Sequence[Token], index: int, words: Words) -> Problem | None:
    token = found[index]
    if token.kind != "name" or token.text.isascii():
        return None
    if text_at(found, index - 1) in ("==", "!=") or not words.subject:
        return token.problem(Code.CONDITION_FIELD, f'a text stands in quotes: "{token.text}"')
    sentence = f"`{token.text}` is not a field of {words.subject}"
    return token.problem(Code.CONDITION_FIELD, sentence, token.text, tuple(words.variables))


_SLIPS: tuple[Slip, ...] = (
    _date,
    _amount,
    _percent,
    _list_in_parentheses,
    _quotes,
    _sign,
    _needless,
    _word,
    _constant,
    _foreign_name,
)
