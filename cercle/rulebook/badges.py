"""What this version acts on of badges.yaml: what members achieve by doing something so many times."""

from collections.abc import Mapping
from dataclasses import dataclass

from cercle.domain.action import Action
from cercle.rulebook.conditions.guarded import Guard, Guarded, MemberFacts
from cercle.rulebook.conditions.text import names_in
from cercle.rulebook.entries.entry import Texts
from cercle.rulebook.files.badges import BadgesFile, CountAchievement
from cercle.rulebook.metrics import MetricRules, metrics_of
from cercle.rulebook.scope import Scope


@dataclass(frozen=True, slots=True)
class Level:
    """Reached when the count is `at`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Achievement:
    """`levels` ascend; `reach` is one level called `reached`."""

    id: str
    title: Texts
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class BadgeRules:
    """The achievements by id, in the order of their ids.

    `metrics`: those that conditions read. `read_badges`: whether conditions, or those metrics', read
    `member.badges`.
    """

    achievements: Mapping[str, Achievement]
    by_action: dict[str, Guarded[Achievement, tuple[Achievement, ...]]]
    metrics: MetricRules
    read_badges: bool

    def counted(self, action: Action, member: MemberFacts) -> tuple[Achievement, ...]:
        """The achievements whose count this action raises."""
        achievements = self.by_action.get(action.type)
        return achievements.select(action.fields, action.occurred_at, member) if achievements else ()


def build_badges(file: BadgesFile, languages: tuple[str, ...], scope: Scope) -> BadgeRules:
    """The rules that this version acts on, of a file without errors."""
    achievements: dict[str, Achievement] = {}
    by_action: dict[str, list[Guard[Achievement]]] = {}
    for entry in sorted(file.achievements, key=lambda each: each.id):
        if entry.acts and isinstance(entry, CountAchievement):
            achievement = Achievement(entry.id, Texts.of(entry.badge, languages[0]), _levels(entry))
            achievements[entry.id] = achievement
            guard = Guard(achievement, entry.when, scope.window(entry.during))
            by_action.setdefault(entry.count, []).append(guard)
    guards = [guard for each in by_action.values() for guard in each]
    metrics = scope.metrics.only(metrics_of(guards))
    whens = [*(guard.when for guard in guards if guard.when), *metrics.whens.values()]
    return BadgeRules(
        achievements,
        {on: Guarded(each, scope.vocabularies[on], tuple) for on, each in by_action.items()},
        metrics,
        any("badges" in names_in(when) for when in whens),
    )


def _levels(entry: CountAchievement) -> tuple[Level, ...]:
    return tuple(Level(name, at) for name, at in entry.goals.items() if isinstance(at, int))
