"""A small club in which everything crosses members: transfers, referrals, quick answers, claims.

Stocks, limits and budgets are small, so that a short storm meets their ends; and voucher codes have one
letter of few, so that some are made twice. In the middle of the storm a second version has other prices,
stocks and budgets: claims under way keep their terms.
"""

from collections.abc import Sequence
from dataclasses import replace

from cercle.domain.decision import Instant
from cercle.rulebook import Rulebook, compile_rulebook
from cercle.rulebook.vouchers import ALPHABET
from tests.simulation.weather import Weather
from tests.simulation.world import NOON

FILES = {
    "club.yaml": """
club: crossing
name: {en: The Crossing, fr: Le Passage}
time_zone: America/New_York
languages: [en, fr]
currency: USD
lateness: 30 days
""",
    "actions.yaml": """
actions:
  purchase: {fields: {amount: money}}
  question_asked: {fields: {question: text}}
  answer_given: {fields: {question: text}}
  review_written: {fields: {}}
""",
    "points.yaml": """
wallets: {points: {transfer: {at_most: 40 points, limit: {points: 60, per: day}}}, karma: {}}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 USD}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50, after: review_written},
     limit: {times: 2, per: day}}
  - {id: quick, on: answer_given, earn: {points: 5, in: karma}, limit: {points: 12, per: day},
     soon_after: {action: question_asked, by: question, at_most: 30 minutes}}
""",
    "offers.yaml": """
offers:
  - {id: mug, title: {en: A mug, fr: Une tasse}, price: 50 points, stock: 2}
  - {id: coffee, title: {en: A coffee, fr: Un café}, price: 20 points}
  - {id: gift, title: {en: A gift, fr: Un cadeau}, price: free, budget: {total: 20 USD, each: 10 USD}}
  - id: ten-off
    title: {en: 10 off, fr: 10 de moins}
    price: 30 points
    voucher: {code: "TEN-{8}", valid: 60 days}
    stock: 4
    limit: {times: 2, per: month}
""",
}
TRANSFER_AT_MOST, TRANSFER_A_DAY = 40, 60
REWARD, REWARD_OF_FRIEND, REWARDS_A_DAY = 100, 50, 2
QUICK, QUICK_A_DAY, QUICK_MS = 5, 12, 30 * 60_000
CLAIMABLE = ("mug", "coffee", "gift", "ten-off")
TERMS = {
    *{("mug", 50, 2, None), ("mug", 60, 3, None)},
    *{("gift", 0, None, 2_000), ("gift", 0, None, 3_000)},
    *{("coffee", 20, None, None), ("ten-off", 30, 4, None)},
}
"""Of each version: offer, price, stock, budget in cents."""
BOUNDED = {"mug", "gift", "ten-off"}
MOST_OF_ONE_MEMBER = {"ten-off": 2}
LETTERS_OF_CODES = ALPHABET[:16]
WITH_VOUCHER = "ten-off"


def with_short_codes(rules: Rulebook) -> Rulebook:
    """The same with codes of one letter, as nobody may write them."""
    offer = rules.offers.offers[WITH_VOUCHER]
    assert offer.claim and offer.claim.voucher
    short = replace(offer, claim=replace(offer.claim, voucher=replace(offer.claim.voucher, length=1)))
    return replace(rules, offers=replace(rules.offers, offers={**rules.offers.offers, WITH_VOUCHER: short}))


_OFFERS = (
    FILES["offers.yaml"].replace("50 points, stock: 2", "60 points, stock: 3").replace("20 USD", "30 USD")
)
FIRST = with_short_codes(compile_rulebook(FILES))
SECOND = with_short_codes(compile_rulebook(FILES | {"offers.yaml": _OFFERS}))
SECOND_FROM = NOON + 9_000


class RulesOfCrossing:
    """Two versions, the second from SECOND_FROM on; now and then a newer one may be there, unseen."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def at(self, instant: Instant) -> Rulebook:
        return SECOND if instant >= SECOND_FROM else FIRST

    @property
    def versions(self) -> Sequence[Rulebook]:
        return [FIRST, SECOND]

    def fresh(self) -> bool:
        return not self._weather.strikes(self._weather.now.stale_rules)
