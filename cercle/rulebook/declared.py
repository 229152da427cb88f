"""What the files of a club call their things, so that one file can say it of another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cercle.rulebook.files.badges import REACHED
from cercle.rulebook.files.earning import POINTS
from cercle.rulebook.files.segments import NPS_SEGMENTS
from cercle.rulebook.folder import Folder
from cercle.rulebook.text.source import Block

Names = frozenset[str]


@dataclass(frozen=True)
class Declared:
    """By what is written, right or wrong. None: the file cannot be read, so that nothing is judged by it.

    `levels`: of each badge, whether of an achievement or of a challenge. `files`: those that are there.
    """

    files: Names
    wallets: Names | None
    levels: Mapping[str, Names] | None
    tiers: Names | None
    segments: Names | None
    offers: Names | None

    @property
    def badges(self) -> Names | None:
        """By their ids."""
        return None if self.levels is None else frozenset(self.levels)


def declared_in(folder: Folder) -> Declared:
    """Of all files; a file that is not there declares nothing."""
    points, badges, tiers, segments, offers = (
        _blocks(folder, name)
        for name in ("points.yaml", "badges.yaml", "tiers.yaml", "segments.yaml", "offers.yaml")
    )
    return Declared(
        frozenset(folder.blocks),
        None
        if points is None or any(each.is_misread("wallets") for each in points)
        else frozenset({POINTS}.union(*(each.keys_below("wallets") for each in points))),
        None if badges is None else {name: levels for each in badges for name, levels in _badges(each)},
        None if tiers is None else _ids(level for each in tiers for level in _ladder(each)),
        None if segments is None else frozenset(name for each in segments for name in _segments(each)),
        None if offers is None else _ids(offer for each in offers for offer in each.blocks("offers")),
    )


def _blocks(folder: Folder, name: str) -> tuple[Block, ...] | None:
    """The file's mapping; none when it is not there, None when it cannot be read."""
    if name not in folder.blocks:
        return ()
    block = folder.blocks[name]
    return None if block is None else (block,)


def _ids(blocks: Iterable[Block], key: str = "id") -> Names:
    return frozenset(name for block in blocks if isinstance(name := block.get(key), str))


def _badges(file: Block) -> Iterable[tuple[str, Names]]:
    for achievement in file.blocks("achievements"):
        if isinstance(name := achievement.get("id"), str):
            yield name, achievement.keys_below("levels") or frozenset({REACHED})
    for award in _ids(file.blocks("challenges"), "award"):
        yield award, frozenset({REACHED})


def _ladder(file: Block) -> list[Block]:
    ladder = file.get("tiers")
    return ladder.blocks("levels") if isinstance(ladder, Block) else []


def _segments(file: Block) -> Iterable[str]:
    for segment in file.blocks("segments"):
        if "nps" in segment:
            yield from NPS_SEGMENTS
        elif "bands" in segment:
            yield from segment.keys_below("bands")
        elif isinstance(name := segment.get("id"), str):
            yield name
