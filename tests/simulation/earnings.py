"""What members of the crossing club must have earned: computed again, simply, from the actions that count.

No order, no letters, no states: quick answers are all pairs of an answer and a question, and referrals what
friends accepted and then did.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cercle.domain.action import ActionAccepted, Money, RawAction
from services.points.events import Earned, PromisesSettled, Recommended, ReferralMade, ReferralRefused
from tests.simulation.crossing_rules import (
    QUICK,
    QUICK_A_DAY,
    QUICK_MS,
    REWARD,
    REWARD_OF_FRIEND,
    REWARDS_A_DAY,
)

Happened = Mapping[str, Sequence[Any]]
_ZONE = ZoneInfo("America/New_York")


def check(of_points: Happened, sent: Mapping[tuple[str, str], RawAction]) -> None:
    """Everybody was given exactly what their actions earn."""
    accepted = {
        member: [sent[member, id] for id in _accepted(events)] for member, events in of_points.items()
    }
    check_referrals(of_points, accepted)
    quick = quick_answers([action for actions in accepted.values() for action in actions])
    referrals = rewards(of_points, accepted)
    for member, events in of_points.items():
        given: Counter[str] = Counter()
        for event in events:
            if isinstance(event, Earned):
                given[event.wallet] += sum(grant.granted for grant in event.grants)
                moved = sum(posting.points for posting in event.postings if posting.account == "available")
                assert moved == sum(grant.granted for grant in event.grants), event
        bought = sum(_cents(action) // 100 for action in accepted[member])
        must = {"points": bought + referrals[member], "karma": quick[member]}
        assert {wallet: given[wallet] for wallet in must} == must, f"{member} was given {given}, not {must}"


def _accepted(events: Sequence[Any]) -> Iterator[str]:
    """The ids of a member's actions that count: each once."""
    ids = [event.id for event in events if isinstance(event, ActionAccepted)]
    assert len(set(ids)) == len(ids), "an action counts twice"
    yield from ids


def _cents(action: RawAction) -> int:
    amount = action.fields.get("amount")
    return amount.minor_units if isinstance(amount, Money) else 0


def _day(action: RawAction) -> date:
    return datetime.fromtimestamp(action.occurred_at / 1_000, _ZONE).date()


def quick_answers(actions: Sequence[RawAction]) -> "Counter[str]":
    """All pairs: an answer earns once if some question of the same name came soon before it."""
    asked: dict[object, list[int]] = defaultdict(list)
    for action in actions:
        if action.type == "question_asked":
            asked[action.fields["question"]].append(action.occurred_at)
    desired: Counter[tuple[str, date]] = Counter()
    for action in actions:
        if action.type == "answer_given":
            waits = [action.occurred_at - at for at in asked[action.fields["question"]]]
            desired[action.member_id, _day(action)] += QUICK * any(0 <= wait <= QUICK_MS for wait in waits)
    earned: Counter[str] = Counter()
    for (member, _), points in desired.items():
        earned[member] += min(points, QUICK_A_DAY)
    return earned


# ---- referrals -----------------------------------------------------------------------


def _of(events: Sequence[Any], kind: type) -> "list[Any]":
    return [event for event in events if isinstance(event, kind)]


def rewards(of_points: Happened, accepted: Mapping[str, Sequence[RawAction]]) -> "Counter[str]":
    """What both sides get of the promises that were kept; who refers, so many times for a day's referrals."""
    earned: Counter[str] = Counter()
    kept: Counter[tuple[str, date]] = Counter()
    for friend, events in of_points.items():
        for settled in _of(events, PromisesSettled):
            if settled.kept:
                earned[friend] += REWARD_OF_FRIEND
                kept[settled.advocate, _referred_on(settled.advocate, friend, of_points, accepted)] += 1
    for (advocate, _), times in kept.items():
        earned[advocate] += REWARD * min(times, REWARDS_A_DAY)
    return earned


def _referred_on(
    advocate: str, friend: str, of_points: Happened, accepted: Mapping[str, Sequence[RawAction]]
) -> date:
    """The day of the first referral of the friend that counts, in the order of its accepting."""
    referrals = [a for a in accepted[advocate] if a.type == "referral" and a.fields["friend"] == friend]
    return _day(referrals[0])


def check_referrals(of_points: Happened, accepted: Mapping[str, Sequence[RawAction]]) -> None:
    """At most one advocate each, no rings, and promises kept exactly by whom they wait for."""
    advocates: dict[str, str] = {}
    made: set[tuple[str, str]] = set()
    ended: set[tuple[str, str]] = set()
    for member, events in of_points.items():
        recommended = _of(events, Recommended)
        assert len(recommended) <= 1, f"{member} was referred twice"
        if recommended:
            advocates[member] = recommended[0].advocate
            _check_promise(member, recommended[0], events, accepted[member])
        made |= {(member, each.friend) for each in _of(events, ReferralMade)}
        ended |= {(member, each.friend) for each in _of(events, ReferralRefused)}
        referred = {a.fields["friend"] for a in accepted[member] if a.type == "referral"} - {member}
        assert referred == {each.friend for each in _of(events, ReferralMade)}, f"referrals of {member}"
    accepting = {(advocate, friend) for friend, advocate in advocates.items()}
    assert accepting <= made and made <= accepting | ended, "a referral was never answered"
    for member in advocates:
        line = [member]
        while (line[-1]) in advocates:
            line.append(advocates[line[-1]])
            assert line.count(line[-1]) == 1, f"referrals in a ring: {line}"


def _check_promise(
    member: str, referred: Recommended, events: Sequence[Any], actions: Sequence[RawAction]
) -> None:
    """Settled by a review; kept only by one that came after, and always when none came before."""
    reviews = [action.occurred_at for action in actions if action.type == "review_written"]
    settled = _of(events, PromisesSettled)
    assert len(settled) == bool(reviews), f"{member} reviewed {len(reviews)} times: {settled}"
    if reviews and min(reviews) >= referred.occurred_at:
        assert settled[0].kept, f"{member} is new, and the promise is broken"
    if reviews and max(reviews) < referred.occurred_at:
        assert not settled[0].kept, f"{member} is not new, and the promise is kept"
