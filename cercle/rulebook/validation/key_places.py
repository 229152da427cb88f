"""Which keys the language has, and where: for the sentence about one that is missing, or out of place."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import get_args, get_origin

from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files import FILES
from cercle.rulebook.phrases import said


@cache
def entries_below(model: type[Entry]) -> Mapping[str, tuple[type[Entry], ...]]:
    """The models of the entries that each key of a model may hold: alone, in a list, or by names."""
    return MappingProxyType(
        {
            info.alias or name: tuple(dict.fromkeys(_entries(info.annotation)))
            for name, info in model.model_fields.items()
        }
    )


def _entries(annotation: object) -> Iterator[type[Entry]]:
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        yield annotation
    for each in get_args(annotation):
        yield from _entries(each)


def keys_below(model: type[Entry], key: str) -> Sequence[str]:
    """The keys of the mappings under `key`, in the order of the language; none, where no mapping can be."""
    below = entries_below(model).get(key, ())
    return tuple(dict.fromkeys(name for each in below for name in entries_below(each)))


def example_below(model: type[Entry], key: str, depth: int) -> str:
    """How a mapping `depth` names or items below `key` may look, as it is written; empty: none is known."""
    infos = (info for name, info in model.model_fields.items() if (info.alias or name) == key)
    examples = [each for info in infos for each in info.examples or ()]
    for _ in range(depth):
        inner = (each.values() if isinstance(each, Mapping) else each for each in examples)
        examples = [next(iter(each)) for each in inner if isinstance(each, Collection) and each]
    return next((said(each) for each in examples if isinstance(each, Mapping)), "")


def required(model: type[Entry]) -> Sequence[str]:
    """The keys that an entry cannot do without."""
    return [info.alias or name for name, info in model.model_fields.items() if info.is_required()]


def missing(keys: Sequence[str], model: type[Entry]) -> str:
    """The sentence about keys that are missing."""
    sentence = f"{_listed(keys)} {'is' if len(keys) == 1 else 'are'} missing here"
    others = required(model)
    return sentence if len(others) <= len(keys) else f"{sentence}; needed are {_listed(others)}"


def outside_missing(
    unknown: Sequence[str], lacking: Sequence[str], block: Mapping[str, object], model: type[Entry]
) -> str:
    """The sentence about unknown keys that are names for a key that is missing; empty, if they are not.

    One alone that has keys of its own rather is that key, misspelt.
    """
    infos = {info.alias or name: info for name, info in model.model_fields.items()}
    key = next((each for each in lacking if get_origin(infos[each].annotation) is dict), "")
    are_plain = not any(isinstance(block[each], Mapping) for each in unknown)
    if not key or not unknown or (len(unknown) == 1 and not are_plain):
        return ""
    shown = {each: block[each] for each in unknown[:3]}
    more = ", ...}" if len(unknown) > 3 else "}"
    write = f"`{key}: {said(shown)[:-1]}{more}`" if are_plain else f"`{key}:` above, and these further right"
    return (
        f"{_listed(unknown)} belong{'s' * (len(unknown) == 1)} into `{key}`, which is missing; write {write}"
    )


def _listed(keys: Sequence[str]) -> str:
    shown = [f"`{key}`" for key in keys]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def below_empty(key: str, model: type[Entry], block: Mapping[str, object]) -> str:
    """The key of a block that has no value, since `key` stands beside it instead of below; empty, if none."""
    empty = (name for name in entries_below(model) if name in block and block[name] is None)
    return next((name for name in empty if key in keys_below(model, name)), "")


def misplaced(key: str, model: type[Entry], outer: Sequence[tuple[str, type[Entry]]], has_near: bool) -> str:
    """The sentence about a key that the language has elsewhere; empty, if it has not.

    `outer`: the entries around, from the nearest on, and the keys that they are under; `has_near`: a
    key of the entry itself looks like it, so that only what is around or within counts.
    """
    below = [name for name in entries_below(model) if key in keys_below(model, name)]
    if below:
        return f"`{key}` belongs into {' or '.join(f'`{name}`' for name in below)}, one level deeper"
    for name, each in outer:
        if key in entries_below(each):
            level = f"to the entry of `{name}` around it" if name else "to the file itself"
            return f"`{key}` belongs {level}, not here: write it with less indentation, outside the braces"
    if has_near:
        return ""
    files = [name for name, each in FILES.items() if key in entries_below(each)]
    if files:
        return f"`{key}` belongs into the file {_listed(files)}"
    homes = [_listed([inner]) + f" of {name}" for name, each in FILES.items() for inner in _homes(key, each)]
    return f"`{key}` is not known here; it belongs into {' or '.join(homes[:3])}" if homes else ""


def _homes(key: str, file: type[Entry]) -> list[str]:
    """The keys of a file whose entries have `key`."""
    return [name for name in entries_below(file) if key in keys_below(file, name)]
