"""What the architecture tests look at: the project's own files and modules."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.servers import ROOT

SHELL = {"__init__", "__main__", "asked", "calls", "rpc", "stream", "wire"}
"""The files of a service that are no domain: alike in every service. Parts of one are `wire_<part>`."""
SERVICES = ("points", "badges", "offers")


def files() -> list[Path]:
    """Every file of the project that is tracked, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_files() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is text."""
    for path in files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules() -> dict[str, Path]:
    """Every module of cercle and services by its dotted name, generated ones left out."""
    found = {}
    for path in files():
        parts = path.relative_to(ROOT).with_suffix("").parts
        if path.suffix == ".py" and parts[0] in ("cercle", "services") and parts[:2] != ("cercle", "wire"):
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def domain_modules() -> dict[str, Path]:
    """The pure modules: the shared core, and of a service whatever is not shell."""
    return {
        name: path
        for name, path in modules().items()
        if name.startswith(("cercle.domain", "cercle.rulebook"))
        or (name.split(".")[0] == "services" and is_domain(name.split(".")[1:]))
    }


def is_domain(parts: list[str]) -> bool:
    """Whether services.<parts> is a domain module."""
    return len(parts) > 1 and parts[0] in SERVICES and not {parts[1], parts[1].partition("_")[0]} & SHELL


def tree(path: Path) -> ast.Module:
    """The syntax of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
