"""What a person did wrong where a rules file is no YAML, or YAML that says something else than was meant."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from cercle.rulebook.codes import Code
from cercle.rulebook.spelling import money_meant, number_meant
from cercle.rulebook.text.characters import Mistake, curly, in_quotes

_LONGEST = 110
"""Characters of a corrected line that fits into a sentence."""
_GLUED = re.compile(r"\s*(?:- )?([\w-]+):(?![/\s])\S")
_UNBREAKABLE = re.compile("[:-][\xa0\u2007\u202f]")
_GLUED_ITEM = re.compile(r"\s*-(?!-)[\w{\"]")
_KEY_ONLY = re.compile(r"\s*(?:- )*(['\"]?[\w -]+?['\"]?)\s*")
_VALUE = re.compile(r"\s*(?:- )*[^:]*?: +")
_AFTER_QUOTE = re.compile(r"(?:.*?(?:: +|- |[\[{,] *)|\s*)(\"[^\"]*\"|'[^']*'|\[[^\]]*\]|\{[^}]*\})\s*")
_SEPARATOR = re.compile(r".*(?:: +|[\[{,] *|- )")
_ENTRY_END = re.compile(r"[,}\]\n]")
_COMMENT = re.compile(r"\s+#.*")
_BULLET = re.compile(r" *([•·‣◦▪●○–—−*]) ")
_REMARK = re.compile(r" (#.*)")
_KEY_AND_VALUE = re.compile(r"[a-z_]+: +[^\s:,{}\[\]]+")


def without_value(text: str, start: int, end: int, before: tuple[int, int] | None) -> Mistake:
    """Of a key in braces without a colon; `before`: begin and end of the value before it, if unquoted."""
    key = text[start:end]
    if match := re.fullmatch(r"([\w-]+):(\S.*)", key):
        sentence = f"a blank is missing after the colon; write `{match[1]}: {match[2]}`"
        return Mistake(Code.BAD_KEY, start, end - start, sentence)
    if key.endswith(":"):
        sentence = f"`{key[:-1]}` has no value; write one after the colon, or take the key out"
        return Mistake(Code.MISSING_VALUE, start, end - start, sentence)
    if before and (mistaken := curly(" ".join(text[before[0] : end].split()), before[0])):
        return mistaken
    if key.endswith(":"):
        sentence = f"`{key[:-1]}` has no value; write one after the colon, or take the key out"
        return Mistake(Code.MISSING_VALUE, start, end - start, sentence)
    if before and (mistaken := _comma_in_number(text[before[0] : end], before[0])):
        return mistaken
    if before and text[before[0] : before[1]].isdigit():
        before = None
    if before:
        sentence = "a comma inside braces ends a text; put the text in quotes"
        line = _corrected(text, before[0], end)
        if re.fullmatch(r"[a-z0-9_-]+(?:, *[a-z0-9_-]+)+", text[before[0] : end]):
            line += f", or several words in brackets: `[{text[before[0] : end]}]`"
        return Mistake(Code.WANTS_QUOTES, before[0], end - before[0], f"{sentence}: {line}")
    sentence = f"`{key}` has no value; write a colon and a blank after the key, as in `{{key: value}}`"
    return Mistake(Code.MISSING_VALUE, start, end - start, sentence)


def _comma_in_number(written: str, start: int) -> Mistake | None:
    """Of `1,5` and `42,90 USD` in braces."""
    number, money = number_meant(written), money_meant(written, "")
    if not number and not money:
        return None
    sentence = f"a comma inside braces ends a value; write `{number or money}`"
    return Mistake(Code.BAD_NUMBER if number else Code.BAD_MONEY, start, len(written), sentence)


def misread(text: str, start: int) -> Mistake:
    """Of an anchor, an alias or a tag: a text that begins with `&`, `*` or `!`."""
    end = _value_end(text, start)
    kind = {"&": "anchors (`&name`)", "*": "aliases (`*name`)"}.get(text[start : start + 1], "tags (`!name`)")
    sentence = f"{kind} are not used in rules files; a text that begins so wants quotes: "
    return Mistake(Code.NOT_USED_HERE, start, end - start, sentence + _corrected(text, start, end))


def mistake(text: str, index: int, opened: int, problem: str) -> Mistake:
    """Of a text that a parser gave up at `index`, within what began at `opened`, with its own words."""
    failure = _Failure(text, min(index, len(text)), min(opened, len(text)), problem)
    for rule in _RULES:
        if found := rule(failure):
            return found
    sentence = (
        "this does not fit what stands before it; look for a quote, a bracket or a colon that is missing,"
        " and for blanks at the beginning of the line"
    )
    return Mistake(Code.NOT_YAML, failure.index, max(1, failure.end - failure.index), sentence)


@dataclass(frozen=True)
class _Failure:
    text: str
    index: int
    opened: int
    problem: str

    @cached_property
    def start(self) -> int:
        """Of the line."""
        return self.text.rfind("\n", 0, self.index) + 1

    @cached_property
    def end(self) -> int:
        return _line_end(self.text, self.index)

    @property
    def line(self) -> str:
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        """The line up to the place."""
        return self.text[self.start : self.index]

    @cached_property
    def line_before(self) -> tuple[int, str]:
        """The line above that is not empty, and where it begins."""
        end = self.start - 1
        while end > 0:
            start = self.text.rfind("\n", 0, end) + 1
            if line := self.text[start:end].rstrip():
                return start, line
            end = start - 1
        return 0, ""

    @property
    def sign(self) -> str:
        return self.text[self.index : self.index + 1]


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end


def _value_end(text: str, start: int) -> int:
    """Of an unquoted value: the line's end, or inside braces the next comma or bracket."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    end = _line_end(text, start)
    if line.count("{") + line.count("[") > line.count("}") + line.count("]"):
        match = _ENTRY_END.search(text, start, end)
        end = match.start() if match else end
    elif comment := _COMMENT.search(text, start, end):
        end = comment.start()
    return start + len(text[start:end].rstrip()) or start + 1


