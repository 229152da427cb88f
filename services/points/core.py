"""The law of points: every accepted action is a record, and points only move, by double entry.

`decide` reads only, `evolve` is the only place where a member changes. Pure: `now` is an
argument, and the same events give the same member to the byte.
"""

from collections.abc import Mapping
from typing import TypeVar, Union, cast, get_args

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import ActionAccepted
from cercle.domain.badges import has_badge, with_badge
from cercle.domain.decision import Decision, Instant, Rejection
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import Rulebook
from services.points import accepting, holds, ledger, limits, referrals, soon_after, subjects, transfers
from services.points.commands import (
    Capture,
    Command,
    Complete,
    DoDueWork,
    Earn,
    EarnSoonAfter,
    GiveBack,
    NoteStanding,
    PlaceHold,
    Receive,
    Recommend,
    RefuseReferral,
    Release,
    Return,
    RewardReferral,
    SubjectCommand,
    Transfer,
)
from services.points.events import (
    BadgeNoted,
    Captured,
    Earned,
    Event,
    GivenBack,
    Held,
    MemberEvent,
    PromisesSettled,
    Recommended,
    ReferralMade,
    ReferralRefused,
    Refused,
    Released,
    SubjectEvent,
    TierNoted,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
    TriggerNoted,
)
from services.points.member import Member, new
from services.points.states import State
from services.points.subjects import Subject

__all__ = ["MemberView", "WalletView", "decide", "due_at", "evolve", "new", "ranks", "view"]

StateT = TypeVar("StateT", bound=Union[Member, Subject])


def decide(
    state: State, command: Command, rules: Rulebook, now: Instant
) -> Union[Decision[Event], Rejection]:
    """What the command brings about, after all that was due before it.

    Rejections: `late`, `future` (of an action), `too_old`, `key_reused` (of a request). Raises
    TypeError on a command that is not for a state of that kind.
    """
    if isinstance(state, Member):
        return _decide(state, command, rules, now)
    if not isinstance(command, get_args(SubjectCommand)):
        raise TypeError(f"not for what several members share: {command!r:.80}")
    return subjects.decide(state, command, rules)


def _decide(
    member: Member, command: Command, rules: Rulebook, now: Instant
) -> Union[Decision[Event], Rejection]:
    match command:
        case Earn():
            return accepting.earn(member, command, rules, now)
        case NoteStanding():
            return note_standing(member, command, now)
        case GiveBack():
            return give_back(member, command, now)
        case PlaceHold():
            return holds.place(member, command, now)
        case Capture() | Release():
            return holds.close(member, command, now)
        case DoDueWork():
            return Decision(holds.timed_out(member, now))
        case Transfer():
            return transfers.send(member, command, rules, now)
        case Receive():
            return transfers.receive(member, command, now)
        case Complete() | Return():
            return transfers.settle(member, command, now)
        case EarnSoonAfter():
            return soon_after.earn(member, command, now)
        case Recommend():
            return referrals.recommended(member, command, rules, now)
        case RewardReferral():
            return referrals.reward(member, command, now)
        case RefuseReferral():
            return referrals.refuse(member, command, now)
        case _:
            raise TypeError(f"not for a member: {command!r:.80}")


def note_standing(member: Member, command: NoteStanding, now: Instant) -> Decision[Event]:
    """No event for what the member is known to have."""
    new_badges = [badge for badge in command.badges if not has_badge(member.badges, *badge)]
    noted: list[Event] = [BadgeNoted(badge, level) for badge, level in new_badges]
    if command.tier is not None and command.tier != member.tier:
        noted.append(TierNoted(command.tier))
    return Decision((*holds.timed_out(member, now), *noted)) if noted else Decision()


def give_back(member: Member, command: GiveBack, now: Instant) -> Decision[Event]:
    """What was paid is available again. Once for a claim, since a decision of offers is heard once."""
    postings = ledger.given_back(command.points)
    back = GivenBack(command.claim, command.wallet, command.points, postings)
    return Decision((*holds.timed_out(member, now), back))


def evolve(state: StateT, event: Event) -> StateT:
    """Changes `state` in place and answers it."""
    if isinstance(state, Member):
        _evolve(state, cast("MemberEvent", event))
    else:
        subjects.evolve(state, cast("SubjectEvent", event))
    return state


def _evolve(member: Member, event: MemberEvent) -> None:
    match event:
        case ActionAccepted():
            limits.forget(member, event.forget_before)
            seen.note(member.seen, event)
        case MetricCounted():
            metrics.note(member.metrics, event)
        case Earned():
            ledger.post(member, event.wallet, event.postings)
            if event.occasion is None or not referrals.is_of_referral(event):
                limits.count(member, event)
            else:
                referrals.count(member, event)
        case Held() | Captured() | Released():
            ledger.post(member, event.wallet, event.postings)
            holds.note(member, event)
        case Refused():
            holds.note(member, event)
        case BadgeNoted():
            member.badges = with_badge(member.badges, event.badge, event.level)
        case TierNoted():
            member.tier = event.tier
        case TransferSent() | TransferReturned() | TransferReceived():
            ledger.post(member, event.wallet, event.postings)
            transfers.note(member, event)
        case GivenBack():
            ledger.post(member, event.wallet, event.postings)
        case TransferCompleted():
            transfers.note(member, event)
        case ReferralMade() | ReferralRefused() | Recommended() | PromisesSettled() | TriggerNoted():
            referrals.note(member, event)


def due_at(state: State) -> Union[Instant, None]:
    """When this key next needs a visit: a member at the earliest time-out of a hold."""
    return holds.next_time_out(state) if isinstance(state, Member) else None


def ranks(state: State) -> Mapping[str, int]:
    """The score on each leaderboard: points keep none."""
    return {}


class WalletView(msgspec.Struct, frozen=True):
    """available + pending + held is issued - redeemed - transferred. None is negative but
    transferred, where more came from other members than was sent to them."""

    available: int
    pending: int
    held: int
    issued: int
    redeemed: int
    transferred: int = 0


class MemberView(msgspec.Struct, frozen=True):
    """What a reader sees: each wallet that the member used, by name, and the tier (empty: none yet)."""

    wallets: Mapping[str, WalletView]
    tier: str


def view(member: Member, now: Instant) -> MemberView:
    """The member at `now`: a hold whose time is up shows as available before its release is recorded."""
    lapsed = holds.timed_out(member, now)
    return MemberView(
        {name: _wallet_view(member, name, lapsed) for name in sorted(member.wallets)}, member.tier
    )


def _wallet_view(member: Member, name: str, lapsed: tuple[Released, ...]) -> WalletView:
    balances = member.wallets[name]
    back = sum(release.points for release in lapsed if release.wallet == name)
    return WalletView(
        available=balances.available + back,
        pending=balances.pending,
        held=balances.held - back,
        issued=-balances.issued,
        redeemed=balances.redeemed,
        transferred=balances.transferred,
    )
