"""Rules of a group that another rule of it always beats.

Why: of a group only the rule that gives most counts. Where one gives at least as much whenever
the other fires, and no limit ever stops it, the other never gives anything.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from cercle.rulebook.checks.alike import must_hold, without
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_STOPS = ("limit", "cooldown", "soon_after")
"""What makes a rule give nothing now and then."""
_COMPARED = ("id", "when", "during", "earn", "multiply", *_STOPS)
_MOST_PARTS = 5
"""Of a condition, up to which every choice of its parts is looked up."""

Best = dict[tuple[str, frozenset[str]], tuple[Decimal, str]]


def shadowed(folder: Folder, findings: Findings) -> None:
    """Warns of each such rule. The cost is linear in the rules."""
    file = folder.blocks.get("points.yaml")
    rules = [rule for rule in (file.blocks("rules") if file else ()) if isinstance(rule.get("id"), str)]
    grouped = [rule for rule in rules if isinstance(rule.get("group"), str)]
    best = _unstopped(grouped)
    for rule in grouped:
        if winner := _beaten_by(rule, best):
            sentence = (
                f"`{rule['id']}` never gives anything: in the group `{rule['group']}`, `{winner}` "
                "fires whenever it does and gives at least as much"
            )
            findings.warning(Code.SHADOWED, rule.at("id"), sentence)


def _unstopped(rules: list[Block]) -> Best:
    """Of rules that nothing stops: the one that gives most, by what must hold for them. Ties go by id."""
    best: Best = {}
    for rule in rules:
        if any(stop in rule for stop in _STOPS) or (gives := _gives(rule)) is None:
            continue
        key = (_shape(rule, rule.get("during")), must_hold(rule))
        rival = best.get(key)
        if rival is None or _beats((gives, str(rule["id"])), rival):
            best[key] = (gives, str(rule["id"]))
    return best


def _beats(one: tuple[Decimal, str], other: tuple[Decimal, str]) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and one[1] < other[1])


def _gives(rule: Block) -> Decimal | None:
    """Points or factor; None for what cannot be compared by one number."""
    earn = rule.get("earn")
    number = earn.get("points") if isinstance(earn, Block) else rule.get("multiply")
    return Decimal(number) if isinstance(number, (int, Decimal)) else None


def _shape(rule: Block, during: object) -> str:
    """All but the number and the condition: rules of one shape are compared by these."""
    earn = rule.get("earn")
    gift = without(earn, ("points",)) if isinstance(earn, Block) else "multiply"
    times = without(during, ()) if isinstance(during, Block) else ""
    return f"{without(rule, _COMPARED)}|{gift}|{times}"


def _beaten_by(rule: Block, best: Best) -> str:
    gives = _gives(rule)
    if gives is None:
        return ""
    own = (gives, str(rule["id"]))
    for during in (None, rule.get("during")):
        shape = _shape(rule, during)
        for parts in _choices(must_hold(rule)):
            rival = best.get((shape, parts))
            if rival and rival[1] != own[1] and _beats(rival, own):
                return rival[1]
    return ""


def _choices(parts: frozenset[str]) -> Iterator[frozenset[str]]:
    """The conditions that hold whenever all these parts do, as far as they can be looked up."""
    sizes = range(len(parts) + 1) if len(parts) <= _MOST_PARTS else (0, 1, len(parts))
    for size in sizes:
        yield from map(frozenset, combinations(sorted(parts), size))
