"""The law of points: every accepted action is a record, and points only move, by double entry.

`decide` reads only, `evolve` is the only place where a member changes. Pure: `now` is an
argument, and the same events give the same member to the byte.
"""

from collections.abc import Mapping
from typing import Union

import msgspec

from cercle.domain import metrics, seen
from cercle.domain.action import ActionAccepted
from cercle.domain.badges import has_badge, with_badge
from cercle.domain.decision import Decision, Instant, Rejection
from cercle.domain.metrics import MetricCounted
from cercle.rulebook import Rulebook
from services.points import earning, holds, ledger, limits, transfers
from services.points.commands import (
    Capture,
    Command,
    Complete,
    DoDueWork,
    Earn,
    GiveBack,
    NoteStanding,
    PlaceHold,
    Receive,
    Release,
    Return,
    Transfer,
)
from services.points.events import (
    BadgeNoted,
    Captured,
    Earned,
    Event,
    GivenBack,
    Held,
    Refused,
    Released,
    TierNoted,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
)
from services.points.member import Member, new

__all__ = ["MemberView", "WalletView", "decide", "due_at", "evolve", "new", "ranks", "view"]


def decide(
    member: Member, command: Command, rules: Rulebook, now: Instant
) -> Union[Decision[Event], Rejection]:
    """What the command brings about, after all that was due before it.

    Rejections: `late`, `future` (of an action), `too_old`, `key_reused` (of a request).
    """
    match command:
        case Earn():
            return earning.earn(member, command, rules, now)
        case NoteStanding():
            return note_standing(member, command, now)
        case GiveBack():
            return give_back(member, command, now)
        case PlaceHold():
            return holds.place(member, command, now)
        case Capture() | Release():
            return holds.close(member, command, now)
        case Transfer():
            return transfers.send(member, command, rules, now)
        case Receive():
            return transfers.receive(member, command, now)
        case Complete() | Return():
            return transfers.settle(member, command, now)
        case DoDueWork():
            return Decision(holds.timed_out(member, now))


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


def evolve(member: Member, event: Event) -> Member:
    """Changes `member` in place and answers it."""
    match event:
        case ActionAccepted():
            limits.forget(member, event.forget_before)
            seen.note(member.seen, event)
        case MetricCounted():
            metrics.note(member.metrics, event)
        case Earned():
            ledger.post(member, event.wallet, event.postings)
            limits.count(member, event)
        case Held() | Captured() | Released():
            ledger.post(member, event.wallet, event.postings)
            holds.note(member, event)
        case Refused():
            holds.note(member, event)
        case TransferSent() | TransferReturned() | TransferReceived():
            ledger.post(member, event.wallet, event.postings)
            transfers.note(member, event)
        case GivenBack():
            ledger.post(member, event.wallet, event.postings)
        case TransferCompleted():
            transfers.note(member, event)
        case BadgeNoted():
            member.badges = with_badge(member.badges, event.badge, event.level)
        case TierNoted():
            member.tier = event.tier
    return member


def due_at(member: Member) -> Union[Instant, None]:
    """When this member next needs a visit: at the earliest time-out of a hold."""
    return holds.next_time_out(member)


def ranks(member: Member) -> Mapping[str, int]:
    """The member's score on each leaderboard: points keep none."""
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
