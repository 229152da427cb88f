"""Every word of the files that may name something, wherever it stands."""

import re
from collections.abc import Collection

from cercle.rulebook.folder import Folder

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_NAMES_NOTHING = frozenset(("id", "name", "title", "badge"))
"""Keys whose values are names of their own, or texts that members read."""


def words_of(folder: Folder, without: Collection[str] = ()) -> frozenset[str]:
    """Every word in the values, conditions and all: a name that is none of them is used nowhere."""
    found: set[str] = set()
    for name, block in folder.mappings:
        if name in without:
            continue
        for key, value in block.items():
            if key not in _NAMES_NOTHING:
                for text in value if isinstance(value, list) else (value,):
                    found.update(_WORD.findall(text) if isinstance(text, str) else ())
    return frozenset(found)