def _corrected(text: str, start: int, end: int) -> str:
    """The line with the characters from `start` to `end` in quotes; only these, if it is long."""
    quoted = in_quotes(" ".join(text[start:end].split()))
    line = text[text.rfind("\n", 0, start) + 1 : start] + quoted + text[end : _line_end(text, end)]
    shown = line.strip() if len(line.strip()) <= _LONGEST else quoted
    return f"`{shown}`" if len(shown) <= 2 * _LONGEST else '`"..."`'


def _wants_quotes(failure: _Failure, start: int, why: str) -> Mistake:
    end = max(_value_end(failure.text, start), start + 1)
    sentence = f"{why}: {_corrected(failure.text, start, end)}"
    return Mistake(Code.WANTS_QUOTES, start, end - start, sentence)


def _open_quote(failure: _Failure) -> Mistake | None:
    if "quoted scalar" in failure.problem and "escape" not in failure.problem:
        opened = _odd_quote(failure.text, failure.opened)
    elif failure.before.endswith('"') and failure.before.count('"') % 2:
        opened = _odd_quote(failure.text, failure.start)
    else:
        return None
    if failure.text[opened : opened + 1] not in ("'", '"'):
        return None
    sentence = "the quote that is opened here is not closed in this line"
    return Mistake(Code.NOT_CLOSED, opened, _line_end(failure.text, opened) - opened, sentence)


def _odd_quote(text: str, index: int) -> int:
    """The quote that opens a value, and that the line does not close: of the nearest such line above."""
    quote = text[index] if text[index : index + 1] in ("'", '"') else '"'
    end = index
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start : _line_end(text, start)]
        match = re.search(rf"(?:: +|- |[\[{{,] *|^ *)({quote})", line)
        if match and line.count(quote, match.start(1)) % 2 and start + match.start(1) < index:
            return start + match.start(1)
        end = start - 1
    return index


def _pasted(failure: _Failure) -> Mistake | None:
    """A bullet or a dash of a word processor for a `-`."""
    if match := _BULLET.match(failure.line):
        sentence = f"`{match[1]}` begins no entry of a list; write a plain `-` and a blank"
        return Mistake(Code.BAD_CHARACTER, failure.start + match.start(1), 1, sentence)
    return None


def _escape(failure: _Failure) -> Mistake | None:
    if "escape" not in failure.problem:
        return None
    sentence = "inside double quotes `\\` has a meaning of its own; put this text in single quotes"
    return Mistake(Code.WANTS_QUOTES, failure.opened, max(1, failure.index - failure.opened + 1), sentence)


