"""Contests and the ranking of offers.yaml, against the club's offers, wallets and actions."""

from cercle.rulebook.checks.earned import check_wallet
from cercle.rulebook.codes import Code
from cercle.rulebook.declared import Declared
from cercle.rulebook.files.buying import FREE
from cercle.rulebook.files.contests import ContestEntry, RankingEntry
from cercle.rulebook.files.offers import Offer, OffersFile
from cercle.rulebook.scope import Scope
from cercle.rulebook.times import instant


def check_contests(file: OffersFile, declared: Declared, scope: Scope) -> None:
    """What is wrong goes to the scope's findings. `file`: what is sound of it."""
    offers = {offer.id: offer for offer in file.offers}
    for contest in file.contests:
        _check_contest(contest, offers.get(contest.prize), declared, scope)
    if file.ranking:
        _check_ranking(file.ranking, scope)


def _check_contest(contest: ContestEntry, prize: Offer | None, declared: Declared, scope: Scope) -> None:
    price = contest.enter.price
    if price != FREE:
        check_wallet(price[1], contest.enter.block.at("price"), declared, scope)
    if declared.offers is not None and contest.prize not in declared.offers:
        sentence = f"there is no offer `{contest.prize}` in offers.yaml that could be the prize"
        place = contest.block.at("prize")
        scope.findings.wrong_word(Code.UNKNOWN_NAME, place, sentence, contest.prize, declared.offers)
    if prize:
        _check_prize(contest, prize, scope)


def _check_prize(contest: ContestEntry, prize: Offer, scope: Scope) -> None:
    if prize.stock and contest.winners > prize.stock:
        sentence = f"{contest.winners} members win `{prize.id}`, more than its stock of {prize.stock}"
        scope.findings.error(Code.TOO_MUCH, contest.block.at("winners"), sentence)
    until = prize.during.until if prize.during else None
    if scope.zone and until and instant(contest.draw, scope.zone) >= instant(until, scope.zone, end=True):
        sentence = f"the prize `{prize.id}` is to be had until {until} only, so it has ended before this draw"
        scope.findings.error(Code.ENDS_BEFORE_BEGIN, contest.block.at("draw"), sentence)


def _check_ranking(ranking: RankingEntry, scope: Scope) -> None:
    name, *path = ranking.of.split(".")
    if scope.is_trigger(name, ranking.block, "of"):
        scope.measured_field(ranking.block, "of", scope.action(name), path)
