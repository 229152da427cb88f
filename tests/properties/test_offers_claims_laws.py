"""The laws of claims, in whatever order letters and answers come, and however often calls are made."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.domain.decision import HOUR, MINUTE, SECOND
from cercle.rulebook import Claimable
from services.offers.commands import Cancel, Claim, Redeem
from services.offers.events import (
    CancelRefused,
    ClaimIssued,
    ClaimOpened,
    ClaimRefused,
    CodeRedeemed,
    CodeRefused,
    Event,
    RedeemRefused,
)
from services.offers.member import CANCELLED, REDEEMED, REFUSED, Claimed
from tests.unit.offers.claiming import OFFERS, RULES, Town

WEALTH = 60
MEMBERS = ("ana", "bob", "eve", "zoe")
_KINDS = ("claim", "cancel", "redeem", "deliver", "call", "answer", "again", "lose", "wait", "hear")
_WAITS = (0, SECOND, 6 * SECOND, MINUTE, 2 * HOUR)
_STEPS = 150

seeds = st.integers(0, 2**32)
"""A run is long, so that rare things meet: Hypothesis draws what it is drawn from."""


def moves(town: Town, seed: int) -> Iterator[str]:
    """Plays a run, in a weather of its own; yields what was done, after each move."""
    chance = Random(seed)
    weights = [chance.choice((1, 2, 4)) for _ in _KINDS]
    for kind in chance.choices(_KINDS, weights, k=_STEPS):
        play(town, kind, chance)
        yield kind


def play(town: Town, kind: str, chance: Random) -> None:
    """One move."""
    choice = chance.randrange(100)
    match kind:
        case "claim":
            town.claim(chance.choice(MEMBERS), chance.choice(OFFERS), f"k{chance.randrange(8)}")
        case "cancel":
            key, claim = chance.choice(sorted(decided(town)) or [("ana", "k0")])
            town.cancel(key, claim, f"c{choice % 9}")
        case "redeem":
            if found := issued_codes(town):
                town.redeem(chance.choice(found), f"r{choice % 9}")
        case "deliver":
            town.deliver(choice)
        case "call":
            town.call(choice)
        case "answer" | "again":
            town.answer(choice, keep=kind == "again")
        case "lose":
            del town.answers[:1]
        case "wait":
            town.wait(chance.choice(_WAITS))
        case "hear":
            town.hear()


def issued_codes(town: Town) -> list[str]:
    """That members were told."""
    return [event.code for _, event in town.events if isinstance(event, ClaimIssued) and event.code]


def decided(town: Town) -> dict[tuple[str, str], Claimed]:
    """What became of every claim, by member and id."""
    return {
        (name, claim): one for name, member in town.members().items() for claim, one in member.claims.items()
    }


def terms(offer: str) -> Claimable:
    """What the rules say of it."""
    claimable = RULES.offers.offers[offer].claim
    assert claimable is not None
    return claimable


def stays(one: Claimed) -> bool:
    """Whether the member has it."""
    return one.status not in (REFUSED, CANCELLED)


def had(town: Town) -> Counter[str]:
    """How many of each offer members have."""
    return Counter(one.offer for one in decided(town).values() if stays(one))


@settings(deadline=None, max_examples=100)
@given(seeds)
def test_all_of_it_or_nothing(seed: int) -> None:
    """Never more than there is, at no time; in the end paid for exactly what members have."""
    town = Town(WEALTH)
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for _ in moves(town, seed):
        check_bounds(town)
        for key, one in decided(town).items():
            assert told.setdefault(key, (one.code, one.refusal)) == (one.code, one.refusal), "told otherwise"
    town.settle()
    check_bounds(town)
    check_rest(town)


def check_bounds(town: Town) -> None:
    """Stock and budget, at any time."""
    for offer, count in had(town).items():
        claimable = terms(offer)
        assert claimable.stock is None or count <= claimable.stock
        if claimable.budget is not None:
            assert count * claimable.budget.each <= claimable.budget.total


def check_rest(town: Town) -> None:
    """Every claim that was opened is decided, and the accounts agree."""
    opened = {(key, event.claim) for key, event in town.events if isinstance(event, ClaimOpened)}
    assert opened <= set(decided(town))
    counts = had(town)
    for offer in OFFERS:
        claimable = terms(offer)
        kept = town.state(f"offer/{offer}")
        if claimable.stock is not None or claimable.budget is not None:
            each = claimable.budget.each if claimable.budget else 0
            assert (kept.reserved, kept.spent) == (counts[offer], counts[offer] * each)
    for name in town.members():
        mine = [one for (member, _), one in decided(town).items() if member == name]
        spent = sum(one.points for one in mine if stays(one))
        assert town.balance(name) == (WEALTH - spent, 0, spent)
    check_codes(town)


def check_codes(town: Town) -> None:
    """A code of its own for each, used at most once, and by nobody once it is cancelled."""
    found = issued_codes(town)
    assert len(set(found)) == len(found)
    used = Counter(key for key, event in town.events if isinstance(event, CodeRedeemed))
    assert set(used.values()) <= {1}
    redeemed = {one.code for one in decided(town).values() if one.status == REDEEMED}
    assert {f"code/{code}" for code in redeemed} == set(used)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_the_same_command_again_changes_nothing(seed: int) -> None:
    """Whatever was said to it, an answer or a refusal, and whatever has happened since."""
    town = Town(WEALTH)
    asked: list[tuple[str, Claim | Cancel | Redeem, object]] = []
    town.asked = lambda key, command, answer: asked.append((key, command, answer))
    for _ in moves(town, seed):
        pass
    for key, command, answer in asked:
        before = len(town.events)
        if command.issued_at >= town.now - HOUR:
            assert town.decide(key, command) == answer
            assert len(town.events) == before


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_a_member_never_has_more_than_the_limit(seed: int) -> None:
    """Two codes a day, those under way counted."""
    town = Town(WEALTH)
    for _ in moves(town, seed):
        for member in town.members().values():
            days = [
                *(one.opened_at for one in member.claims.values() if one.offer == "code" and stays(one)),
                *(each.terms.opened_at for each in member.open.values() if each.terms.offer == "code"),
            ]
            counts = Counter(RULES.club.day(at) for at in days)
            assert max(counts.values(), default=0) <= 2


def test_the_runs_meet_everything() -> None:
    """What the laws are about happens in the first runs: else they would say nothing."""
    met: Counter[str] = Counter()
    for seed in range(60):
        town = Town(WEALTH)
        for _ in moves(town, seed):
            pass
        town.settle()
        met.update(type(event).__name__ for _, event in town.events)
        refusals = (ClaimRefused, CancelRefused, RedeemRefused, CodeRefused)
        met.update(event.code for _, event in town.events if isinstance(event, refusals))
    wanted = {kind.__name__ for kind in get_args(Event) if kind.__module__ == ClaimRefused.__module__}
    wanted -= {"OfferIssued", "BadgeNoted", "TierNoted"}
    wanted |= {"insufficient_points", "out_of_stock", "budget_spent", "limit_reached", "hold_lapsed"}
    wanted |= {"code_taken", "code_redeemed", "code_cancelled", "claim_cancelled", "claim_not_issued"}
    assert wanted - set(met) == set()


def test_every_refusal_is_on_the_page() -> None:
    """docs/offers-api.md says what an app does about each code."""
    page = (Path(__file__).parents[2] / "docs" / "offers-api.md").read_text(encoding="utf-8")
    met: set[str] = set()
    for seed in range(60):
        town = Town(WEALTH)
        for _ in moves(town, seed):
            pass
        refused = (ClaimRefused, CancelRefused, RedeemRefused)
        met |= {event.code for _, event in town.events if isinstance(event, refused)}
    assert {code for code in met if f"`{code}`" not in page} == set()
