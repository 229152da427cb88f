"""A club's folder: its rules files, and the sample data that lies beside them."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TextIO

from cercle.actions.files import Kinds, open_text, read_csv, read_json_lines, shift
from cercle.actions.instants import local_time
from cercle.domain.action import RawAction
from cercle.rulebook import Rulebook, compile_rulebook
from cercle.rulebook.folder import TEST_ENDING
from services.console.errors import CommandError
from services.console.reading import read_texts

SAMPLE_ENDINGS = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Club:
    """A folder that was read: its rules files and its files of scenarios by name, and what the rules say."""

    folder: Path
    files: dict[str, str]
    scenarios: dict[str, str]
    rules: Rulebook

    @property
    def id(self) -> str:
        """As club.yaml says, whatever the folder is called."""
        return self.rules.club.id

    @property
    def samples(self) -> list[Path]:
        """The sample actions, by name: every .csv, .csv.gz, .jsonl and .jsonl.gz of the folder."""
        return sorted(path for path in self.folder.iterdir() if path.name.endswith(SAMPLE_ENDINGS))


def read_club(folder: Path) -> Club:
    """Reads and checks a club's folder. Raises CommandError, RulebookError."""
    if not (folder / "club.yaml").is_file():
        raise CommandError(
            f"{folder} is no club's folder, since it holds no club.yaml: "
            "name one that does, such as clubs/records."
        )
    texts = read_texts(folder)
    files = {name: text for name, text in texts.items() if not name.endswith(TEST_ENDING)}
    scenarios = {name: text for name, text in texts.items() if name.endswith(TEST_ENDING)}
    return Club(folder, files, scenarios, compile_rulebook(files))


def read_rules(folder: Path) -> dict[str, str]:
    """The rules files of a folder by name, as they were written, without the scenarios beside them.

    Raises CommandError, or RulebookError for a file that cannot be read or lies where nobody reads it.
    """
    return {name: text for name, text in read_texts(folder).items() if not name.endswith(TEST_ENDING)}


def read_actions(path: Path, rules: Rulebook, source: str | None = None) -> Iterator[RawAction]:
    """The actions of a file, `-` being standard input. Raises FileError, OSError.

    Those that name no source have `source`, else the file's name without .gz: the same file
    emitted again is the same actions.
    """
    with _opened(path) as stream:
        yield from _read(stream, rules, default_source(path) if source is None else source)


def default_source(path: Path) -> str:
    """The source of actions that name none."""
    return "" if str(path) == "-" else path.name.removesuffix(".gz")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if str(path) == "-":
        yield sys.stdin
    else:
        with open_text(path) as stream:
            yield stream


def _read(stream: Iterable[str], rules: Rulebook, source: str) -> Iterator[RawAction]:
    """JSON lines if the first line that is not blank begins with a brace, else CSV."""
    lines = iter(stream)
    begin: list[str] = []
    for line in lines:
        begin.append(line)
        if line.strip():
            break
    whole = chain(begin, lines)
    zone = rules.club.time_zone
    if begin and begin[-1].lstrip().startswith("{"):
        return read_json_lines(whole, zone, source)
    return read_csv(whole, zone, kinds(rules), source)


def kinds(rules: Rulebook) -> Kinds:
    """What each action type's cells are, for CSV files."""
    return {name: action.fields for name, action in rules.actions.items()}


def until_yesterday(actions: list[RawAction], rules: Rulebook, now: datetime) -> list[RawAction]:
    """The same actions, so much later that the last one is on the day before `now`."""
    if not actions:
        return []
    zone = rules.club.time_zone
    last = local_time(max(action.occurred_at for action in actions), zone).date()
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    return list(shift(actions, (yesterday - last).days, zone))
