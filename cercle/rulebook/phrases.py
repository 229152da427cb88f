"""Half sentences about what a rules file says: how a value reads, and how a change of it reads."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cercle.rulebook.files.earning import POINTS

_EVERY = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly", "life": "lifelong"}
_ROUND_MONEY = re.compile(r"^([0-9]+)\.00 ([A-Z]{3})$")

_VERBS = MappingProxyType(
    {
        ("tier", "from"): "begins at",
        ("metric", "over"): "looks back over",
        ("metric", "count"): "counts",
        ("metric", "sum"): "adds up",
        ("metric", "distinct"): "tells apart",
        ("achievement", "count"): "counts",
        ("achievement", "sum"): "adds up",
        ("achievement", "distinct"): "tells apart",
        ("achievement", "reach"): "takes",
        ("offer", "price"): "costs",
        ("rule", "on"): "fires on",
        ("segment", "when"): "takes members with",
    }
)
"""What a thing does by a key: a tier `begins at` what its `from` says."""
_LISTS = MappingProxyType({"optional": "optional fields", "personal": "personal fields"})
_INNER = MappingProxyType(
    {
        "levels": "its level `{}`",
        "bands": "its band `{}`",
        "fields": "its field `{}`",
        "title": "its title in `{}`",
        "badge": "its name in `{}`",
        "name": "the name in `{}`",
    }
)
"""What is named by the inner keys of a mapping."""
_FIRST = ("on", "earn", "multiply", "when", "soon_after", "during", "limit")


def in_reading_order(keys: Iterable[str]) -> list[str]:
    """Each key once: first what gives, then when, then how much of it; the others by name."""
    return sorted(set(keys), key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key))


def said(value: Any) -> str:
    """A value as it would stand in a rules file, on one line; a text that members read in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {said(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(said(each) for each in value) + "]"
    return _ROUND_MONEY.sub(r"\1 \2", str(value))


def counted(number: int, noun: str) -> str:
    """`1 error`, `1,200 rules`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def in_wallet(points: int, wallet: str) -> str:
    """`1 point`, `20 karma`."""
    return f"{points} {'point' if wallet == POINTS and points == 1 else wallet}"


def earn_said(earn: Mapping[str, Any]) -> str:
    """`{points: 1, for_each: 1 USD}` is "1 point for each 1 USD"."""
    told = ("points", "in", "for_each", "friend", "after")
    rest = {key: value for key, value in earn.items() if key not in told}
    wallet = earn.get("in", POINTS)
    text = in_wallet(earn["points"], wallet) if "points" in earn else ""
    if "for_each" in earn:
        text += f" for each {said(earn['for_each'])}"
    if "friend" in earn:
        text += f", and {in_wallet(earn['friend'], wallet)} to the friend"
    if "after" in earn:
        text += f", after the friend's first {earn['after']}"
    if rest:
        text += f"{' ' if text else ''}({', '.join(f'{key}: {said(value)}' for key, value in rest.items())})"
    return text


def limit_said(limit: Mapping[str, Any]) -> str:
    """`{points: 200, per: month}` is "at most 200 points per month"."""
    if "points" in limit:
        most = in_wallet(limit["points"], POINTS)
    else:
        most = f"{limit['times']} time{'s' if limit['times'] != 1 else ''}"
    return f"at most {most} per {limit['per']}"


def transfer_said(transfer: str | Mapping[str, Any]) -> str:
    """`{at_most: 500 points}` is "at most 500 points at once"."""
    if isinstance(transfer, str):
        return "without limits"
    most = [f"at most {transfer['at_most']} at once"] if "at_most" in transfer else []
    return " and ".join([*most, *([limit_said(transfer["limit"])] if "limit" in transfer else [])])


def soon_after_said(soon: Mapping[str, Any]) -> str:
    """The earlier action, what it shares, and how long ago it may be."""
    return f"at most {soon['at_most']} after {soon['action']} with the same {soon['by']}"


def _quoted(value: Any) -> str:
    return f"`{said(value)}`"


_READS: Mapping[str, Callable[[Any], str]] = {
    "earn": earn_said,
    "limit": limit_said,
    "soon_after": soon_after_said,
    "transfer": lambda transfer: f"sent between members, {transfer_said(transfer)}",
    "multiply": lambda factor: f"times {_number(factor)}",
    "on": lambda action: f"on {action}",
    "when": lambda text: f"when `{text}`",
}


def _number(text: Any) -> str:
    """A factor, which is exact (`3/2`), as a marketer writes it (1.5)."""
    over, _, under = str(text).partition("/")
    return f"{int(over) / int(under):g}" if under else over


def read_aloud(key: str, value: Any) -> str:
    """A key with its value, as in "at most 5 times per day" or "price 500 points"."""
    if key in _READS and not (key == "limit" and "per" not in value):
        return _READS[key](value)
    return f"{key} {said(value)}"


def described(thing: Mapping[str, Any]) -> str:
    """All that a thing says, but its id; empty where that is all."""
    return ", ".join(read_aloud(key, thing[key]) for key in in_reading_order(thing) if key != "id")


def changed_phrase(noun: str, key: str, old: Any, new: Any) -> str:
    """What becomes of one key; None: it was not, or is no longer, written."""
    if key in ("earn", "multiply") and noun == "rule":
        return _given(key, old, new)
    if key == "during" and None in (old, new):
        return f"now only during {_quoted(new)}" if old is None else f"no longer only during {_quoted(old)}"
    if key == "when" and noun != "segment":
        return _condition(old, new)
    if key == "limit":
        return _limit(old, new)
    if key == "transfer":
        return _transfer(old, new)
    if key == "soon_after":
        return _soon_after(old, new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return "; ".join(_inner(key, old, new))
    if old is None:
        return f"{key} is now {_quoted(new)}; it was not written before"
    if new is None:
        return f"{key} is no longer written; it was {_quoted(old)}"
    if (noun, key) in _VERBS:
        return f"now {_VERBS[noun, key]} {_quoted(new)} instead of {_quoted(old)}"
    if _are_words(old) and _are_words(new) and set(old) != set(new):
        return _words_changed(_LISTS.get(key, key), old, new)
    return f"{key} is now {_quoted(new)} instead of {_quoted(old)}"


def _are_words(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


def _words_changed(key: str, old: Sequence[str], new: Sequence[str]) -> str:
    """`of the benefits, early-access is gone`, rather than both lists."""
    come = [f"{_quoted(each)} is new" for each in new if each not in old]
    gone = [f"{_quoted(each)} is gone" for each in old if each not in new]
    return f"of the {key}, {' and '.join(come + gone)}"


def _inner(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """A mapping, one inner key at a time: levels, texts in languages, budgets."""
    phrases = []
    for inner in dict.fromkeys((*old, *new)):
        before, after = old.get(inner), new.get(inner)
        what = _INNER.get(key, f"{key} `{{}}`").format(inner)
        if before == after:
            continue
        if before is None:
            phrases.append(f"{what} is new: {_quoted(after)}")
        elif after is None:
            phrases.append(f"{what} is gone; it was {_quoted(before)}")
        elif _are_words(before) and _are_words(after) and set(before) != set(after):
            phrases.append(_words_changed(f"{key} `{inner}`", before, after))
        else:
            phrases.append(f"{what} is now {_quoted(after)} instead of {_quoted(before)}")
    return phrases or [f"{key} is in another order now: {_quoted(new)}"]


def _given(key: str, old: Any, new: Any) -> str:
    if old is None:
        return f"now {'gives' if key == 'earn' else 'multiplies'} {_READS[key](new)}"
    if new is None:
        return f"no longer {'gives' if key == 'earn' else 'multiplies'} {_READS[key](old)}"
    if key == "multiply":
        return f"now multiplies by {_number(new)} instead of {_number(old)}"
    if _all_but_points(old) == _all_but_points(new) and "points" in old and "points" in new:
        return f"now gives {earn_said(new)} instead of {old['points']}"
    return f"now gives {earn_said(new)} instead of {earn_said(old)}"


def _all_but_points(earn: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in earn.items() if key != "points"}


def _condition(old: str | None, new: str | None) -> str:
    if old is None:
        return f"now only when `{new}`"
    if new is None:
        return f"now always: its condition `{old}` is gone"
    return f"now when `{new}` instead of when `{old}`"


def _transfer(old: Any, new: Any) -> str:
    if new is None:
        return "no longer lets members send it to each other"
    if old is None:
        return f"now lets members send it to each other, {transfer_said(new)}"
    return f"what members may send each other is now {transfer_said(new)} instead of {transfer_said(old)}"


def _soon_after(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if new is None:
        return f"now at any time, and no longer only {soon_after_said(old or {})}"
    return f"now only {soon_after_said(new)}" + (f" instead of {soon_after_said(old)}" if old else "")


def _limit(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None:
        return f"has a limit now: {read_aloud('limit', new)}"
    if new is None:
        often = _EVERY.get(str(old.get("per")), "")
        return f"its {often + ' ' if often else ''}limit is gone ({read_aloud('limit', old)})"
    changed = f"its limit is now {read_aloud('limit', new)} instead of {read_aloud('limit', old)}"
    if old.get("per") != new.get("per"):
        changed += " (counted from the start of the new version)"
    return changed
