"""`cercle rules diff`: what changes from one rulebook to another, in sentences."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cercle.rulebook import RulebookError
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.differences import differences
from cercle.rulebook.folder import Folder
from services.console import output
from services.console.addresses import find_settings
from services.console.errors import CommandError
from services.console.reading import read_texts
from services.console.topic_reading import published

NEWEST = "published"
_HASH = re.compile(r"[0-9a-f]{1,64}")

Side = Annotated[
    str,
    typer.Argument(
        help="A club's folder; or `published`, the newest published version; "
        "or the first letters of a version's hash, as `cercle rules history` shows it."
    ),
]


def diff(
    old: Side,
    new: Side,
    club: output.Club = None,
    kafka: output.Kafka = None,
    as_json: output.Json = False,
) -> None:
    """Say in sentences what changes from one rulebook to another.

    Exits with 0, whether they differ or not; with 1 when one of them cannot be read.
    """
    found = differences(_folder(_files(old, club, kafka)), _folder(_files(new, club, kafka)))
    if as_json:
        output.print_json(
            [
                {"file": each.file, "kind": each.noun, "name": each.name, "sentence": each.sentence}
                for each in found
            ]
        )
        return
    file = ""
    for each in found:
        if each.file != file:
            print(each.file)
            file = each.file
        print(f"  {each.sentence}")
    if not found:
        print("Both say the same.")


def _files(side: str, club: str | None, kafka: str | None) -> Mapping[str, str]:
    folder = Path(side)
    if folder.is_dir():
        return read_texts(folder)
    if side != NEWEST and not _HASH.fullmatch(side):
        raise CommandError(f"There is no folder {side}: name one such as clubs/records, or `{NEWEST}`.")
    versions = asyncio.run(published(find_settings(club, kafka)))
    if side == NEWEST and versions:
        return versions[-1].files
    found = {version.version: version for version in versions if version.version.startswith(side)}
    if len(found) != 1:
        many = "Several versions begin with" if found else "There is neither a folder nor a published version"
        raise CommandError(
            f"{many} `{side}`: name a folder such as clubs/records, `{NEWEST}`, "
            "or a version as `cercle rules history` shows it."
        )
    return next(iter(found.values())).files


def _folder(files: Mapping[str, str]) -> Folder:
    findings = Findings()
    folder = Folder(files, findings)
    if findings.errors:
        raise RulebookError(findings.errors)
    return folder
