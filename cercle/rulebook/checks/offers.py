"""offers.yaml against itself, the club, its wallets and its segments."""

from cercle.rulebook.checks.contests import check_contests
from cercle.rulebook.checks.earned import check_wallet
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.files.buying import FREE, BudgetEntry, OfferLimit, SegmentsEntry
from cercle.rulebook.files.offers import InvitedOffer, Offer, OffersFile
from cercle.rulebook.money import format_money
from cercle.rulebook.scope import Scope
from cercle.rulebook.text.source import Block


def check_offers(block: Block, file: OffersFile | None, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    for kind in ("offers", "contests"):
        scope.unique_ids(block.blocks(kind))
        for entry in block.blocks(kind):
            scope.texts(entry, "title")
    for offer in block.blocks("offers"):
        scope.condition(offer, scope.vocabularies.of_members)
        if isinstance(issue := offer.get("issue"), Block):
            scope.trigger(issue, "on")
    for each in file.offers if file else ():
        _check_offer(each, declared, scope)
    if file:
        check_contests(file, declared, scope)


def _check_offer(offer: Offer, declared: Declared, scope: Scope) -> None:
    scope.during(offer.during)
    if offer.price != FREE:
        check_wallet(offer.price[1], offer.block.at("price"), declared, scope)
    _check_segments(offer.segments, declared, scope)
    if isinstance(offer, InvitedOffer):
        _check_segments(offer.invite.segments, declared, scope)
    _check_stock(offer, scope)
    if offer.budget:
        _check_budget(offer.budget, offer.limit, scope)


def _check_segments(entry: SegmentsEntry | None, declared: Declared, scope: Scope) -> None:
    if entry is None or declared.segments is None:
        return
    there = "segments.yaml" in declared.files
    where = " in segments.yaml" if there else ": the club has no file segments.yaml"
    for key in ("all_of", "any_of", "none_of"):
        for name in getattr(entry, key):
            if name not in declared.segments:
                sentence = f"there is no segment `{name}`{where}"
                place = entry.block.item_at(key, name)
                scope.findings.wrong_word(Code.UNKNOWN_NAME, place, sentence, name, declared.segments)


def _check_stock(offer: Offer, scope: Scope) -> None:
    if offer.stock is None:
        return
    if offer.limit and offer.limit.times > offer.stock:
        sentence = f"one member may have {offer.limit.times}, which is more than the stock of {offer.stock}"
        scope.findings.error(Code.TOO_MUCH, offer.limit.block.at("times"), sentence)
    if isinstance(offer, InvitedOffer) and offer.invite.seats > offer.stock:
        sentence = f"there are {offer.invite.seats} seats, which is more than the stock of {offer.stock}"
        scope.findings.error(Code.TOO_MUCH, offer.invite.block.at("seats"), sentence)


def _check_budget(budget: BudgetEntry, limit: OfferLimit | None, scope: Scope) -> None:
    (total, currency), (each, currency_of_each) = budget.total, budget.each
    scope.in_currency(currency, budget.block.at("total"))
    scope.in_currency(currency_of_each, budget.block.at("each"))
    if currency != currency_of_each:
        return
    said = format_money(total, currency)
    if each > total:
        sentence = (
            f"one costs {format_money(each, currency)}, which is more than the whole budget of {said}; "
            "write a smaller `each` or a larger `total`"
        )
        scope.findings.error(Code.TOO_MUCH, budget.block.at("each"), sentence)
    elif limit and limit.times * each > total:
        sentence = (
            f"one member may have {limit.times}, which cost {format_money(limit.times * each, currency)}: "
            f"more than the whole budget of {said}; write fewer `times` or a larger `total`"
        )
        scope.findings.error(Code.TOO_MUCH, limit.block.at("times"), sentence)
