"""A club's files as they were read: blocks that know their places, and models of what is sound."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place
from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files import FILES, REQUIRED
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.text.reader import read_file
from cercle.rulebook.text.source import Block
from cercle.rulebook.validation.validate import validate

TEST_ENDING = "_test.yaml"
"""Scenarios beside the rules: no part of the rulebook, nor of its version."""

Model = TypeVar("Model", bound=Entry)


class Folder:
    """`blocks`: each file's mapping, None where it is not YAML. `of` gives a file's model."""

    def __init__(self, files: Mapping[str, str], findings: Findings) -> None:
        _check_names(files, findings)
        self.blocks: dict[str, Block | None] = {}
        self._models: dict[type[Entry], Entry | None] = {}
        for name, model in FILES.items():
            if name in files:
                block = read_file(name, files[name], findings)
                self.blocks[name] = block
                if block is not None:
                    self._models[model] = validate(block, model, findings, self._currency())

    def of(self, model: type[Model]) -> Model | None:
        """The file without its wrong entries; None when there is none, or nothing sound in it."""
        found = self._models.get(model)
        return found if isinstance(found, model) else None

    @cached_property
    def mappings(self) -> tuple[tuple[str, Block], ...]:
        """Every mapping of the files, with the file's name; outer ones before what is in them."""
        return tuple((name, each) for name, block in self.blocks.items() if block for each in block.within())

    def _currency(self) -> str:
        """Known once club.yaml was read, which is the first."""
        club = self.of(ClubFile)
        return club.currency if club else ""

    def models(self) -> dict[str, Entry]:
        """Every file that has a model, by name."""
        found = {name: self.of(model) for name, model in FILES.items()}
        return {name: model for name, model in found.items() if model is not None}


def _unknown_file(name: str, findings: Findings) -> None:
    """A folder within the club's, a file of scenarios whose name does not say so, or a slip of the hand."""
    sentence, place = f"`{name}` is not a rules file", Place(name)
    stem = name.rpartition("/")[2].rpartition(".")[0]
    if "/" in name:
        sentence += ": rules files stand in the club's folder itself; move it there, or out of the club"
        findings.error(Code.UNKNOWN_FILE, place, sentence)
    elif "test" in re.split(r"[^a-z]+", stem.lower()):
        about = re.sub(r"^tests?[^a-z]+|[^a-z]+tests?$", "", stem.lower()) or "first"
        sentence += (
            f"; scenarios are in files whose names end in `{TEST_ENDING}`, such as `{about}{TEST_ENDING}`"
        )
        findings.error(Code.UNKNOWN_FILE, place, sentence)
    else:
        findings.wrong_word(Code.UNKNOWN_FILE, place, sentence, name, FILES)


def _check_names(files: Mapping[str, str], findings: Findings) -> None:
    for name in sorted(files.keys() - FILES.keys()):
        if not name.endswith(TEST_ENDING):
            _unknown_file(name, findings)
    for name in REQUIRED:
        if name not in files:
            findings.error(Code.MISSING_FILE, Place(name), f"the file `{name}` is missing")
