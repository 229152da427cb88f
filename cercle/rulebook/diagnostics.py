"""What is wrong in a club's files, said to a person who does not program: where, what, and the nearest word.

Errors are collected, never raised one by one: a folder is mended in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

NEAR_ENOUGH = 60
"""rapidfuzz's ratio (0 to 100) below which a word is no likely slip of the hand for another."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A character of a file. `line` and `column` from 1, in characters; `text` is that line."""

    file: str
    line: int = 1
    column: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One error. `sentence` is whole (it names the nearest allowed word, which `nearest` also holds)."""

    place: Place
    sentence: str
    nearest: str = ""

    def __str__(self) -> str:
        place = self.place
        head = f"{place.file}:{place.line}:{place.column}: {self.sentence}"
        if not place.text.strip():
            return head
        gutter = str(place.line)
        before = "".join("\t" if letter == "\t" else " " for letter in place.text[: place.column - 1])
        return f"{head}\n  {gutter} | {place.text}\n  {' ' * len(gutter)} | {before}^"


class RulebookError(Exception):
    """The files are not a rulebook. `diagnostics` holds every error, by file, line and column."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        super().__init__("\n".join(str(diagnostic) for diagnostic in self.diagnostics))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The allowed word that `word` was probably meant to be; empty when none is near."""
    found = process.extractOne(
        word[:100], sorted(allowed), scorer=fuzz.ratio, processor=str.lower, score_cutoff=NEAR_ENOUGH
    )
    return found[0] if found else ""


def advice(word: str, allowed: Iterable[str]) -> str:
    """The end of a sentence about a wrong word: the nearest allowed one, or all of them if they are few."""
    words = sorted(set(allowed))
    near = nearest(word, words)
    if near:
        return f"; did you mean `{near}`?"
    if not words or len(words) > 12:
        return ""
    return "; known here: " + ", ".join(f"`{each}`" for each in words)


@dataclass(slots=True)
class Findings:
    """The errors found so far."""

    errors: list[Diagnostic] = field(default_factory=list)

    def error(self, place: Place, sentence: str) -> None:
        """Notes an error that no word would mend."""
        self.errors.append(Diagnostic(place, sentence))

    def wrong_word(self, place: Place, sentence: str, word: str, allowed: Iterable[str]) -> None:
        """Notes an error about a word; the sentence gets the nearest of the `allowed` ones."""
        words = tuple(allowed)
        self.errors.append(Diagnostic(place, sentence + advice(word, words), nearest(word, words)))

    def not_yet(self, place: Place, words: str) -> None:
        """Notes words of the language that this version does not act on."""
        self.error(place, f"this version of Cercle does not know `{words}` yet")
