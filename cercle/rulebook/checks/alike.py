"""Whether two rules of points.yaml fire on the same actions, and what they give."""

import json
from collections.abc import Iterable

from cercle.rulebook.checks.reasoning import parts_in_common
from cercle.rulebook.text.source import Block

_WITHOUT = dict.fromkeys(map(ord, " \t\r\n()"))


def without(block: Block, keys: Iterable[str]) -> str:
    """What a mapping says beside these keys, in a form that can be compared."""
    left = {key: value for key, value in block.items() if key not in keys}
    return json.dumps(left, sort_keys=True, default=str)


def must_hold(rule: Block) -> frozenset[str]:
    """The parts of its condition; none: it has no condition."""
    when = rule.get("when")
    return parts_in_common(when) if isinstance(when, str) and when.strip() else frozenset()


def letters_of(rule: Block) -> str:
    """Its condition's letters in the order of the alphabet: alike where the parts are, and found faster."""
    when = rule.get("when")
    return "".join(sorted(when.translate(_WITHOUT))) if isinstance(when, str) else ""
