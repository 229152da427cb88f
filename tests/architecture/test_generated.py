"""cercle/wire is what the protos say."""

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
