"""points.yaml against the club and its actions."""

from cercle.rulebook.actions import NAMING, ActionType, check_shared_field
from cercle.rulebook.built_in import REFERRAL
from cercle.rulebook.checks.earned import check_wallet
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.diagnostics import Place
from cercle.rulebook.files.earning import (
    AMOUNT,
    ITEM,
    ITEMS,
    POINTS,
    QUANTITY,
    EarnBandsEntry,
    EarnEntry,
    EarnPointsEntry,
)
from cercle.rulebook.files.points import EarnRuleEntry, PointsFile, RuleEntry, SoonAfterEntry
from cercle.rulebook.files.wallets import GoodwillEntry, TransferEntry
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_points(block: Block, file: PointsFile | None, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    rules = block.blocks("rules")
    scope.unique_ids(rules)
    for rule in rules:
        scope.trigger(rule, "on")
    for entry in file.rules if file else ():
        _check_rule(entry, declared, scope)
    for wallet, each in file.wallets.items() if file else ():
        if isinstance(each.transfer, TransferEntry):
            _check_transfer(wallet, each.transfer, scope)
    if file and file.goodwill:
        _check_goodwill(file.goodwill, declared, scope)


def _check_rule(entry: RuleEntry, declared: Declared, scope: Scope) -> None:
    scope.during(entry.during)
    if entry.soon_after and entry.on != REFERRAL:
        _check_soon_after(entry.soon_after, entry.on, scope)
    if not isinstance(entry, EarnRuleEntry):
        return
    earn = entry.earn
    if earn.wallet != POINTS:
        check_wallet(earn.wallet, earn.block.at("in"), declared, scope)
    action = scope.action(entry.on)
    if isinstance(earn, EarnBandsEntry):
        _check_bands(earn, action, scope)
    elif isinstance(earn, EarnPointsEntry):
        _check_for_each(earn, action, scope)
        _check_referral(entry, earn, scope)
    if earn.near and action:
        _check_near(earn, action, scope)


def _check_for_each(earn: EarnPointsEntry, action: ActionType | None, scope: Scope) -> None:
    if earn.for_each is None:
        return
    place = earn.block.at("for_each")
    if isinstance(earn.for_each, tuple):
        scope.in_currency(earn.for_each[1], place)
        _needs_amount("for_each", action, place, scope)
    elif action and not _has_items(action, earn.for_each):
        wanted = {ITEM: f"a list `{ITEMS}`", QUANTITY: f"a list `{ITEMS}` with an integer `{QUANTITY}`"}
        sentence = (
            f"`for_each: {earn.for_each}` needs {wanted[earn.for_each]}, which `{action.id}` does not have"
        )
        scope.findings.error(Code.WRONG_FIELD, place, sentence)


def _needs_amount(key: str, action: ActionType | None, place: Place, scope: Scope) -> None:
    if action and action.fields.get(AMOUNT) != "money":
        sentence = f"`{key}` counts the money field `{AMOUNT}`, which `{action.id}` does not have"
        scope.findings.error(Code.WRONG_FIELD, place, sentence + _other_money(action))


def _other_money(action: ActionType) -> str:
    """The fields that may have been meant; an `amount` that is no money is in their way."""
    others = [f"`{name}`" for name, kind in sorted(action.fields.items()) if kind == "money"]
    if not others:
        return ""
    if len(others) == 1:
        return f"; its money is in {others[0]}: give that field the name `{AMOUNT}` in actions.yaml"
    listed = f"{', '.join(others[:-1])} and {others[-1]}"
    return f"; its money is in {listed}: give the one that counts the name `{AMOUNT}` in actions.yaml"


def _has_items(action: ActionType, for_each: str) -> bool:
    record = action.fields.get(ITEMS)
    if record is None or isinstance(record, str):
        return False
    return for_each == ITEM or record.get(QUANTITY) == "integer"


def _check_bands(earn: EarnBandsEntry, action: ActionType | None, scope: Scope) -> None:
    _needs_amount("bands", action, earn.block.at("bands"), scope)
    for band in earn.bands:
        scope.in_currency(band.from_amount[1], band.block.at("from"))
    steps = (
        (f"the one from {band.block['from']}", band.from_amount[0], band.block.at("from"))
        for band in earn.bands
    )
    scope.ascending("bands", steps)


def _check_referral(entry: EarnRuleEntry, earn: EarnPointsEntry, scope: Scope) -> None:
    if entry.on != REFERRAL:
        for key, lacking in (("friend", "nobody has a friend"), ("after", "nobody waits for a friend")):
            if key in earn.block:
                sentence = (
                    f"`{key}` is for rules on `{REFERRAL}`, and this one is on `{entry.on}`, where {lacking}"
                )
                scope.findings.error(Code.WRONG_FIELD, earn.block.key_spots[key].place(), sentence)
        return
    if entry.soon_after:
        sentence = (
            f"a rule on `{REFERRAL}` has no `soon_after`: what it gives waits for what the friend does next, "
            "which `after` names"
        )
        scope.findings.error(Code.WRONG_FIELD, entry.block.key_spots["soon_after"].place(), sentence)
    if "after" in earn.block:
        scope.sent_action(earn.block, "after")
    else:
        _check_usual_after(entry, earn, scope)


def _check_usual_after(entry: EarnRuleEntry, earn: EarnPointsEntry, scope: Scope) -> None:
    if scope.actions is not None and earn.after not in scope.actions.keys() | scope.broken:
        sentence = (
            f"a referral is paid after the friend's first `{earn.after}`, which is not an action of "
            "actions.yaml; name another with `after`"
        )
        place = entry.block.key_spots["earn"].place()
        scope.findings.wrong_word(Code.UNKNOWN_ACTION, place, sentence, earn.after, scope.actions)


def _check_near(earn: EarnEntry, action: ActionType, scope: Scope) -> None:
    lacking = [name for name in ("lat", "lon") if action.fields.get(name) != "text"]
    if lacking:
        names = " and ".join(f"`{name}`" for name in lacking)
        sentence = f"`near` needs the action's text fields `lat` and `lon`; `{action.id}` lacks {names}"
        scope.findings.error(Code.WRONG_FIELD, earn.block.key_spots["near"].place(), sentence)


def _check_soon_after(entry: SoonAfterEntry, on: str, scope: Scope) -> None:
    earlier, later = scope.sent_action(entry.block, "action"), scope.action(on)
    if earlier and later:
        check_shared_field(entry.block, "by", (earlier, later), NAMING, scope.findings)


def _check_transfer(wallet: str, entry: TransferEntry, scope: Scope) -> None:
    if entry.at_most is None:
        return
    points, said = entry.at_most
    limit, place = entry.limit, entry.block.at("at_most")
    if said != wallet:
        sentence = f"this is the wallet `{wallet}`, so a transfer is in it too, and not in `{said}`"
        scope.findings.error(Code.UNKNOWN_WALLET, place, sentence)
    elif limit and limit.points is not None and points > limit.points:
        sentence = (
            f"one transfer of {points} is more than the {limit.points} that one member may send per "
            f"{limit.per}; write a smaller `at_most` or a larger `limit`"
        )
        scope.findings.error(Code.TOO_MUCH, place, sentence)


def _check_goodwill(entry: GoodwillEntry, declared: Declared, scope: Scope) -> None:
    place, budget = entry.block.at("budget"), entry.budget
    check_wallet(budget.wallet, place, declared, scope)
    if entry.at_most is None:
        return
    points, wallet = entry.at_most
    if wallet != budget.wallet:
        sentence = f"the budget is in `{budget.wallet}`, so a gesture is too, and not in `{wallet}`"
        scope.findings.error(Code.UNKNOWN_WALLET, entry.block.at("at_most"), sentence)
    elif points > budget.points:
        sentence = (
            f"one gesture of {points} is more than the whole budget of {budget.points}; "
            "write a smaller `at_most` or a larger `budget`"
        )
        scope.findings.error(Code.TOO_MUCH, entry.block.at("at_most"), sentence)
