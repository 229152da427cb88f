"""A club's files as they were read: blocks that know their places, and models of what is sound."""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings, Place
from cercle.rulebook.entries.entry import Entry
from cercle.rulebook.files import FILES, REQUIRED
from cercle.rulebook.files.club import ClubFile
from cercle.rulebook.text.reader import read_yaml
from cercle.rulebook.text.source import Block, Source
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
                block = read_yaml(Source(name, files[name].removeprefix("\ufeff")), findings)
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


def _check_names(files: Mapping[str, str], findings: Findings) -> None:
    for name in sorted(files.keys() - FILES.keys()):
        if not name.endswith(TEST_ENDING):
            sentence = f"`{name}` is not a rules file"
            findings.wrong_word(Code.UNKNOWN_FILE, Place(name), sentence, name, FILES)
    for name in REQUIRED:
        if name not in files:
            findings.error(Code.MISSING_FILE, Place(name), f"the file `{name}` is missing")
