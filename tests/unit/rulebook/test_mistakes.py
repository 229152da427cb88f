"""docs/rules/mistakes.md: each mistake prints exactly what the page shows, and each right one nothing.

After a deliberate change of what is printed, `python -m tests.unit.rulebook.test_mistakes` writes the
table anew, and `make rules-docs` the page; read the difference before it is committed.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from services.console.__main__ import app
from tests.servers import ROOT

FOLDER = ROOT / "docs" / "rules"


def _page_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mistakes_page", FOLDER / "mistakes.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _page_maker()
CLUB, MISTAKES = PAGE.table()


def printed(files: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Exit status and output of `cercle rules check --strict` for the club with these files."""
    for name, text in {**CLUB, **files}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["rules", "check", "--strict", str(folder)])
    return result.exit_code, result.stdout


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.title for each in MISTAKES])
def test_a_mistake_prints_what_the_page_shows(mistake: Any, tmp_path: Path) -> None:
    """To the letter, the summary in the last line included."""
    assert printed(mistake.wrong, tmp_path) == (1, mistake.printed)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.title for each in MISTAKES])
def test_the_right_files_have_neither_error_nor_warning(mistake: Any, tmp_path: Path) -> None:
    """What is right is also acted on."""
    _, output = printed(mistake.right, tmp_path)
    told = [line for line in output.splitlines() if ": error R" in line or ": warning R" in line]
    assert told == []


def test_the_page_is_fresh_and_lacks_no_mistake() -> None:
    """`make rules-docs` makes it anew; each mistake has a wrong file, what is printed, and a right file."""
    assert (FOLDER / "mistakes.md").read_text(encoding="utf-8") == PAGE.mistakes()
    assert len(MISTAKES) == 23
    assert all(each.why and each.wrong and each.printed and each.right for each in MISTAKES)


def accept() -> None:
    """Writes into the table what is printed now."""
    head, *entries = PAGE.TABLE.read_text(encoding="utf-8").split("\n=== ")
    for index, mistake in enumerate(MISTAKES):
        with TemporaryDirectory() as folder:
            output = printed(mistake.wrong, Path(folder))[1]
        before, _, after = entries[index].partition("\n--- expected\n")
        entries[index] = f"{before}\n--- expected\n{output}--- right " + after.partition("--- right ")[2]
    PAGE.TABLE.write_text("\n=== ".join([head, *entries]), encoding="utf-8")


if __name__ == "__main__":
    accept()
