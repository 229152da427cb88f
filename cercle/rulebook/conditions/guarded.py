"""Conditions at work: which items of a trigger fire, and why.

All conditions on one trigger are one list expression with one activation. A condition that
fails at run time (it divides by zero, reads past a list's end) counts as false, and only that
one: the others are then evaluated alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from cercle.rulebook.conditions.explaining import Explained, Explaining
from cercle.rulebook.conditions.facts import MemberFacts
from cercle.rulebook.conditions.vocabulary import Vocabularies, Vocabulary
from cercle.rulebook.times import Window

__all__ = ["Explained", "Guard", "Guarded", "MemberFacts", "Vocabularies", "Vocabulary"]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Guard(NamedTuple, Generic[Item]):
    """An item, and what must hold for it: its condition and its dates, None where it has none."""

    item: Item
    when: str | None = None
    window: Window | None = None


class Guarded(Generic[Item, Outcome]):
    """Items of one trigger, each under its guard; `outcome` makes the answer of those that fire.

    Without any condition and window the answer is made once, beforehand.
    """

    def __init__(
        self,
        guards: Sequence[Guard[Item]],
        vocabulary: Vocabulary,
        outcome: Callable[[tuple[Item, ...]], Outcome],
    ) -> None:
        texts = [guard.when for guard in guards if guard.when is not None]
        self._outcome = outcome
        self._guards = tuple(guards)
        self.vocabulary = vocabulary
        self._conditions = vocabulary.compile(texts) if texts else None
        self._always = not texts and all(guard.window is None for guard in guards)
        self._all = outcome(tuple(guard.item for guard in guards))

    def select(self, fields: Mapping[str, object], occurred_at: int, member: MemberFacts) -> Outcome:
        """Of the items whose condition is true and whose window is open, in their order."""
        if self._always:
            return self._all
        answers = iter(self._conditions.hold(fields, occurred_at, member) if self._conditions else ())
        return self._outcome(
            tuple(
                item
                for item, when, window in self._guards
                if (when is None or next(answers)) and (window is None or window.contains(occurred_at))
            )
        )

    def explain(
        self, fields: Mapping[str, object], occurred_at: int, member: MemberFacts
    ) -> tuple[Explained[Item], ...]:
        """Of every item, in their order: whether it fires, and the value that decided."""
        explaining = Explaining(self.vocabulary, fields, occurred_at, member)
        return tuple(explaining.guard(item, when, window) for item, when, window in self._guards)
