"""What holds for every file: it is read in one sitting, runs on any machine, and says what it is."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.project import files, modules, text_files, tree
from tests.servers import ROOT

MOST_LINES = 400
READ_BY_PEOPLE = {".py", ".pyi", ".md", ".proto", ".sh", ".yaml", ".lua", ".toml"}
OF_ONE_MACHINE = ["/" + folder + "/" for folder in ("work", "root", "home")]
COMMAND = re.compile(r"\bmake ([a-z]+(?:-[a-z]+)*)\b")


def targets() -> list[str]:
    """What `make help` lists."""
    return re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def commands(text: str) -> list[str]:
    """The targets in a text's code: `make run`, or a line of a block."""
    code = re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL)
    return [target for piece in code for target in COMMAND.findall(piece)]


def test_no_file_is_too_long_to_read() -> None:
    """Past 400 lines a file wants splitting; generated ones and data are not for reading."""
    long = {
        name: text.count("\n")
        for name, text in text_files()
        if Path(name).suffix in READ_BY_PEOPLE
        and not name.startswith(
            ("cercle/wire/", "clubs/", "docs/rules/reference.md", "docs/rules/mistakes.md")
        )
        and text.count("\n") > MOST_LINES
    }
    assert long == {}


def test_no_file_holds_a_path_of_one_machine() -> None:
    """The project runs wherever it is cloned."""
    assert {name for name, text in text_files() if any(folder in text for folder in OF_ONE_MACHINE)} == set()


def test_readme_begins_with_make_run_and_its_commands_exist() -> None:
    """What a newcomer types is what the Makefile makes."""
    said = commands((ROOT / "README.md").read_text())
    assert said[0] == "run"
    assert {"up", "test"} <= set(said) <= set(targets())


def test_documents_name_only_targets_that_exist() -> None:
    """A command in the documents or a service's README is the Makefile's."""
    known = set(targets())
    unknown = {name: set(commands(text)) - known for name, text in text_files() if name.endswith(".md")}
    assert {name: commands for name, commands in unknown.items() if commands} == {}


def test_every_target_that_can_be_typed_is_phony_and_explained() -> None:
    """`make help` lists all; none is hidden by a file of the same name."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(targets())


@pytest.mark.parametrize("path", modules().values(), ids=modules().keys())
def test_module_says_what_it_is(path: Path) -> None:
    """A file's head states its law or its purpose; only an empty file says nothing."""
    code = tree(path)
    assert not code.body or ast.get_docstring(code)


def test_every_test_says_its_law() -> None:
    """The docstring of a test is the law that it checks."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in files()
        if path.relative_to(ROOT).parts[0] == "tests" and path.name.startswith("test_")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_dependencies_are_explained() -> None:
    """docs/dependencies.md names every direct dependency, and no other."""
    direct = set()
    for path in ROOT.glob("requirements*.txt"):
        ours = path.read_text().split("\n\n")[0]
        direct |= {line.split("==")[0].lower() for line in ours.splitlines() if "==" in line}
    rows = re.findall(r"^\| ([\w.-]+) \|", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE)
    assert {row.lower() for row in rows} - {"package"} == direct
