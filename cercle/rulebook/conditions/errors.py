"""CEL's errors in the marketer's words, each at the token that is to blame.

CEL says `found no matching overload for '_>_' applied to '(uint, int)'`; a marketer reads that
an amount is compared with a bare number, and how to write the amount. Nothing of what CEL says
is passed on.
"""

import re
from collections.abc import Sequence

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.names import no_part, undeclared, undefined_field
from cercle.rulebook.conditions.text import COMPARISONS, Problem, Token
from cercle.rulebook.conditions.types import no_overload
from cercle.rulebook.conditions.words import Around, Words, describe_type

_ERROR = re.compile(r"ERROR: <input>:([0-9]+):([0-9]+): (.*)")
_BETWEEN = frozenset((*COMPARISONS, "&&", "||", "*", "/", "%", "+"))
_UNDERSTOOD = "this condition cannot be understood"


def translate(error: str, text: str, found: Sequence[Token], spelled: str, words: Words) -> list[Problem]:
    """CEL's message about `text`, which it got as `spelled` (of the same length). `found`: the text's tokens.

    A syntax error hides what follows it: then only the first one counts.
    """
    around = Around(text, found)
    located = [
        (_offset(spelled, int(match[1]), int(match[2])), match[3].removesuffix(" [INVALID_ARGUMENT]"))
        for match in _ERROR.finditer(error)
        if "*error*" not in match[3]  # follows from another error
    ]
    if not located:
        return [too_long(text) if "limit" in error or "recursion" in error else _whole(text, _UNDERSTOOD)]
    problems = [_problem(offset, message, around, words) for offset, message in located]
    return problems[:1] if "Syntax error" in error else _independent(problems, around)


def _independent(problems: Sequence[Problem], around: Around) -> list[Problem]:
    """One a place, in their order; what is within a call that is wrong itself follows from that."""
    within = []
    for problem in problems:
        if problem.code == Code.CONDITION_FUNCTION:
            first, last = around.after(around.at(problem.offset))
            if first < len(around.found):
                within.append(range(around.found[first].offset, around.found[last].end))
    kept = {each.offset: each for each in problems if not any(each.offset in call for call in within)}
    return [problem for _, problem in sorted(kept.items())]


def _whole(text: str, sentence: str, code: Code = Code.CONDITION_UNREADABLE) -> Problem:
    blank = len(text) - len(text.lstrip())
    return Problem(blank, code, sentence, length=max(1, len(text.strip())))


def too_long(text: str) -> Problem:
    """It goes beyond what CEL can evaluate."""
    sentence = (
        "this condition is too long, or its parentheses are nested too deeply; "
        "write it shorter, or as two rules"
    )
    return _whole(text, sentence, Code.CONDITION_TOO_LONG)


def not_true_or_false(text: str, found: Sequence[Token], kind: str, words: Words) -> Problem:
    """A condition whose value is of another type."""
    whole = " ".join(text.split())
    shown = f"`{whole}`" if len(whole) <= 40 else "this"
    example = _example(whole if len(found) == 1 else "", kind.lower(), words)
    sentence = f"a condition is true or false, and {shown} is {describe_type(kind)}{example}"
    return _whole(text, sentence, Code.CONDITION_NOT_BOOLEAN)


def _example(field: str, kind: str, words: Words) -> str:
    if field in words.records:
        return f"; ask something of its entries, as in {words.entries(field)}"
    comparison = {"uint": f"> {words.example}", "int": "> 0", "string": '== "web"'}.get(kind, "")
    if field in words.fields and comparison:
        return f"; compare it with something, as in {field} {comparison}"
    return f'; compare it with something, as in {words.text} == "web"'


def _offset(text: str, line: int, column: int) -> int:
    before = text.split("\n")[: line - 1]
    return sum(len(each) + 1 for each in before) + column - 1


