"""docs/rules/errors: every code has a page; its wrong examples get the code, its right ones nothing."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cercle.rulebook.codes import Code
from services.console.__main__ import app

FOLDER = Path(__file__).parents[3] / "docs" / "rules" / "errors"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("R[0-9]*.md"))}
FENCE = re.compile(r"^```(yaml|bytes) (wrong|right) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ABSENT = "(absent)\n"
WARNINGS = ("R06", "R07")

Files = dict[str, bytes]


def base_club() -> Files:
    """The club that the examples belong to, from the folder's README."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    return {
        file: text.encode() for file, text in re.findall(r"^```yaml (\S+)\n(.*?)^```$", page, re.M | re.S)
    }


def examples(page: str) -> list[tuple[str, Files]]:
    """(wrong or right, files): fences of one kind that follow each other are one example, a file each."""
    found: list[tuple[str, Files]] = []
    for how, kind, file, text in FENCE.findall(page):
        content = bytes.fromhex(text) if how == "bytes" else text.encode()
        if found and found[-1][0] == kind and file not in found[-1][1]:
            found[-1][1][file] = content
        else:
            found.append((kind, {file: content}))
    return found


EXAMPLES = [(code, *example) for code, page in PAGES.items() for example in examples(page)]


def found_in(files: Files, folder: Path) -> dict[str, str]:
    """Code to severity of all that `cercle rules check` says of the club with these files."""
    for name, content in {**base_club(), **files}.items():
        if content != ABSENT.encode():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    done = CliRunner().invoke(app, ["rules", "check", str(folder), "--format", "json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return {each["code"]: each["severity"] for each in json.loads(done.stdout)}


def test_every_code_has_a_page_with_a_wrong_and_a_right_example() -> None:
    """No code without a page, no page without a code, and each page shows both."""
    assert PAGES.keys() == {str(code) for code in Code}
    for code, page in PAGES.items():
        assert page.startswith(f"# {code}: "), code
        assert {kind for kind, _ in examples(page)} == {"wrong", "right"}, code


def test_the_club_of_the_examples_is_sound(tmp_path: Path) -> None:
    """What is wrong in an example is the example's own."""
    assert found_in({}, tmp_path) == {}


@pytest.mark.parametrize(("code", "kind", "files"), EXAMPLES)
def test_an_example_gets_what_its_page_says(code: str, kind: str, files: Files, tmp_path: Path) -> None:
    """A wrong example gets the page's code and no other; a right one gets neither error nor warning.

    What this version does not act on yet is told beside either.
    """
    found = found_in(files, tmp_path)
    if code != Code.INACTIVE:
        found.pop(Code.INACTIVE, None)
    severity = "warning" if code.startswith(WARNINGS) else "error"
    assert found == ({code: severity} if kind == "wrong" else {})
