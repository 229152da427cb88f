"""Circles: a badge that waits for an offer that waits for the badge. None of them would ever come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from cercle.rulebook.checks.conditions_of import Written, trigger_of
from cercle.rulebook.checks.reasoning import Case, Claim, cases, read
from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_NAMED_BY = {"offer_issued": "offer", "badge_unlocked": "badge"}
"""What a condition on this trigger calls the thing that it is about."""


@dataclass(frozen=True, slots=True, order=True)
class _Thing:
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} `{self.id}`"


_Needs = Mapping[_Thing, Place]
"""What must come first, and where that is said."""


def check_circles(folder: Folder, findings: Findings) -> None:
    """An error for each circle, at its first place, that walks round it."""
    needs = _in_circles(_all_needs(folder))
    first = {thing: min(each, key=lambda need: (each[need], need)) for thing, each in needs.items()}
    done: set[_Thing] = set()
    for thing in first:
        walked: dict[_Thing, None] = {}
        while thing not in walked and thing not in done:
            walked[thing] = None
            thing = first[thing]
        if thing not in done:
            round_ = list(walked)[list(walked).index(thing) :]
            _tell(round_, {each: needs[each][first[each]] for each in round_}, first, findings)
        done.update(walked)


def _tell(
    things: list[_Thing], places: Mapping[_Thing, Place], first: Mapping[_Thing, _Thing], findings: Findings
) -> None:
    start = min(things, key=lambda thing: places[thing])
    walk, thing = f"{start} {_how(start)} {first[start]}", first[start]
    while thing != start:
        walk += f", which {_how(thing)} {first[thing]}"
        thing = first[thing]
    sentence = (
        f"{walk}: this goes round in a circle, so none of it ever comes; let one of them depend on an action"
    )
    findings.error(Code.CIRCLE, places[start], sentence)


def _how(thing: _Thing) -> str:
    return "is unlocked by" if thing.kind == "badge" else "is issued on"


def _in_circles(needs: Mapping[_Thing, _Needs]) -> dict[_Thing, dict[_Thing, Place]]:
    """Without the things that can come, since all that they need can come: each has a need in here."""
    missing = {thing: len(each) for thing, each in needs.items()}
    needed_by: dict[_Thing, list[_Thing]] = {}
    for thing, each in needs.items():
        for need in each:
            needed_by.setdefault(need, []).append(thing)
    can_come = [thing for thing in {**needs, **needed_by} if not missing.get(thing)]
    for thing in can_come:
        for other in needed_by.get(thing, ()):
            missing[other] -= 1
            if not missing[other]:
                can_come.append(other)
    free = set(can_come)
    return {
        thing: {need: place for need, place in each.items() if need not in free}
        for thing, each in needs.items()
        if thing not in free
    }


def _all_needs(folder: Folder) -> dict[_Thing, _Needs]:
    """Where several things bring the same badge, only what they all need must come first."""
    found: dict[_Thing, _Needs] = {}
    for thing, needs in _each_needs(folder):
        found[thing] = _both(found[thing], needs) if thing in found else needs
    return found


def _both(one: _Needs, other: _Needs) -> _Needs:
    return {need: place for need, place in one.items() if need in other}


def _each_needs(folder: Folder) -> Iterator[tuple[_Thing, _Needs]]:
    badges, offers = folder.blocks.get("badges.yaml"), folder.blocks.get("offers.yaml")
    for achievement in badges.blocks("achievements") if badges else ():
        yield _Thing("badge", str(achievement.get("id"))), _needs("badges.yaml", achievement)
    for challenge in badges.blocks("challenges") if badges else ():
        tasks = (_needs("badges.yaml", task) for task in challenge.blocks("all_of"))
        yield (
            _Thing("badge", str(challenge.get("award"))),
            {need: place for needs in tasks for need, place in needs.items()},
        )
    for offer in offers.blocks("offers") if offers else ():
        if isinstance(issue := offer.get("issue"), Block):
            yield _Thing("offer", str(offer.get("id"))), _needs("offers.yaml", issue)


def _needs(file: str, block: Block) -> _Needs:
    """What every way to fulfil the condition asks for."""
    trigger, when = trigger_of(block), block.get("when")
    if trigger not in _NAMED_BY or not isinstance(when, str):
        return {}
    written = Written(file, block, trigger, when)
    ways = [_asked(case, written) for case in cases(read(when)) or ()]
    return reduce(_both, ways) if ways else {}


def _asked(case: Case, written: Written) -> dict[_Thing, Place]:
    term = _NAMED_BY[written.trigger]
    return {
        _Thing(term, str(claim.values[0])): written.place(claim.offset, len(claim.text))
        for claim in case
        if isinstance(claim, Claim)
        and claim.term == term
        and claim.sign in ("==", "in")
        and len(claim.values) == 1
    }