def _after_quote(failure: _Failure) -> Mistake | None:
    match = _AFTER_QUOTE.fullmatch(failure.before)
    if not match or failure.sign in ("", "\n", ":", ",", "}", "]"):
        return None
    why = f"a text that begins with `{match[1][0]}` must stand in quotes as a whole"
    if match[1][0] == "'" and failure.sign.isalpha() and (whole := _with_apostrophe(failure, match.start(1))):
        return whole
    if match[1][0] in ("'", '"'):
        why = "a text that begins with a quote ends with the same quote; put the whole in other quotes"
    return _wants_quotes(failure, failure.start + match.start(1), why)


def _with_apostrophe(failure: _Failure, at: int) -> Mistake | None:
    """`'It's ok'`, where the apostrophe ends the text."""
    start = failure.start + at
    match = re.match(r"'([^,{}\[\]]*)'(?=\s*(?:[,}\]]|$))", failure.text[start : failure.end])
    if not match or '"' in match[1]:
        return None
    sentence = (
        f"the apostrophe inside this text ends it; put the text in double quotes: `{in_quotes(match[1])}`"
    )
    return Mistake(Code.WANTS_QUOTES, start, match.end(), sentence)


def _first_sign(failure: _Failure) -> Mistake | None:
    for at in (failure.index, failure.opened):
        sign = failure.text[at : at + 1]
        line_start = failure.text.rfind("\n", 0, at) + 1
        begins = not failure.text[line_start:at].strip() or _SEPARATOR.fullmatch(failure.text[line_start:at])
        after_key = failure.text[line_start:at].rstrip().endswith(":")
        if sign and ((sign in "@`%*&!|>" and begins) or (sign in "-?," and after_key)):
            shown = "a backtick" if sign == "`" else f"`{sign}`"
            return _wants_quotes(failure, at, f"a text that begins with {shown} must stand in quotes")
    return None


def _glued(failure: _Failure) -> Mistake | None:
    """A blank is missing after a colon or a `-`, here or in the line above."""
    opened = failure.text.rfind("\n", 0, failure.opened) + 1
    lines = [(failure.start, failure.line), failure.line_before]
    if "simple key" in failure.problem:
        lines.insert(0, (opened, failure.text[opened : _line_end(failure.text, opened)]))
    for start, line in lines:
        if match := _UNBREAKABLE.search(line):
            sentence = "this blank is an unbreakable one, as text programs write them; type a plain blank"
            return Mistake(Code.BAD_CHARACTER, start + match.start() + 1, 1, sentence)
        if match := _GLUED.match(line):
            at = start + match.end(1)
            sentence = (
                f"a blank is missing after the colon; write `{match[1]}: {line[match.end(1) + 1 :][:60]}`"
            )
            return Mistake(Code.BAD_KEY, at, 1, sentence.replace("\r", ""))
        if match := _GLUED_ITEM.match(line):
            sentence = f"a blank is missing after the `-`; write `- {line.strip()[1:][:60]}`"
            return Mistake(Code.BAD_KEY, start + line.index("-"), 1, sentence)
    return None


def _indented(line: str) -> int:
    """Blanks before the first word, a list's `-` among them."""
    return len(line) - len(line.lstrip(" -"))


def _blanks(count: int) -> str:
    return {0: "not indented", 1: "indented by 1 blank"}.get(count, f"indented by {count} blanks")


def _colon(failure: _Failure) -> Mistake | None:
    """A colon where none can be: the text before it wants quotes, or its line is indented wrongly."""
    if "mapping values are not allowed" not in failure.problem:
        return None
    if (value := _VALUE.match(failure.before)) and not failure.before.rstrip().endswith(("{", "[")):
        return _two_colons(failure, failure.start + value.end())
    if not (key := _KEY_ONLY.fullmatch(failure.before)):
        return None
    here, above = _indented(failure.line), _indented(failure.line_before[1])
    sentence = (
        f"`{key[1]}` is {_blanks(here)}, the line above is {_blanks(above)}:"
        " the keys of one entry stand below each other"
    )
    return Mistake(Code.INDENTATION, failure.start + key.start(1), len(key[1]), sentence)


def _two_colons(failure: _Failure, start: int) -> Mistake:
    """`earn: points: 10` and `earn: (points: 10)` lack braces; `fr: Oui : non` lacks quotes."""
    end = _value_end(failure.text, start)
    inner = failure.text[start:end].strip("() ")
    if all(_KEY_AND_VALUE.fullmatch(each) for each in inner.split(", ")):
        sentence = f"a colon within a value: what has keys of its own stands in braces, `{{{inner}}}`"
        return Mistake(Code.WANTS_QUOTES, start, end - start, sentence + "; a text stands in quotes")
    return _wants_quotes(failure, start, "a colon and a blank inside a text end it; put the text in quotes")


