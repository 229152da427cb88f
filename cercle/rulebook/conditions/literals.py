"""Texts in conditions that are sound to CEL and can never be meant: `"saturday"`, `"24/12/2026"`."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from cel_expr_python import cel

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import COMPARISONS, Problem, Token
from cercle.rulebook.diagnostics import nearest
from cercle.rulebook.spelling import dates_meant
from cercle.rulebook.times import DAYS

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CHECKED = {"duration": "duration({})", "timestamp": "timestamp({})", "matches": '"".matches({})'}


def wrong_literals(found: Sequence[Token]) -> list[Problem]:
    """Of the condition with these tokens."""
    problems: list[Problem] = []
    for index, token in enumerate(found):
        if token.kind != "name":
            continue
        if token.text in _CHECKED:
            problems += _wrong_call(found[index : index + 4])
        elif token.text in ("weekday", "date") and _of_local(found[:index]):
            judge = _wrong_weekday if token.text == "weekday" else _wrong_date
            problems += (problem for text in _compared(found[index + 1 :]) if (problem := judge(text)))
    return problems


def _of_local(before: Sequence[Token]) -> bool:
    return [token.text for token in before[-2:]] == [")", "."]


def _compared(after: Sequence[Token]) -> Iterator[Token]:
    """The texts that a part of a local time is compared with."""
    sign = after[0].text if after else ""
    if sign in COMPARISONS and len(after) > 1:
        yield from (token for token in after[1:2] if token.kind == "text")
    elif sign == "in":
        for token in after[1:]:
            if token.kind == "text":
                yield token
            elif token.text not in ("[", ","):
                return


def _wrong_weekday(token: Token) -> Problem | None:
    word = token.text[1:-1]
    if word in DAYS:
        return None
    near = nearest(word[:3], DAYS)
    meant = f'; write "{near}" for it' if near else ""
    sentence = f"{token.text} is not a weekday; they are {', '.join(DAYS)}{meant}"
    return token.problem(Code.CONDITION_TIME, sentence)


def _wrong_date(token: Token) -> Problem | None:
    text = token.text[1:-1]
    if _DATE.fullmatch(text):
        try:
            date.fromisoformat(text)
        except ValueError:
            sentence = f"{token.text}: there is no such day in the calendar"
            return token.problem(Code.CONDITION_TIME, sentence)
        return None
    meant = [f'"{each}"' for each in dates_meant(text) if " " not in each]
    written = " or ".join(meant) or 'it as in "2026-12-24"'
    sentence = f"{token.text} is not a date; write {written}"
    return token.problem(Code.CONDITION_TIME, sentence)


def _wrong_call(call: Sequence[Token]) -> list[Problem]:
    if len(call) < 4 or call[1].text != "(" or call[2].kind != "text" or call[3].text != ")":
        return []
    name, text = call[0].text, call[2]
    if name == "duration" and re.fullmatch(r"[0-9]{1,6} [a-z]+", text.text[1:-1]):
        return []  # judged where it is spelled out
    if _sound(_CHECKED[name].format(text.text)):
        return []
    sentence = {
        "duration": f'{text.text} is not a length of time; write it as in duration("30 days")',
        "timestamp": f"{text.text} is not a point in time; compare the club's own date instead, as in "
        'local(occurred_at).date >= "2026-12-24"',
        "matches": f"{text.text} is not a pattern that `matches` can read; "
        "`startsWith`, `endsWith` and `contains` take plain texts",
    }[name]
    code = Code.CONDITION_FUNCTION if name == "matches" else Code.CONDITION_TIME
    return [text.problem(code, sentence)]


@cache
def _env() -> cel.Env:
    return cel.NewEnv()


def _sound(call: str) -> bool:
    try:
        return bool(_env().compile(call).eval(_env().Activation({})).type() != cel.Type.ERROR)
    except Exception:
        return True  # CEL cannot even read it, and says so when it checks the whole condition
