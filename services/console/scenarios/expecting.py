"""What a step expects beside what is found, and whether the club has what it names."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cercle.rulebook.codes import Code
from cercle.rulebook.diagnostics import Findings
from cercle.rulebook.files.expectations import NOT_YET, BalancesEntry, ExpectationEntry
from cercle.rulebook.text.source import Block
from services.console.scenarios.catalogue import Names
from services.console.scenarios.club_in_memory import Standing
from services.points.core import WalletView

_EMPTY = WalletView(0, 0, 0, 0, 0)


class Compared(NamedTuple):
    """One thing that was expected, and what was found."""

    what: str
    expected: str
    found: str

    @property
    def same(self) -> bool:
        """Whether it is as expected."""
        return self.expected == self.found


def compare(expected: ExpectationEntry, standing: Standing) -> list[Compared]:
    """Everything that the step names, in a fixed order."""
    return [
        *_wallets(expected, standing),
        *_tier(expected.tier, standing.tier),
        *_badges(expected.badges, standing.badges),
        *_offers(expected.offers, standing.offers),
        *(
            Compared(f"stock of {offer}", str(left), str(standing.stock[offer]))
            for offer, left in sorted((expected.stock or {}).items())
        ),
    ]


def _wallets(expected: ExpectationEntry, standing: Standing) -> Iterator[Compared]:
    for wallet, wanted in sorted((expected.model_extra or {}).items()):
        found = standing.wallets.get(wallet, _EMPTY)
        if isinstance(wanted, BalancesEntry):
            for balance in sorted(wanted.model_fields_set):
                yield Compared(
                    f"{wallet}, {balance}", str(getattr(wanted, balance)), str(getattr(found, balance))
                )
        else:
            yield Compared(wallet, str(wanted), str(found.available))


def _tier(expected: str | None, found: str) -> Iterator[Compared]:
    if expected is not None:
        yield Compared("tier", expected, found or NOT_YET)


def _badges(expected: list[str] | dict[str, str] | None, found: Mapping[str, str]) -> Iterator[Compared]:
    if isinstance(expected, dict):
        for badge, level in sorted(expected.items()):
            yield Compared(f"badge {badge}", level, found.get(badge, NOT_YET))
    elif expected is not None:
        yield Compared("badges", _all(expected), _all(found))


def _offers(expected: list[str] | dict[str, int] | None, found: Mapping[str, int]) -> Iterator[Compared]:
    if isinstance(expected, dict):
        for offer, count in sorted(expected.items()):
            yield Compared(f"offer {offer}", str(count), str(found.get(offer, 0)))
    elif expected is not None:
        yield Compared("offers", _all(expected), _all(found))


def _all(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names))) or NOT_YET


def check_names(expected: ExpectationEntry, known: Names, findings: Findings) -> None:
    """An expectation of something that the club does not have could never be met, or never fail."""
    for wallet in expected.model_extra or ():
        if wallet not in known.wallets:
            allowed = known.wallets | (ExpectationEntry.keys() - expected.block.keys())
            sentence = (
                f"`{wallet}` is neither a wallet of points.yaml nor `tier`, `badges`, `offers` or `stock`"
            )
            place = expected.block.key_spots[wallet].place()
            findings.wrong_word(Code.EXPECTED_NAME, place, sentence, wallet, allowed)
    if expected.tier not in (None, NOT_YET, *known.tiers):
        sentence = f"`{expected.tier}` is not a tier of tiers.yaml"
        findings.wrong_word(
            Code.EXPECTED_NAME, expected.block.at("tier"), sentence, str(expected.tier), known.tiers
        )
    _check_listed(expected, "badges", "a badge of badges.yaml", known.badges, findings)
    _check_listed(expected, "offers", "an offer of offers.yaml", known.offers, findings)
    stocks = {name for name, offer in known.claimable.items() if offer.stock is not None}
    _check_listed(expected, "stock", "an offer that members claim and that has a `stock`", stocks, findings)
    if isinstance(expected.badges, dict):
        _check_levels(expected, expected.badges, known, findings)


def _check_listed(
    expected: ExpectationEntry, key: str, what: str, allowed: Iterable[str], findings: Findings
) -> None:
    block = expected.block.get(key)
    for name in getattr(expected, key) or ():
        if name not in allowed:
            place = (
                block.key_spots[name].place()
                if isinstance(block, Block)
                else expected.block.item_at(key, name)
            )
            findings.wrong_word(Code.EXPECTED_NAME, place, f"`{name}` is not {what}", name, allowed)


def _check_levels(
    expected: ExpectationEntry, badges: Mapping[str, str], known: Names, findings: Findings
) -> None:
    block = expected.block["badges"]
    assert isinstance(block, Block)
    for badge, level in badges.items():
        levels = known.badges.get(badge, ())
        if levels and level not in (NOT_YET, *levels):
            sentence = f"`{level}` is not a level of the badge `{badge}`"
            findings.wrong_word(Code.EXPECTED_NAME, block.at(badge), sentence, level, levels)
