"""A file's mapping against its pydantic model: every error gets its place, and what is sound is kept.

A wrong entry (one rule, one action, one offer) is left out and the rest is still judged, so
that the errors between files show in the same go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place, nearest
from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.text.source import Block, Items, Spot
from cercle.rulebook.validation.key_places import (
    below_empty,
    example_below,
    keys_below,
    misplaced,
    missing,
    outside_missing,
    required,
)
from cercle.rulebook.validation.wrong_values import wrong_value

File = TypeVar("File", bound=Entry)

Path = tuple[str | int, ...]

MOST_ERRORS = 1_000
"""Of one file; who has more of them mends these first."""


def validate(block: Block, model: type[File], findings: Findings, currency: str = "") -> File | None:
    """The file, without its wrong entries; None when what is left is no whole file.

    `currency`: the club's, which errors about money propose.
    """
    try:
        return model.model_validate(block, context=currency)
    except ValidationError as error:
        paths = _Errors(block, findings).note(error)
    if not all(paths):
        return None
    try:
        return model.model_validate(_without(block, paths), context=currency)
    except ValidationError:
        return None


@dataclass
class _Found:
    """How far a pydantic location leads into the file: to `value` at `path`, at `spot`, within `block`."""

    path: Path
    value: object
    block: Block
    spot: Spot


def _find(root: Block, location: Sequence[str | int]) -> _Found:
    path: list[str | int] = []
    value: Any = root
    block, spot = root, root.spot
    for step in location:
        if isinstance(value, Block) and isinstance(step, str) and step in value:
            block, value, spot = value, value[step], value.value_spots[step]
        elif isinstance(value, Items) and isinstance(step, int):
            value, spot = value[step], value.spots[step]
        else:
            continue
        path.append(step)
    return _Found(tuple(path), value, value if isinstance(value, Block) else block, spot)


@dataclass
class _Errors:
    """Notes pydantic's errors: one for each place, and none where the text itself was found wrong."""

    root: Block
    findings: Findings
    places: set[tuple[str, int, int]] = field(default_factory=set)
    noted: set[tuple[str, Path]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.places = {_position(each.place) for each in self.findings.errors}

    def note(self, error: ValidationError) -> list[Path]:
        """What to leave out for them: an unknown key, or the whole entry (empty: the file)."""
        count = error.error_count()
        errors = error.errors(include_url=False, include_input=False)
        for each in errors[:MOST_ERRORS]:
            self.one(each["loc"], each["type"], each.get("ctx", {}), each["msg"])
        if count > MOST_ERRORS:
            sentence = f"the file has {count - MOST_ERRORS} more errors than are shown; mend these first"
            self.findings.error(Code.TOO_MUCH, self.root.spot.source.place(0), sentence)
            return [()]
        return [_left_out(_find(self.root, each["loc"]).path, each["type"]) for each in errors]

    def one(self, location: Sequence[Any], kind: str, context: dict[str, Any], message: str) -> None:
        found = _find(self.root, location)
        if kind == "extra_forbidden":
            self.unknown_key(location)
        elif slip := _slip(self.root, location):
            self.unknown_key(slip)
        elif kind == "missing":
            self.missing(found)
        elif location[-1:] == ("[key]",):
            outer = _find(self.root, location[:-2]).block
            place = outer.key_spots[str(location[-2])].place()
            self.add(_code(context, Code.BAD_ID), place, message)
        elif kind == "word":
            self.word(found, context, message)
        elif found.value is not None:
            expected = self.expected(location)
            code, sentence = wrong_value(kind, context, message, found.value, found.spot, *expected)
            self.add(_code(context, code), found.spot.place(), sentence)
            self.withdraw_below(found.value)

    def withdraw_below(self, value: object) -> None:
        """Of a list that must be no list: that its entries' keys have no values says nothing more."""
        for block in value if isinstance(value, Items) else ():
            for spot in block.key_spots.values() if isinstance(block, Block) else ():
                self.findings.withdraw(Code.MISSING_VALUE, spot.place())

    def add(self, code: Code, place: Place, sentence: str) -> None:
        if _position(place) not in self.places:
            self.places.add(_position(place))
            self.findings.error(code, place, sentence)

    def expected(self, location: Sequence[Any]) -> tuple[Sequence[str], str]:
        """The keys that a mapping at the location would have, and an example; none: it would not be one."""
        for length in range(len(location) - 1, -1, -1):
            outer = _find(self.root, location[:length])
            if isinstance(outer.value, Block) and (model := _model(outer.value)):
                key, *inner = [each for each in location[length:] if not _is_tag(each)] or [""]
                return keys_below(model, key), example_below(model, key, len(inner))
        return (), ""

    def word(self, found: _Found, context: dict[str, Any], message: str) -> None:
        place = found.spot.place()
        if found.value is not None and _position(place) not in self.places:
            self.places.add(_position(place))
            code = _code(context, Code.UNKNOWN_WORD)
            self.findings.wrong_word(code, place, message, context["word"], context["allowed"])

    def missing(self, found: _Found) -> None:
        """All that is missing in a mapping, at once; not what a key here is a slip of the hand for."""
        model, place = _model(found.block), found.spot.place()
        if model is None or ("missing", found.path) in self.noted:
            return
        self.noted.add(("missing", found.path))
        meant = {_meant(each, found.block, model) for each in found.block}
        keys = [key for key in required(model) if key not in found.block and key not in meant]
        if self.outside(found.block, model, keys):
            return
        if keys and keys[0] not in _renamed(found.block, model):
            self.findings.error(Code.MISSING_KEY, place, missing(keys, model))

    def outside(self, block: Block, model: type[Entry], lacking: Sequence[str]) -> bool:
        """Whether what stands in a mapping belongs into a key that it lacks; one error for all of it."""
        allowed = model.keys()
        unlike = [key for key in block if key not in allowed and not nearest(key, allowed)]
        sentence = outside_missing(unlike, lacking, block, model)
        if sentence:
            places = [block.key_spots[key].place() for key in unlike]
            self.places.update(map(_position, places))
            self.findings.error(Code.MISPLACED, places[0], sentence)
        return bool(sentence)

    def unknown_key(self, location: Sequence[Any]) -> None:
        key = str(location[-1])
        block = _find(self.root, location[:-1]).block
        place, model = block.key_spots[key].place(), _model(block)
        if _position(place) in self.places:
            return
        self.places.add(_position(place))
        sentence = f"unknown key `{key}`"
        if model is None:
            self.findings.error(Code.UNKNOWN_KEY, place, sentence)
            return
        meant = _meant(key, block, model)
        if meant == "on" and key.lower() == "true":
            sentence += ": an editor has turned `on` into `true` (`on` is true in YAML 1.1); write `on`"
            self.findings.error(Code.UNKNOWN_KEY, place, sentence)
        elif empty := below_empty(key, model, block):
            self.findings.withdraw(Code.MISSING_VALUE, block.key_spots[empty].place())
            sentence = f"`{key}` belongs into `{empty}`: begin this line with more blanks than `{empty}` has"
            self.findings.error(Code.MISPLACED, place, sentence)
        elif where := misplaced(key, model, self.outer_models(location[:-1]), bool(meant)):
            self.findings.error(Code.MISPLACED, place, where)
        elif (renamed := _renamed(block, model))[0] == key:
            sentence += f", and `{renamed[1]}` is missing; write `{renamed[1]}`, if that is meant"
            self.findings.error(Code.UNKNOWN_KEY, place, sentence)
        else:
            allowed = model.keys() - block.keys() or model.keys()
            self.findings.wrong_word(Code.UNKNOWN_KEY, place, sentence, key, allowed)

    def outer_models(self, location: Sequence[Any]) -> list[tuple[str, type[Entry]]]:
        """The entries that the one at the location is in, from the nearest on, by the keys they are under."""
        found = []
        for length in range(len(location)):
            outer = _find(self.root, location[:length]).value
            if isinstance(outer, Block) and (model := _model(outer)):
                name = next((each for each in reversed(location[:length]) if _is_key(each)), "")
                found.append((name, model))
        return found[::-1]


def _slip(root: Block, location: Sequence[Any]) -> Sequence[Any]:
    """Where on the way a key of any name is allowed, and this one is a slip of the hand; else nothing."""
    for length, step in enumerate(location):
        outer = _find(root, location[:length]).value
        if not isinstance(outer, Block) or step not in outer:
            continue
        model = _model(outer)
        if model and model.model_config.get("extra") == "allow" and _meant(step, outer, model):
            return location[: length + 1]
    return ()


def _is_tag(step: object) -> bool:
    """Of a shape, as `<many>`."""
    return isinstance(step, str) and step.startswith("<")


def _is_key(step: object) -> bool:
    """Neither a list's index nor the tag of a shape, as `<many>`."""
    return isinstance(step, str) and not _is_tag(step)


def _position(place: Place) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _model(block: Block) -> type[Entry] | None:
    return block.model if block.model and issubclass(block.model, Entry) else None


def _meant(key: str, block: Mapping[str, object], model: type[Entry]) -> str:
    """The key of the language that an unknown one was probably meant to be."""
    allowed = model.keys()
    if key in allowed:
        return ""
    if key.lower() == "true" and "on" in allowed and "on" not in block:
        return "on"
    return nearest(key, allowed - block.keys())


def _renamed(block: Mapping[str, object], model: type[Entry]) -> tuple[str, str]:
    """The only unknown key of a block and the only one that it lacks, where they look unlike; else none."""
    allowed = model.keys()
    unknown = [key for key in block if key not in allowed]
    lacking = [key for key in required(model) if key not in block]
    if len(unknown) != 1 or len(lacking) != 1 or _meant(unknown[0], block, model):
        return "", ""
    return unknown[0], lacking[0]


def _code(context: dict[str, Any], code: Code) -> Code:
    """What the check that raised says, else what its kind says."""
    return Code(context["code"]) if "code" in context else code


def _left_out(path: Path, kind: str) -> Path:
    if kind == "extra_forbidden":
        return path
    return path[: 3 if len(path) > 2 and isinstance(path[2], int) else 2]


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
