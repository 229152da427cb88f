"""Makes purchases.csv.gz from CDNOW_master.txt: python clubs/records/purchases.py CDNOW_master.txt

The same data gives the same file whenever it is made: no time is stored in it.
"""

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

HEADER = ("id", "type", "member_id", "occurred_at", "amount", "discs")
TARGET = Path(__file__).with_name("purchases.csv.gz")


def purchases(lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """One purchase for each row, equal rows too: its id is made of the row's number, from 1."""
    for number, line in enumerate(lines, start=1):
        customer, date, discs, dollars = line.split()
        day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
        yield f"cdnow-{number:05}", "purchase", str(int(customer)), day, f"{dollars} USD", discs


def compressed(rows: Iterable[tuple[str, ...]]) -> bytes:
    """The rows as CSV, in the order in which they happened: by day, then by row number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    by_day = sorted(rows, key=lambda row: (row[3], row[0]))
    writer.writerows(by_day)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


if __name__ == "__main__":
    with Path(sys.argv[1]).open(encoding="ascii") as master:
        next(master)  # the names of the columns
        TARGET.write_bytes(compressed(purchases(master)))
