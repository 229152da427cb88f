"""What is in the language, and that this version does not act on yet: one warning for each key."""

from cercle.rulebook.codes import Code, Severity
from cercle.rulebook.diagnostics import Diagnostic, Place
from cercle.rulebook.folder import Folder


def inactive(folder: Folder) -> list[Diagnostic]:
    """A warning at the first place of each such key, naming the lines of the others."""
    found: dict[tuple[str, str, str], list[tuple[Place, str]]] = {}
    for name, model in folder.models().items():
        for entry in model.within():
            for key in entry.inactive_keys():
                written = (entry.block.key_spots[key].place(), _written(key, entry.block[key]))
                found.setdefault((name, key, entry.inactive[key]), []).append(written)
    return [_warning(what_follows, sorted(all_of_it)) for (_, _, what_follows), all_of_it in found.items()]


def _written(key: str, value: object) -> str:
    """The key, with its value where that is one word: it may be the value that is not acted on."""
    return key if isinstance(value, (dict, list)) else f"{key}: {value}"


def _warning(what_follows: str, written: list[tuple[Place, str]]) -> Diagnostic:
    (first, words), *rest = written
    sentence = f"this version of Cercle does not act on `{words}` yet: {what_follows}"
    others = sorted({place.line for place, _ in rest} - {first.line})
    if others:
        shown = ", ".join(str(line) for line in others[:5]) + (", ..." if len(others) > 5 else "")
        sentence += f" (also in line{'s' if len(others) > 1 else ''} {shown})"
    return Diagnostic(first, Code.INACTIVE, sentence, severity=Severity.WARNING)
