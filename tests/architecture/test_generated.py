"""cercle/wire is what the protos say, and the pages of docs/rules that are made from the code are fresh."""

import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT


def stubs(folder: Path) -> dict[str, bytes]:
    """Every stub's bytes by its name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".py", ".pyi")}


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    """Generating again gives the same bytes; `make wire` does it in place."""
    subprocess.run([sys.executable, str(ROOT / "protos" / "generate.py"), str(tmp_path)], check=True)
    made = stubs(tmp_path)
    assert made
    assert stubs(ROOT / "cercle" / "wire") == made


def test_generated_pages_are_fresh(tmp_path: Path) -> None:
    """Generating again gives the same texts; `make rules-docs` does it in place."""
    folder = ROOT / "docs" / "rules"
    subprocess.run([sys.executable, str(folder / "generate.py"), str(tmp_path)], check=True, cwd=ROOT)
    made = {path.relative_to(tmp_path): path.read_text("utf-8") for path in tmp_path.rglob("*.md")}
    assert {Path("reference.md"), Path("errors/README.md")} <= made.keys()
    stale = [str(name) for name, text in made.items() if (folder / name).read_text("utf-8") != text]
    assert stale == [], "`make rules-docs` makes them anew"
