"""badges.yaml against the club, its actions and its wallets."""

from cercle.rulebook.actions import scalar_at
from cercle.rulebook.checks.earned import check_earned
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.files.badges import AchievementEntry, BadgesFile, GoalValue, SumAchievement
from cercle.rulebook.money import format_money
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_badges(block: Block, file: BadgesFile | None, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    for kind in ("achievements", "challenges", "leaderboards"):
        scope.unique_ids(block.blocks(kind))
    for achievement in block.blocks("achievements"):
        scope.texts(achievement, "badge")
        _check_what_counts(achievement, scope)
    for entry in file.achievements if file else ():
        scope.during(entry.during)
        _check_kinds(entry, scope)
        _check_levels(entry, scope)
    _check_challenges(block, file, scope)
    for leaderboard in block.blocks("leaderboards"):
        check_earned(leaderboard, "metric", declared, scope)
        _check_by(leaderboard, scope)


def _check_what_counts(achievement: Block, scope: Scope) -> None:
    streak = achievement.get("streak")
    if not isinstance(streak, Block):
        scope.measure(achievement)
    elif isinstance(name := streak.get("of"), str) and scope.is_trigger(name, streak, "of"):
        scope.condition(achievement, scope.vocabularies[name])


def _check_kinds(entry: AchievementEntry, scope: Scope) -> None:
    """Money is reached by money, and in the club's currency; all else by whole numbers."""
    is_money = _is_money(entry, scope)
    levels = entry.block.get("levels")
    for name, goal in entry.goals.items():
        block, key = (levels, name) if isinstance(levels, Block) else (entry.block, "reach")
        if isinstance(goal, tuple):
            scope.in_currency(goal[1], block.at(key))
        if is_money is not None and is_money != isinstance(goal, tuple) and key in block:
            wanted = f"`500 {scope.currency or 'USD'}`" if is_money else "a whole number such as `10`"
            what = "an amount of money is summed" if is_money else "no amount of money is summed"
            scope.findings.error(Code.WRONG_TYPE, block.at(key), f"{what} here, so this must be {wanted}")


def _is_money(entry: AchievementEntry, scope: Scope) -> bool | None:
    """Whether what counts is money; None: not known, since the field is wrong."""
    if not isinstance(entry, SumAchievement):
        return False
    name, *path = entry.sum.split(".")
    action = scope.action(name)
    kind = scalar_at(action, path) if action else None
    return None if kind is None else kind == "money"


def _check_levels(entry: AchievementEntry, scope: Scope) -> None:
    levels = entry.block.get("levels")
    if isinstance(levels, Block) and len({*map(type, entry.goals.values())}) == 1:
        steps = (
            (f"`{name}` at {_said(at)}", _value(at), levels.at(name)) for name, at in entry.goals.items()
        )
        scope.ascending("levels", steps)


def _value(goal: GoalValue) -> int:
    return goal[0] if isinstance(goal, tuple) else goal


def _said(goal: GoalValue) -> str:
    return format_money(*goal) if isinstance(goal, tuple) else str(goal)


def _check_challenges(block: Block, file: BadgesFile | None, scope: Scope) -> None:
    achievements = {
        name: each for each in block.blocks("achievements") if isinstance(name := each.get("id"), str)
    }
    for challenge in block.blocks("challenges"):
        scope.texts(challenge, "badge")
        for task in challenge.blocks("all_of"):
            scope.measure(task)
        award = challenge.get("award")
        if isinstance(award, str) and award in achievements:
            line = achievements[award].at("id").line
            sentence = f"`{award}` is the badge of the achievement in line {line}; award another one"
            scope.findings.error(Code.ID_TWICE, challenge.at("award"), sentence)
    for entry in file.challenges if file else ():
        scope.during(entry.during)


def _check_by(leaderboard: Block, scope: Scope) -> None:
    """Some action has the field."""
    field = leaderboard.get("by")
    if scope.actions is None or scope.broken or not isinstance(field, str):
        return
    fields = {
        name
        for action in scope.actions.values()
        for name, kind in action.fields.items()
        if isinstance(kind, str)
    }
    if field not in fields:
        sentence = f"no action of actions.yaml has a field `{field}`"
        scope.findings.wrong_word(Code.UNKNOWN_FIELD, leaderboard.at("by"), sentence, field, fields)
