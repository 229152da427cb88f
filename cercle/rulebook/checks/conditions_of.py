"""Every condition of a folder, with what it is about."""

from dataclasses import dataclass, replace
from functools import lru_cache

from cercle.rulebook.diagnostics import Place
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

_TRIGGERS = ("on", "count", "sum", "distinct")


@dataclass(frozen=True, slots=True)
class Written:
    """A condition as it is written. `block`: the mapping whose `when` it is.

    `trigger`: the action that it judges; empty where it judges only the member.
    """

    file: str
    block: Block
    trigger: str
    text: str

    @property
    def subject(self) -> str:
        """What to call the mapping in a sentence."""
        name = self.block.get("id")
        return f"`{name}`" if isinstance(name, str) else "this"

    def place(self, offset: int = 0, length: int = 0) -> Place:
        """Of `length` characters from `offset` of the text on; of the whole text."""
        place = self.block.value_spots["when"].place(offset)
        return replace(place, length=length or len(self.text))


@lru_cache(1)
def conditions_of(folder: Folder) -> tuple[Written, ...]:
    """In the order of the files. Remembered for the one folder that is being checked."""
    found = ((name, block, block.get("when")) for name, block in folder.mappings)
    return tuple(
        Written(name, block, trigger_of(block), when)
        for name, block, when in found
        if isinstance(when, str) and when.strip()
    )


def trigger_of(block: Block) -> str:
    """The action that a rule, metric, achievement or offer is about; empty: none."""
    for key in _TRIGGERS:
        value = block.get(key)
        if isinstance(value, str):
            return value.partition(".")[0]
    streak = block.get("streak")
    return str(streak.get("of", "")) if isinstance(streak, Block) else ""
