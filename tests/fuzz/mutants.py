"""Wrong rules files without number: each is made of sound ones, a number decides how."""

import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files import FILES
from cercle.rulebook.validation.key_places import entries_below
from tests.wrong_files import SOUND, cases, tables

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLE = re.compile(r"```yaml\n# ([a-z_]+\.yaml)\n(.*?)```", re.DOTALL)
_SIGNS = r""": , - ? [ ] { } # & * ! | > ' " % @ ` ~ = < \ “ ” « » ’ é 𝄞 ٣ {{ }} [[ ]] null true yes on
.inf .nan 1e999 0x10 1_000 -0 1.5 1,5 10% $50 24/12/2026 2026-02-30 9999-12-31 P1D {8} --- ... "\ud800" "\x00"
"""
_PHRASES = r"""%YAML 1.1|<<: |!!str |!!binary |&a |*a |: |- |? |>+ |-- | #|50 dollars|42,90 USD
2026-13-01 25:61|1 day|1 an|999999 weeks|: :"""
_SPECIALS = (
    *(*_SIGNS.split(), *_PHRASES.replace("\n", "|").split("|"), "\n", "\n- ", "\t", "\r\n"),
    *("\u00a0", "\u2028", "\x85", "\u202e", "\ufeff", "\x00", "\x07", "\x1b[2J", chr(0xD800)),
    *("9" * 20, "9" * 400, "1." + "3" * 300, "x" * 5_000),
)
Text = str
Change = Callable[[random.Random, Text], Text]


@cache
def clubs() -> tuple[dict[str, str], ...]:
    """The clubs of the repository."""
    return tuple(
        {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}
        for parent in ("clubs", "tests/benchmarks", "services/console/starter")
        for folder in sorted((ROOT / parent).glob("*"))
        if (folder / "club.yaml").exists()
    )


@cache
def seeds() -> tuple[dict[str, str], ...]:
    """Sound folders and wrong ones: the clubs, the pages of docs/rules, the tables of wrong files."""
    folders = list(clubs())
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for name, text in _EXAMPLE.findall(page.read_text(encoding="utf-8")):
            folders.append({**SOUND, name: text})
    folders += [{**SOUND, **case.files} for table in tables() for case in cases(table)]
    return tuple(folders)


@cache
def words() -> tuple[str, ...]:
    """Every key of the language."""
    known: set[str] = set()
    left: list[type[Entry]] = list(FILES.values())
    seen: set[type[Entry]] = set()
    while left:
        model = left.pop()
        if model not in seen:
            seen.add(model)
            below = entries_below(model)
            known |= below.keys()
            left += [each for models in below.values() for each in models]
    return tuple(sorted(known))


def _piece(dice: random.Random, text: Text, longest: int = 40) -> tuple[int, int]:
    start = dice.randrange(len(text) + 1)
    return start, min(len(text), start + dice.randrange(longest))


def _cut(dice: random.Random, text: Text) -> Text:
    start, end = _piece(dice, text)
    return text[:start] + text[end:]


def _copy(dice: random.Random, text: Text) -> Text:
    start, end = _piece(dice, text)
    at = dice.randrange(len(text) + 1)
    return text[:at] + text[start:end] * dice.choice((1, 1, 2, 50)) + text[at:]


def _swap(dice: random.Random, text: Text) -> Text:
    letters = list(text)
    if len(letters) > 1:
        one, other = dice.randrange(len(letters)), dice.randrange(len(letters))
        letters[one], letters[other] = letters[other], letters[one]
    return "".join(letters)


def _special(dice: random.Random, text: Text) -> Text:
    start, end = _piece(dice, text, 6)
    return text[:start] + dice.choice(_SPECIALS) + text[dice.choice((start, end)) :]


def _lines(dice: random.Random, text: Text) -> Text:
    lines = text.split("\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    change = dice.randrange(4)
    if change == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif change == 1:
        lines.insert(one, lines[other])
    elif change == 2:
        del lines[one]
    else:
        lines[one] = dice.choice(("", " ", "   ", "\t", "      - ")) + lines[one].lstrip(
            dice.choice((" ", " -"))
        )
    return "\n".join(lines)


def _word(dice: random.Random, text: Text) -> Text:
    found = list(re.finditer(r"[\w-]+", text))
    if not found:
        return text
    match = dice.choice(found)
    return text[: match.start()] + dice.choice((*words(), dice.choice(_SPECIALS))) + text[match.end() :]


def _value(dice: random.Random, text: Text) -> Text:
    """Another kind of value after a colon."""
    found = list(re.finditer(r": +([^\n,{}\[\]]+)", text))
    if not found:
        return text
    match = dice.choice(found)
    old = match[1]
    new = dice.choice(
        (f"[{old}]", f"{{{dice.choice(words())}: {old}}}", f'"{old}"', "", "[]", "{}", "|\n  x", old * 3)
    )
    return text[: match.start(1)] + new + text[match.end(1) :]


def _key(dice: random.Random, text: Text) -> Text:
    """A key of the language where there was none."""
    at = dice.choice([match.end() for match in re.finditer(r"\{|\n +|, |^", text)] or [0])
    value = dice.choice(("5", "x", "[a]", "{a: 1}", "2026-12-01", "10 days", "5 USD", "true", '"é"'))
    return (
        text[:at] + f"{dice.choice(words())}: {value}" + dice.choice((", ", "\n", "\n    ", "")) + text[at:]
    )


def _deep(dice: random.Random, text: Text) -> Text:
    at, depth = dice.randrange(len(text) + 1), dice.choice((3, 48, 52, 300, 3_000))
    opening, closing = dice.choice(
        (("[", "]"), ("{a: ", "}"), ("- ", ""), ("(", ")"), ("!", ""), ("(a ? ", " : b)"))
    )
    return text[:at] + opening * depth + dice.choice(("", closing * depth)) + text[at:]


def _bytes(dice: random.Random, text: Text) -> Text:
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(dice.randrange(1, 4)):
        if raw:
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return raw.decode("utf-8", "replace")


def _ends(dice: random.Random, text: Text) -> Text:
    """Of another system: line ends, a mark at the beginning, no end."""
    return dice.choice(
        ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), text.rstrip("\n"))
    )


def _bomb(dice: random.Random, text: Text) -> Text:
    """Aliases of aliases."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    return dice.choice(("\n".join(lines) + "\n" + text, text + "\n" + "\n".join(lines)))


_CHANGES: Sequence[Change] = (
    *(_cut, _copy, _swap, _special, _special, _lines, _lines, _word, _word, _value, _value),
    *(_key, _key, _deep, _bytes, _ends, _bomb),
)


def mutant(number: int) -> dict[str, str]:
    """The folder of that number: the same at every call."""
    dice = random.Random(number)
    folder = dict(dice.choice(dice.choice((clubs(), seeds()))))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        name = dice.choice(sorted(folder))
        if dice.random() < 0.05:
            folder[name] = _splice(dice, folder[name])
        elif dice.random() < 0.01:
            folder[dice.choice((name.upper(), "rules.yaml", "x/" + name, "metrics.yaml"))] = folder.pop(name)
        else:
            folder[name] = dice.choice(_CHANGES)(dice, folder[name])
    return folder


def _splice(dice: random.Random, text: Text) -> Text:
    """With a part of any other file."""
    other = dice.choice(seeds())
    lines, more = text.split("\n"), other[dice.choice(sorted(other))].split("\n")
    at, start = dice.randrange(len(lines)), dice.randrange(len(more))
    return "\n".join([*lines[:at], *more[start : start + dice.randrange(12)], *lines[at:]])
