"""A file's mapping against its pydantic model: every error gets its place, and what is sound is kept.

A wrong entry (one rule, one action, one offer) is left out and the rest is still judged, so
that the errors between files show in the same go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place
from cercle.rulebook.model import Entry
from cercle.rulebook.source import Block, Items

File = TypeVar("File", bound=Entry)

Path = tuple[str | int, ...]

_PLAIN = {
    "string_type": "this must be a text (in quotes, if it looks like a number or like true or false)",
    "int_type": "this must be a whole number",
    "bool_type": "this must be true or false",
    "dict_type": "this must be a mapping (`key: value`)",
    "model_type": "this must be a mapping (`key: value`)",
    "list_type": "this must be a list",
    "string_too_short": "this is empty",
    "too_short": "this is empty",
    "too_long": "this must be a list of one: the fields of a record",
}


_CODES = {
    **dict.fromkeys(
        ("string_type", "int_type", "bool_type", "dict_type", "model_type", "list_type"), Code.WRONG_TYPE
    ),
    **dict.fromkeys(("greater_than_equal", "less_than_equal"), Code.BAD_NUMBER),
}


def validate(block: Block, model: type[File], findings: Findings) -> File | None:
    """The file, without its wrong entries; None when what is left is no whole file."""
    try:
        return model.model_validate(block)
    except ValidationError as error:
        paths = [_note(block, each, findings) for each in error.errors(include_url=False)]
    if not all(paths):
        return None
    try:
        return model.model_validate(_without(block, paths))
    except ValidationError:
        return None


@dataclass
class _Found:
    """How far a pydantic location leads into the file: `value` at `path`, within `block`."""

    path: Path
    value: object
    block: Block
    place: Place


def _find(root: Block, location: Sequence[str | int]) -> _Found:
    found = _Found((), root, root, root.spot.place())
    for step in location:
        value = found.value
        if isinstance(value, Block):
            found.block = value
        if isinstance(value, Block) and isinstance(step, str) and step in value:
            found = _Found((*found.path, step), value[step], value, value.value_spots[step].place())
        elif isinstance(value, Items) and isinstance(step, int):
            found = _Found((*found.path, step), value[step], found.block, value.spots[step].place())
    if isinstance(found.value, Block):
        found.block = found.value
    return found


def _note(root: Block, error: Any, findings: Findings) -> Path:
    """Adds the finding; answers what to leave out: an unknown key, or the whole entry (empty: the file)."""
    location, kind, context = error["loc"], error["type"], error.get("ctx", {})
    found = _find(root, location)
    if kind == "extra_forbidden":
        _unknown_key(root, location, findings)
        return found.path
    if kind == "missing":
        findings.error(Code.MISSING_KEY, found.place, f"`{location[-1]}` is missing here")
    elif location[-1:] == ("[key]",):
        key = str(location[-2])
        outer = _find(root, location[:-2])
        findings.error(_code(context, Code.BAD_ID), outer.block.key_spots[key].place(), error["msg"])
    elif kind == "word":
        findings.wrong_word(
            _code(context, Code.UNKNOWN_WORD), found.place, error["msg"], context["word"], context["allowed"]
        )
    else:
        findings.error(
            _code(context, _CODES.get(kind, Code.BAD_VALUE)),
            found.place,
            _plain(kind, context, error["msg"], found.value),
        )
    return found.path[: 3 if len(found.path) > 2 and isinstance(found.path[2], int) else 2]


def _code(context: dict[str, Any], code: Code) -> Code:
    """What the check that raised says, else what its kind says."""
    return Code(context["code"]) if "code" in context else code


def _plain(kind: str, context: dict[str, Any], message: str, value: object) -> str:
    if value is None:
        return "a value is missing after the colon"
    if kind == "greater_than_equal":
        return f"this must be at least {context['ge']}"
    if kind == "less_than_equal":
        return f"this must be at most {context['le']}"
    return _PLAIN.get(kind, message[:1].lower() + message[1:])


def _unknown_key(root: Block, location: Sequence[str | int], findings: Findings) -> None:
    key = str(location[-1])
    block = _find(root, location[:-1]).block
    place = block.key_spots[key].place()
    model = block.model
    allowed = model.keys() if model and issubclass(model, Entry) else frozenset()
    findings.wrong_word(
        Code.UNKNOWN_KEY, place, f"unknown key `{key}`", key, allowed - block.keys() or allowed
    )


def _without(value: object, paths: Iterable[Path]) -> object:
    """A copy that lacks what is at the paths."""
    below: dict[str | int, set[Path]] = {}
    for path in paths:
        below.setdefault(path[0], set()).add(path[1:])
    if isinstance(value, Block) and below:
        block = Block(value.spot)
        block.key_spots, block.value_spots = value.key_spots, value.value_spots
        block.update(
            {
                key: _without(each, below.get(key, ()))
                for key, each in value.items()
                if () not in below.get(key, ())
            }
        )
        return block
    if isinstance(value, Items) and below:
        items = Items(value.spot)
        kept = [index for index in range(len(value)) if () not in below.get(index, ())]
        items.extend(_without(value[index], below.get(index, ())) for index in kept)
        items.spots = [value.spots[index] for index in kept]
        return items
    return value
