"""The list of all codes in errors/README.md, from the first line of each code's page."""

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "errors"
BEGIN = "<!-- the list of codes: written by docs/rules/generate.py -->"
END = "## The club of the examples"
KINDS = {
    "R01": "A file as text",
    "R02": "Keys and values",
    "R03": "Conditions",
    "R04": "What files say of each other",
    "R05": "Scenarios",
    "R06": "Warnings: sound, but hardly meant",
    "R07": "Warnings: not acted on yet",
}
"""By the beginning of the code, in the order of the list."""

_TITLE = re.compile(r"# (R[0-9]{4}): (.+)")


def error_codes() -> str:
    """The page, with the list between its two marks made anew."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    before, _, after = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{''.join(map(_group, KINDS))}{END}{after.partition(END)[2]}"


def _group(kind: str) -> str:
    rows = "\n".join(f"| [{code}]({code}.md) | {title} |" for code, title in _titles(kind))
    return f"## {KINDS[kind]}\n\n| code | says |\n|---|---|\n{rows}\n\n"


def _titles(kind: str) -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.glob(f"{kind}*.md")):
        with path.open(encoding="utf-8") as lines:
            found = _TITLE.fullmatch(lines.readline().rstrip("\n"))
        if found is None or found[1] != path.stem:
            raise ValueError(f"{path.name} does not begin with its code and a title")
        yield path.stem, found[2]