def _in_brackets(failure: _Failure) -> Mistake | None:
    opening = failure.text[failure.opened : failure.opened + 1]
    if "flow" not in failure.problem or opening not in ("{", "["):
        return None
    line_end = _line_end(failure.text, failure.opened)
    closing = "}" if opening == "{" else "]"
    if remark := _REMARK.search(failure.text, failure.opened, line_end):
        sentence = (
            f"`#` after a blank begins a remark, and hides the `{closing}`; "
            "put a text that holds it in quotes"
        )
        if closing in remark[1]:
            return Mistake(Code.WANTS_QUOTES, remark.start(1), len(remark[1]), sentence)
    if failure.index > line_end and _KEY_ONLY.fullmatch(failure.before):
        sentence = f"the `{opening}` that is opened here is not closed; a `{closing}` is missing"
        return Mistake(Code.NOT_CLOSED, failure.opened, max(1, line_end - failure.opened), sentence)
    if failure.sign == ":" and (found := _colon_in_brackets(failure)):
        return found
    if failure.index < line_end and failure.sign not in ("}", "]"):
        sentence = f"a comma or `{closing}` is missing before this"
        return Mistake(Code.NOT_YAML, failure.index, max(1, failure.end - failure.index), sentence)
    sentence = f"the `{opening}` that is opened here is not closed; a `{closing}` is missing"
    return Mistake(Code.NOT_CLOSED, failure.opened, max(1, line_end - failure.opened), sentence)


def _colon_in_brackets(failure: _Failure) -> Mistake | None:
    """`{a: b c: d}` lacks a comma; `{a: b : c}` lacks quotes; in a line of its own, a bracket or a comma."""
    word = re.search(r"([\w-]+)( *)$", failure.before)
    begin = _SEPARATOR.match(failure.before)
    if not word or (not begin and "}" not in failure.line and "]" not in failure.line):
        return None
    start = failure.start + word.start(1)
    if begin and (word[2] or begin.end() == word.start(1)):
        why = "a colon and a blank inside a text end it; put the text in quotes"
        return _wants_quotes(failure, failure.start + begin.end(), why)
    return Mistake(Code.NOT_YAML, start, len(word[1]), f"a comma is missing before `{word[1]}`")


def _closing(failure: _Failure) -> Mistake | None:
    if failure.sign not in ("}", "]") or not failure.sign:
        return None
    sentence = f"this `{failure.sign}` closes nothing: there is one more of them than was opened"
    return Mistake(Code.NOT_YAML, failure.index, 1, sentence)


def _no_colon(failure: _Failure) -> Mistake | None:
    if "could not find expected ':'" not in failure.problem:
        return None
    start = failure.opened
    length = max(1, len(failure.text[start : _line_end(failure.text, start)].rstrip()))
    return Mistake(Code.NOT_YAML, start, length, "a colon is missing in this line; write `key: value`")


def _indentation(failure: _Failure) -> Mistake | None:
    """A key or a `-` that stands neither with its neighbours nor below them."""
    if "block" not in failure.problem or failure.before.strip(" -"):
        return None
    word = re.match(r"[^\s:#]+", failure.line.lstrip(" ")) or re.match(r"", "")
    shown = word[0] if word and word[0] else "this line"
    here = len(failure.line) - len(failure.line.lstrip(" "))
    there = failure.opened - failure.text.rfind("\n", 0, failure.opened) - 1
    sentence = f"`{shown}` is {_blanks(here)}, its neighbours are {_blanks(there)}"
    if here == there and shown == "-":
        sentence = "this `-` begins a list among keys; indent it below a key, or take it out"
    elif here == there:
        sentence = (
            f"`{shown}` is {_blanks(here)}, the line above is {_blanks(_indented(failure.line_before[1]))}"
        )
    return Mistake(Code.INDENTATION, failure.start + here, len(shown), sentence)


_RULES: tuple[Callable[[_Failure], Mistake | None], ...] = (
    _escape,
    _pasted,
    _open_quote,
    _after_quote,
    _first_sign,
    _glued,
    _colon,
    _in_brackets,
    _closing,
    _no_colon,
    _indentation,
)
