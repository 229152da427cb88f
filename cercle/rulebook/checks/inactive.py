"""What is in the language, and that this version does not act on yet: one warning for each key."""

from cercle.rulebook.codes import Code, Severity
from cercle.rulebook.diagnostics import Diagnostic, Place
from cercle.rulebook.folder import Folder


def inactive(folder: Folder) -> list[Diagnostic]:
    """A warning at the first place of each such key, naming the lines of the others."""
    found: dict[tuple[str, str, str], list[Place]] = {}
    for name, model in folder.models().items():
        for entry in model.within():
            for key in entry.inactive_keys():
                what_follows = entry.inactive[key]
                found.setdefault((name, key, what_follows), []).append(entry.block.key_spots[key].place())
    return [_warning(key, what_follows, sorted(places)) for (_, key, what_follows), places in found.items()]


def _warning(key: str, what_follows: str, places: list[Place]) -> Diagnostic:
    sentence = f"this version of Cercle does not act on `{key}` yet: {what_follows}"
    others = sorted({place.line for place in places[1:]} - {places[0].line})
    if others:
        shown = ", ".join(str(line) for line in others[:5]) + (", ..." if len(others) > 5 else "")
        sentence += f" (also in line{'s' if len(others) > 1 else ''} {shown})"
    return Diagnostic(places[0], Code.INACTIVE, sentence, severity=Severity.WARNING)
