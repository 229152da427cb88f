"""Characters that no rules file may hold, or that look like what they are not."""

import re
from typing import NamedTuple

from cercle.rulebook.codes import Code

_LEADING_TAB = re.compile(r"^ *(\t)[ \t]*(?=[^ \t\r\n])", re.MULTILINE)
_DOCUMENT_END = re.compile(r"^\.\.\.\s", re.MULTILINE)
_LEADING_UNBREAKABLE = re.compile("^ *([\xa0\u2007\u202f]+)[ \xa0\u2007\u202f]*(?:- |[\\w-]+:)", re.MULTILINE)
_CURLY = {"“": "”", "”": "”", "„": "“”", "«": "»", "‘": "’", "’": "’"}


class Mistake(NamedTuple):
    """`length` characters from `start` of the text on."""

    code: Code
    start: int
    length: int
    sentence: str


def in_quotes(text: str) -> str:
    """The text as YAML that is surely a text."""
    return "'" + text.replace("'", "''") + "'" if '"' in text or "\\" in text else f'"{text}"'


def not_allowed(text: str, index: int) -> Mistake:
    """Of a character that no YAML text may hold."""
    name = "a carriage return" if text[index] == "\r" else f"the invisible character U+{ord(text[index]):04X}"
    sentence = f"{name} is not allowed in a rules file; delete it (it often comes with pasted text)"
    return Mistake(Code.BAD_CHARACTER, index, 1, sentence)


def tab(text: str) -> Mistake | None:
    """Of the first tab before a line's first sign."""
    if "\t" not in text or not (match := _LEADING_TAB.search(text)):
        return None
    sentence = "a tab stands here, and only blanks can: write two blanks for each step of indentation"
    return Mistake(Code.TAB, match.start(1), 1, sentence)


def unbreakable(text: str) -> Mistake | None:
    """Of the first unbreakable blanks that a line's first key or `-` is indented by."""
    match = _LEADING_UNBREAKABLE.search(text)
    sentence = "these blanks are unbreakable ones, as text programs write them; type plain blanks"
    return Mistake(Code.BAD_CHARACTER, match.start(1), len(match[1]), sentence) if match else None


def document_end(text: str) -> Mistake | None:
    """Of a line `...`: parsers differ in what may come after it."""
    match = _DOCUMENT_END.search(text)
    sentence = "a rules file is one document, and `...` ends it; take this line out"
    return Mistake(Code.NOT_USED_HERE, match.start(), 3, sentence) if match else None


def curly(text: str, start: int) -> Mistake | None:
    """Of an unquoted text that is all within a document's quotes, which members would read with it."""
    if len(text) < 2 or text[-1] not in _CURLY.get(text[0], ""):
        return None
    inner = text[1:-1].strip()
    sentence = (
        f"`{text[0]}` and `{text[-1]}` are no quotes of YAML; write {in_quotes(inner)}"
        f" (or {in_quotes(text)}, if these signs belong to the text)"
    )
    return Mistake(Code.CURLY_QUOTES, start, len(text), sentence)
