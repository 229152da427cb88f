"""badges.yaml: what members achieve by doing something so many times."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from cercle.domain.action import Action
from cercle.rulebook.codes import Code
from cercle.rulebook.conditions import Guarded, MemberFacts
from cercle.rulebook.files.badges import AchievementEntry, BadgesFile
from cercle.rulebook.model import Texts
from cercle.rulebook.scope import Scope
from cercle.rulebook.source import Block


@dataclass(frozen=True, slots=True)
class Level:
    """Reached when the count is `at`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Achievement:
    """`levels` ascend."""

    id: str
    title: Texts
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class BadgeRules:
    """The achievements by id, in the order of their ids."""

    achievements: Mapping[str, Achievement]
    by_action: dict[str, Guarded[Achievement, tuple[Achievement, ...]]]

    def counted(self, action: Action, member: MemberFacts) -> tuple[Achievement, ...]:
        """The achievements whose count this action raises."""
        achievements = self.by_action.get(action.type)
        return achievements.select(action.fields, action.occurred_at, member) if achievements else ()


def check_badges(block: Block, file: BadgesFile | None, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    achievements = block.blocks("achievements")
    scope.unique_ids(achievements)
    for achievement in achievements:
        scope.trigger(achievement, "count")
        scope.texts(achievement, "badge")
    for entry in file.achievements if file else ():
        _check_levels(entry, scope)


def _check_levels(entry: AchievementEntry, scope: Scope) -> None:
    for (below, at_below), (name, at) in pairwise(entry.levels.items()):
        if at <= at_below:
            levels = entry.block["levels"]
            assert isinstance(levels, Block)
            sentence = f"levels ascend: `{name}` at {at} cannot follow `{below}` at {at_below}"
            scope.findings.error(Code.OUT_OF_ORDER, levels.at(name), sentence)


def build_badges(file: BadgesFile, languages: tuple[str, ...], scope: Scope) -> BadgeRules:
    """The rules, of a file without errors."""
    achievements: dict[str, Achievement] = {}
    by_action: dict[str, list[tuple[Achievement, str | None]]] = {}
    for entry in sorted(file.achievements, key=lambda each: each.id):
        levels = tuple(Level(name, at) for name, at in entry.levels.items())
        achievement = Achievement(entry.id, Texts.of(entry.badge, languages[0]), levels)
        achievements[entry.id] = achievement
        by_action.setdefault(entry.count, []).append((achievement, entry.when))
    return BadgeRules(
        achievements,
        {action: Guarded(items, scope.vocabularies[action], tuple) for action, items in by_action.items()},
    )
