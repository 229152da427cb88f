"""YAML text as events, by a parser in C where there is one (some 30 times as fast), else by one in Python.

Both give the same for the texts that are let through to them: a test compares. Neither resolves a
plain scalar's type, follows an alias, or builds anything.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import ruamel.yaml.events
import yaml
import yaml.events
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from yaml import YAMLError as FastYAMLError
from yaml import parse as parse_by_pyyaml

FastLoader: Any = getattr(yaml, "CSafeLoader", None)
"""None where PyYAML was built without libyaml."""

NOT_ALLOWED = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u200a\u200c-\u2027\u202a-\u205f\u2061-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)"
)
"""What no YAML text may hold, what the versions of YAML break lines by or not, and blanks without width."""

SCALAR, MAPPING, SEQUENCE, ALIAS, END, DOCUMENT = range(6)

_NAMES = {
    "ScalarEvent": SCALAR,
    "MappingStartEvent": MAPPING,
    "SequenceStartEvent": SEQUENCE,
    "AliasEvent": ALIAS,
    "MappingEndEvent": END,
    "SequenceEndEvent": END,
    "DocumentStartEvent": DOCUMENT,
}
KIND: dict[type, int] = {
    getattr(events, name): kind
    for events in (ruamel.yaml.events, yaml.events)
    for name, kind in _NAMES.items()
}
"""Of the events that matter; a stream has others."""


class UnreadableError(Exception):
    """The text is not YAML from the character at `index` on; `opened`: where what it is in began."""

    def __init__(self, index: int, opened: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index
        self.opened = opened
        self.problem = problem


def plain_blanks(text: str) -> str:
    """The text as parsers get it: they differ in where a tab may stand, so that none is left."""
    return text.replace("\t", " ")


Parse = Callable[[str], Iterator[Any]]


def parse_slowly(text: str) -> Iterator[Any]:
    """Events of the parser in Python. Raises UnreadableError."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except (YAMLError, ValueError) as error:
        raise _unreadable(error) from error


def parse_fast(text: str) -> Iterator[Any]:
    """Events of the parser in C. Raises UnreadableError."""
    try:
        yield from parse_by_pyyaml(text, Loader=FastLoader)
    except (FastYAMLError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> UnreadableError:
    begin = getattr(error, "context_mark", None)
    mark = getattr(error, "problem_mark", None) or begin
    index = mark.index if mark else getattr(error, "position", 0)
    words = (getattr(error, "context", None), getattr(error, "problem", None) or str(error))
    return UnreadableError(index, begin.index if begin else index, ", ".join(each for each in words if each))


def parsers(text: str) -> tuple[Parse, ...]:
    """The parsers to ask in turn: what the first refuses may be sound to the last, which says why it is not.

    The one in Python reads 300 KB in a second, so it has its say on files of that size only.
    """
    if FastLoader is None:
        return (parse_slowly,)
    return (parse_fast, parse_slowly) if len(text) <= 200_000 else (parse_fast,)