def _problem(offset: int, message: str, around: Around, words: Words) -> Problem:
    if match := re.match(r"undeclared reference to '(.*?)' ", message):
        return undeclared(match[1].lstrip("."), offset, around, words)
    if match := re.match(r"undefined field '(.*?)' not found in struct '(.*?)'", message):
        return undefined_field(match[1], match[2], offset, around, words)
    if match := re.match(r"expression of type '(.*?)' cannot be the operand of a select", message):
        return no_part(match[1], offset, around, words)
    if match := re.match(r"found no matching overload for '(.*?)' applied to '\((.*)\)'", message):
        return no_overload(match[1], match[2], offset, around, words)
    token = around.found[around.at(offset)] if around.found else Token("sign", " ", offset)
    if match := re.match(r"expression of type '(.*?)' cannot be the range", message):
        value = around.part(around.before(around.at(token.end, ".")))
        sentence = f"`exists` and `all` need a list, and `{value or token.text}` is {describe_type(match[1])}"
        return token.problem(Code.CONDITION_TYPES, sentence)
    if match := re.match(r"reserved identifier: (.*)", message):
        sentence = f"`{match[1]}` cannot be used in a condition: the word is reserved"
        return token.problem(Code.CONDITION_UNREADABLE, sentence)
    if "invalid" in message and "literal" in message:
        return token.problem(Code.CONDITION_TYPES, f"`{token.text}` is too large a number")
    if "has()" in message:
        sentence = '`has` is not needed: a text that is absent reads as "", a number as 0, a list as empty'
        return token.problem(Code.CONDITION_FUNCTION, sentence)
    if "must be a simple identifier" in message:
        sentence = "here stands a name for one entry of the list, without quotes, as in items.exists(i, ...)"
        return token.problem(Code.CONDITION_FUNCTION, sentence)
    if "Syntax error" in message:
        return _syntax(offset, around, words)
    return token.problem(Code.CONDITION_UNREADABLE, f"{_UNDERSTOOD} at `{token.text}`")


def _syntax(offset: int, around: Around, words: Words) -> Problem:
    found = around.found
    if not found:
        return Problem(
            0, Code.CONDITION_UNREADABLE, "the condition is empty", length=max(1, len(around.text))
        )
    quote = next((token for token in found if token.kind == "sign" and token.text in ('"', "'")), None)
    if quote is not None and quote.offset <= offset:
        return quote.problem(Code.CONDITION_UNREADABLE, "this text has no closing quote")
    unclosed = _unclosed(found)
    index = next((index for index, token in enumerate(found) if token.end > offset), None)
    if index is None:
        if unclosed is not None:
            return unclosed.problem(Code.CONDITION_UNREADABLE, f"this `{unclosed.text}` is never closed")
        sentence = f"the condition ends too soon: something must follow `{found[-1].text}`"
        return Problem(len(around.text.rstrip()), Code.CONDITION_UNREADABLE, sentence)
    return found[index].problem(Code.CONDITION_UNREADABLE, _unexpected(found, index, words))


def _unclosed(found: Sequence[Token]) -> Token | None:
    opened: list[Token] = []
    for token in found:
        if token.text in ("(", "[", "{"):
            opened.append(token)
        elif token.text in (")", "]", "}") and opened:
            opened.pop()
    return opened[-1] if opened else None


def _unexpected(found: Sequence[Token], index: int, words: Words) -> str:
    token, before = found[index], found[index - 1] if index else found[index]
    if token.text in (")", "]", "}"):
        return f"this `{token.text}` closes nothing, or comes too early"
    if token.text == ",":
        example = f'{words.text} in ["web", "app"]'
        return f"a comma stands only in lists and calls; several texts are a list, as in {example}"
    if before.kind == token.kind == "number":
        return f"a number is written without blanks: {before.text}{token.text}"
    if before.kind == "text" and before.end == token.offset:
        return f"the text ends at {before.text}; a text that holds such a quote stands in the other quotes"
    if before.kind == "name" and token.kind == "text":
        return f"`{before.text}` takes its text in parentheses, as in {before.text}({token.text})"
    if token.text in _BETWEEN:
        where = f"between `{before.text}` and `{token.text}`" if index else f"before `{token.text}`"
        return f"something must stand {where}"
    if index and {before.kind, token.kind} <= {"number", "text", "name"}:
        return f"between `{before.text}` and `{token.text}` a sign is missing, such as `==` or `&&`"
    return f"{_UNDERSTOOD} from `{token.text}` on"
