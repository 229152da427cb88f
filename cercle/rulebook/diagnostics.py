"""What is wrong in a club's files, said to a person who does not program: where, what, and the nearest word.

Errors are collected, never raised one by one: a folder is mended in one go.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from cercle.rulebook.codes import Code, Severity

NEAR_ENOUGH = 60
"""rapidfuzz's ratio (0 to 100) below which a word is no likely slip of the hand for another."""
LONGEST_SENTENCE = 600


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Characters of a file: `length` of them from `column` of `line` on, both from 1; `text` is that line.

    What goes on in later lines is cut off at the end of the first.
    """

    file: str
    line: int = 1
    column: int = 1
    text: str = ""
    length: int = 1

    @property
    def carets(self) -> str:
        """What stands under the line: blanks (and the line's own tabs), then a caret for each character."""
        before = "".join("\t" if letter == "\t" else " " for letter in self.text[: self.column - 1])
        room = max(1, len(self.text) - self.column + 1)
        return before + "^" * max(1, min(self.length, room))


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One error or warning. `sentence` is whole: it names the nearest allowed word, which `nearest` holds."""

    place: Place
    code: Code
    sentence: str
    nearest: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = self.place
        head = f"{place.file}:{place.line}:{place.column}: {self.severity} {self.code}: {self.sentence}"
        if not place.text.strip():
            return head
        gutter = str(place.line)
        return f"{head}\n  {gutter} | {place.text}\n  {' ' * len(gutter)} | {place.carets}"


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


def _shortened(sentence: str) -> str:
    """What a file holds may be a megabyte long, and a sentence names it."""
    return sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE] + " ..."


@dataclass(slots=True)
class Findings:
    """The errors and warnings found so far."""

    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)

    def error(self, code: Code, place: Place, sentence: str) -> None:
        """Notes an error that no word would mend."""
        self.errors.append(Diagnostic(place, code, _shortened(sentence)))

    def wrong_word(self, code: Code, place: Place, sentence: str, word: str, allowed: Iterable[str]) -> None:
        """Notes an error about a word; the sentence gets the nearest of the `allowed` ones."""
        words = tuple(allowed)
        near = nearest(word, words)
        self.errors.append(Diagnostic(place, code, _shortened(sentence) + advice(word, words), near))

    def withdraw(self, code: Code, place: Place) -> None:
        """Takes an error back that another one at the same place says better."""
        self.errors = [each for each in self.errors if each.code != code or each.place != place]

    def warning(self, code: Code, place: Place, sentence: str, nearest: str = "") -> None:
        """Notes what is sound but hardly meant."""
        self.warnings.append(Diagnostic(place, code, sentence, nearest, Severity.WARNING))
