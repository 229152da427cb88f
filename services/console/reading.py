"""A club's folder as it lies on the disk: its rules files as texts, and what keeps one from being read.

What is no rules file (a README, sample data) is left alone; what was meant to be one and is
in the wrong folder or has another ending is an error, since nobody would notice its absence.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Diagnostic, Place, RulebookError
from cercle.rulebook.files import FILES
from cercle.rulebook.folder import TEST_ENDING
from services.console.errors import CommandError

ENDING = ".yaml"
LARGEST = 10_000_000
"""Bytes of a rules file; 5,000 rules are less than one million."""
MOST_FOLDERS = 200
"""Sub-folders that are searched for misplaced files."""


@dataclass(frozen=True)
class Reading:
    """`files`: name to text. `diagnostics`: what could not be read, or lies where nobody reads it."""

    files: dict[str, str]
    diagnostics: list[Diagnostic]


def read_folder(folder: Path) -> Reading:
    """Reads the rules files of a folder. Raises CommandError where there is no such folder to read."""
    names = _names(folder)
    reading = Reading({}, [])
    for name in names:
        if name.endswith(ENDING) and not _meant(name):
            _read(folder / name, reading)
    reading.diagnostics.extend(
        Diagnostic(Place(name), *_wrong_name(name, meant)) for name in names if (meant := _meant(name))
    )
    reading.diagnostics.extend(_misplaced(folder, here="club.yaml" in names))
    return reading


def read_texts(folder: Path) -> dict[str, str]:
    """All rules files and scenarios of a folder, by name, as they were written.

    Raises CommandError, or RulebookError for a file that cannot be read or lies where nobody reads it.
    """
    reading = read_folder(folder)
    if reading.diagnostics:
        raise RulebookError(reading.diagnostics)
    return reading.files


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        raise CommandError(f"There is no folder {folder}: name a club's, such as clubs/records.") from None
    except NotADirectoryError:
        advice = f", such as {folder.parent}" if folder.name in FILES else ""
        raise CommandError(f"{folder} is a file: name the folder that holds it{advice}.") from None
    except OSError as error:
        raise CommandError(f"The folder {folder} cannot be read: {error.strerror or error}.") from None
    except ValueError:
        raise CommandError("A folder's name cannot hold such characters.") from None


def _read(path: Path, reading: Reading) -> None:
    name = path.name.encode(errors="replace").decode()
    try:
        text = _text(path)
    except UnicodeDecodeError as error:
        reading.diagnostics.append(_not_utf8(name, error))
    except OSError as error:
        sentence = f"`{name}` cannot be read: {_why(path, error)}"
        reading.diagnostics.append(Diagnostic(Place(name), Code.UNREADABLE, sentence))
    else:
        if text is None:
            sentence = f"`{name}` is larger than {LARGEST:,} bytes; that is no rules file"
            reading.diagnostics.append(Diagnostic(Place(name), Code.TOO_LARGE, sentence))
        else:
            reading.files[name] = text


def _text(path: Path) -> str | None:
    """None: too large. A pipe or a device is no file either: reading it might never end."""
    if not path.is_dir() and path.exists() and not path.is_file():
        raise OSError("it is no file")
    with path.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    return None if len(content) > LARGEST else content.decode("utf-8")


def _why(path: Path, error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return "it is a folder, and should be a file"
    if isinstance(error, PermissionError):
        return "you are not allowed to; ask whoever made it for the right to read it"
    if path.is_symlink():
        return "it is a link that leads nowhere; put the file itself here"
    return (error.strerror or str(error)).lower()


def _not_utf8(name: str, error: UnicodeDecodeError) -> Diagnostic:
    before = error.object[: error.start]
    line = before.count(b"\n") + 1
    start = before.rfind(b"\n") + 1
    column = len(before[start:].decode("utf-8")) + 1
    text = error.object[start:].split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace")
    sentence = "this is not written in UTF-8; save the file again with the encoding UTF-8"
    return Diagnostic(Place(name, line, column, text), Code.UNREADABLE, sentence)


def _meant(name: str) -> str:
    """The rules file that a name such as `points.yml` or `Points.yaml.txt` was meant to be; else empty."""
    plain = name.lower().removesuffix(".txt")
    if plain.endswith(".yml"):
        plain = plain.removesuffix(".yml") + ENDING
    known = plain in FILES or plain.endswith(TEST_ENDING)
    return plain if known and plain != name else ""


def _wrong_name(name: str, meant: str) -> tuple[Code, str, str]:
    sentence = f"`{name}` is not read: a rules file's name is written `{meant}`; rename it"
    return Code.UNKNOWN_FILE, sentence, meant


def _misplaced(folder: Path, here: bool) -> Iterator[Diagnostic]:
    """Rules files in sub-folders. A sub-folder with a club.yaml is a club of its own."""
    for sub, names in _below(folder):
        shown = sub.as_posix()
        if "club.yaml" in names:
            if not here:
                sentence = (
                    f"the club is in the folder `{shown}`; check that one: `cercle rules check {shown}`"
                )
                yield Diagnostic(
                    Place((sub.relative_to(folder) / "club.yaml").as_posix()), Code.MISPLACED, sentence
                )
            continue
        for name in sorted(names):
            if name in FILES or name.endswith(TEST_ENDING):
                sentence = f"`{name}` lies in a sub-folder, where nobody reads it; move it beside club.yaml"
                place = Place((sub.relative_to(folder) / name).as_posix())
                yield Diagnostic(place, Code.MISPLACED, sentence)


def _below(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    for place, folders, names in islice(os.walk(folder), MOST_FOLDERS):
        folders[:] = sorted(each for each in folders if not each.startswith((".", "__")))
        sub = Path(place)
        if sub != folder:
            yield sub, set(names)
            if "club.yaml" in names:
                folders.clear()
