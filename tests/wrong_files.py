"""Wrong rules files, and exactly what a marketer reads of each: the tables in tests/unit/rulebook/wrong.

After a deliberate change of what is printed, `python -m tests.wrong_files [NAME...]` rewrites what the
tables expect; read the difference before it is committed.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from cercle.rulebook.check import check_files
from cercle.rulebook.codes import Severity

FOLDER = Path(__file__).parent / "unit" / "rulebook" / "wrong"
OTHER_FORM = frozenset(("lint",))
"""Tables that a test of their own reads."""

CLUB = """\
club: records
name: {en: The Record Circle}
time_zone: America/New_York
languages: [en, fr]
currency: USD
lateness: 30 days
"""
ACTIONS = """\
actions:
  purchase:
    fields: {order: text, amount: money, channel: text, gift: boolean, discs: integer,
             items: [{sku: text, quantity: integer, amount: money}], note: text}
    optional: [channel, items]
    subject: order
    personal: [note]
  review: {fields: {stars: integer}}
"""
SOUND = {"club.yaml": CLUB, "actions.yaml": ACTIONS}


@dataclass(frozen=True)
class Case:
    """`files` replace or are added to the SOUND ones; a text `(absent)` takes one away."""

    table: str
    title: str
    files: dict[str, str]
    expected: str

    def printed(self) -> str:
        """Every error of the folder, as it is printed; warnings are left out."""
        files = {name: text + "\n" for name, text in {**SOUND, **self.files}.items() if text != "(absent)"}
        found = check_files(files).diagnostics
        return "\n".join(str(each) for each in found if each.severity is Severity.ERROR)


def tables() -> list[str]:
    """The tables' names."""
    return sorted({path.stem for path in FOLDER.glob("*.txt")} - OTHER_FORM)


def cases(table: str) -> list[Case]:
    """Of `=== title`, then `--- file` with its text for each file, then `--- expected`."""
    found = []
    for case in (FOLDER / f"{table}.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        title, *parts = case.split("\n--- ")
        files = {name: body for name, _, body in (part.partition("\n") for part in parts)}
        found.append(Case(table, title, files, files.pop("expected").rstrip("\n")))
    return found


def accept(table: str) -> None:
    """Writes the table anew, with what is printed now."""
    text = ""
    for case in cases(table):
        files = "".join(f"--- {name}\n{body}".rstrip("\n") + "\n" for name, body in case.files.items())
        text += f"=== {case.title}\n{files}--- expected\n{case.printed()}\n"
    (FOLDER / f"{table}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in sys.argv[1:] or tables():
        accept(each)
