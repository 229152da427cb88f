"""What changes from one rulebook to another, in sentences that a marketer would say.

Files are compared as their models say them, not as they are written: comments, the order of
rules and keys, and defaults written out make no difference. Things are known by their id.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cercle.rulebook.folder import Folder
from cercle.rulebook.phrases import changed_phrase, described, in_reading_order

Plain = dict[str, Any]
"""A mapping of a file as plain JSON values, without what has its default."""


@dataclass(frozen=True)
class Kind:
    """Things of a file that have names: what one is called, and where they are."""

    noun: str
    file: str
    key: str
    within: str = ""
    by: str = "id"
    """The key that names one in a list; empty for a mapping of names."""


KINDS = (
    Kind("action", "actions.yaml", "actions", by=""),
    Kind("wallet", "points.yaml", "wallets", by=""),
    Kind("rule", "points.yaml", "rules"),
    Kind("metric", "metrics.yaml", "metrics", by=""),
    Kind("achievement", "badges.yaml", "achievements"),
    Kind("challenge", "badges.yaml", "challenges"),
    Kind("leaderboard", "badges.yaml", "leaderboards"),
    Kind("tier", "tiers.yaml", "levels", within="tiers"),
    Kind("segment", "segments.yaml", "segments"),
    Kind("offer", "offers.yaml", "offers"),
    Kind("contest", "offers.yaml", "contests"),
)

COUNTED = frozenset(("rule", "metric", "achievement", "challenge"))
"""Kinds that keep a count for each member under their name."""


@dataclass(frozen=True, order=True)
class Difference:
    """One thing that changes. `sentence` names it; `name` is empty for a file's own settings."""

    file: str
    noun: str
    name: str
    sentence: str


def differences(old: Folder, new: Folder) -> list[Difference]:
    """Every difference, by file, then by kind and name; empty when both mean the same."""
    before, after = _plain(old), _plain(new)
    found: list[Difference] = []
    for kind in KINDS:
        found += _of_kind(kind, _named(kind, before), _named(kind, after))
    for file in sorted({*before, *after}):
        found += _settings(file, before.get(file, {}), after.get(file, {}))
    order = {kind.noun: number for number, kind in enumerate(KINDS, start=1)}
    files = list(dict.fromkeys(["club.yaml", *(kind.file for kind in KINDS)]))
    return sorted(found, key=lambda each: (files.index(each.file), order.get(each.noun, 0), each))


def _plain(folder: Folder) -> dict[str, Plain]:
    return {
        name: model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for name, model in folder.models().items()
    }


def _named(kind: Kind, files: Mapping[str, Plain]) -> dict[str, Plain]:
    """The things of a kind by name. One without a name of its own goes by its first key."""
    place = files.get(kind.file, {})
    things = (place.get(kind.within, {}) if kind.within else place).get(kind.key, {})
    if not kind.by:
        return dict(things)
    return {str(each.get(kind.by, next(iter(each)))): each for each in things}


def _of_kind(kind: Kind, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> Iterator[Difference]:
    def difference(name: str, sentence: str) -> Difference:
        return Difference(kind.file, kind.noun, name, sentence)

    renamed = _renamed(kind, before, after)
    for old, new in renamed.items():
        sentence = f"{kind.noun} `{old}` is called `{new}` now, and nothing else about it changes"
        yield difference(new, sentence + _starts_anew(kind))
    for name in sorted(before.keys() - after.keys() - renamed.keys()):
        what = described(before[name])
        yield difference(name, f"{kind.noun} `{name}` is gone" + f": it was {what}" * bool(what))
    for name in sorted(after.keys() - before.keys() - set(renamed.values())):
        what = described(after[name])
        yield difference(name, f"new {kind.noun} `{name}`" + f": {what}" * bool(what))
    for name in sorted(before.keys() & after.keys()):
        phrases = list(_changes(kind.noun, before[name], after[name]))
        if phrases:
            goes_on = " " if phrases[0].startswith(("now ", "no longer ", "has ")) else ": "
            yield difference(name, f"{kind.noun} `{name}`{goes_on}{'; '.join(phrases)}")


def _starts_anew(kind: Kind) -> str:
    return ": what members did under the old name is not counted under the new one" * (kind.noun in COUNTED)


def _renamed(kind: Kind, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> dict[str, str]:
    """Old name to new one, where one thing that went equals one that came in all but its name."""
    gone, come = _only_in(before, after, kind.by), _only_in(after, before, kind.by)
    pairs = ((olds, come.get(said, [])) for said, olds in gone.items())
    return {olds[0]: news[0] for olds, news in pairs if len(olds) == len(news) == 1}


def _only_in(these: Mapping[str, Plain], those: Mapping[str, Plain], by: str) -> dict[str, list[str]]:
    """The names that only one side has, by all that the thing says but its name."""
    found: dict[str, list[str]] = {}
    for name in these:
        if name not in those:
            nameless = {key: value for key, value in these[name].items() if key != by}
            found.setdefault(json.dumps(nameless, sort_keys=True), []).append(name)
    return found


def _settings(file: str, before: Plain, after: Plain) -> Iterator[Difference]:
    """What a file says apart from the things that have names."""
    for key, old, new in _pairs(_without_things(file, before), _without_things(file, after)):
        yield Difference(file, "", key, changed_phrase("", key, old, new))


def _without_things(file: str, plain: Plain) -> Plain:
    """`tiers` of tiers.yaml is opened up, so that its settings are told one by one."""
    opened: Plain = {}
    for key, value in plain.items():
        kinds = [kind for kind in KINDS if kind.file == file and key in (kind.key, kind.within)]
        if not kinds:
            opened[key] = value
        elif kinds[0].within == key:
            opened.update({inner: each for inner, each in value.items() if inner != kinds[0].key})
    return opened


def _changes(noun: str, before: Plain, after: Plain) -> Iterator[str]:
    for key, old, new in _pairs(before, after):
        yield changed_phrase(noun, key, old, new)


def _pairs(before: Plain, after: Plain) -> Iterator[tuple[str, Any, Any]]:
    """(key, old, new) of each key whose value differs; None: not there."""
    for key in in_reading_order((*before, *after)):
        if _comparable(before.get(key)) != _comparable(after.get(key)):
            yield key, before.get(key), after.get(key)


def _comparable(value: Any) -> Any:
    """Lists of things with ids in any order are the same."""
    if isinstance(value, list) and all(isinstance(each, dict) and "id" in each for each in value):
        return sorted(value, key=lambda each: str(each["id"]))
    return value
