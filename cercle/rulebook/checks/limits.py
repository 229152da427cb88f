"""Rules with limits of the same kind for the very same actions.

Why: each limit counts for its own rule, so they add up: twice 200 points a day is 400. Who writes
a limit twice usually means one for both.
"""

from collections.abc import Iterator

from cercle.rulebook.checks.alike import letters_of, must_hold, without
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_OWN = ("id", "earn", "limit", "when", "group")


def limits_add_up(folder: Folder, findings: Findings) -> None:
    """Warns at the limit of each rule but the first of them."""
    alike: dict[tuple[object, ...], list[Block]] = {}
    for rule, key in _limited(folder):
        alike.setdefault(key, []).append(rule)
    for key, rules in alike.items():
        firsts: dict[frozenset[str], Block] = {}
        for rule in rules if len(rules) > 1 else ():
            first = firsts.setdefault(must_hold(rule), rule)
            if first is not rule:
                _warn(first, rule, str(key[0]), findings)


def _limited(folder: Folder) -> Iterator[tuple[Block, tuple[object, ...]]]:
    """The rules that earn up to a limit, each with all that must be alike, the condition by its letters."""
    file = folder.blocks.get("points.yaml")
    for rule in file.blocks("rules") if file else ():
        earn, limit = rule.get("earn"), rule.get("limit")
        if isinstance(earn, Block) and isinstance(limit, Block):
            yield (
                rule,
                (
                    "points" if "points" in limit else "times",
                    str(limit.get("per")),
                    letters_of(rule),
                    str(earn.get("in", POINTS)),
                    without(earn, ("points", "friend", "for_each", "in")),
                    without(rule, _OWN),
                ),
            )


def _warn(first: Block, second: Block, kind: str, findings: Findings) -> None:
    limits = [limit for limit in (first["limit"], second["limit"]) if isinstance(limit, Block)]
    together = sum(most for limit in limits if isinstance(most := limit.get(kind), int))
    sentence = (
        f"this limit and that of `{first.get('id')}` are for the same actions, and add up: "
        f"{together} {kind} per {limits[0].get('per')} in all; for one limit, make one rule of the two"
    )
    findings.warning(Code.LIMITS_ADD_UP, second.key_spots["limit"].place(), sentence)
