"""A sign in a condition, and the values on both sides of it, in the condition's own words."""

from cercle.rulebook.codes import Code
from cercle.rulebook.conditions.text import COMPARISONS, Problem, Token
from cercle.rulebook.conditions.words import Around, Words, describe_type

TIME = "google.protobuf.timestamp"


class Sides:
    """A sign, and the values on both sides of it. `kinds`: their types, in small letters."""

    def __init__(self, around: Around, words: Words, index: int, kinds: list[str]) -> None:
        self._around = around
        self._words = words
        self._index = index
        self._token = around.found[index]
        self._kinds = kinds
        self._sides = (around.before(index), around.after(index))
        if self._token.text in COMPARISONS:
            self._sides = (around.terms_before(index), around.terms_after(index))
        self._texts = tuple(around.part(side) for side in self._sides)

    def _at_sign(self, sentence: str, code: Code = Code.CONDITION_TYPES) -> Problem:
        return self._token.problem(code, sentence)

    def _side_of(self, *kinds: str) -> int | None:
        return next((side for side, kind in enumerate(self._kinds[:2]) if kind in kinds), None)

    def _literal(self, side: int) -> Token | None:
        """The one number or text that a side is."""
        first, last = self._sides[side]
        token = self._around.found[first] if 0 <= first == last < len(self._around.found) else None
        return token if token is not None and token.kind in ("number", "text") else None

    def _described(self, side: int) -> str:
        kind = describe_type(self._kinds[side])
        text = self._texts[side]
        return f"`{text}` is {kind}" if text and len(text) <= 40 else f"one side is {kind}"

    def _two_kinds(self) -> str:
        return f"`{self._token.text}` needs two values of one kind: " + " and ".join(
            map(self._described, (0, 1))
        )

    def _one_field(self, message: str) -> str:
        _, fields = self._words.messages.get(message, ("", frozenset[str]()))
        return max(fields, default="...")  # `tier` of a member
