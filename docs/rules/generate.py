"""Writes the pages of docs/rules that are made from the code: `python docs/rules/generate.py [FOLDER]`.

Reproducible: a test generates again and compares. A new generated page is a line of PAGES.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from error_codes import error_codes
from mistakes import mistakes
from reference import reference

FOLDER = Path(__file__).resolve().parent
PAGES: Mapping[str, Callable[[], str]] = {
    "errors/README.md": error_codes,
    "mistakes.md": mistakes,
    "reference.md": reference,
}
"""The text of each page, by its file's name."""


def generate(target: Path) -> None:
    """Writes every page into the folder `target`."""
    for name, text in PAGES.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
