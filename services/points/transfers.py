"""Points from one member to another, by letters: sent, then received or returned. None is lost.

Who sends has the points in `transferred` until the other side's letter comes back. Nobody waits
for anybody, so two members may send to each other at the same moment. Points for a member of
whom nobody ever heard come back: a mistyped id costs nothing. Limits count what was sent and did
not come back, by the club-local day on which it was sent.
"""

from collections.abc import Callable
from typing import Union

from cercle.domain.decision import Decision, Instant, Letter
from cercle.domain.seen import Seen
from cercle.rulebook import PeriodLimit, Rulebook, TransferRule
from services.points import holds, ledger
from services.points.answers import Outcome, refused, remember, renew, repeated
from services.points.commands import Complete, Receive, Return, Transfer
from services.points.events import (
    Event,
    Refused,
    Released,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
)
from services.points.member import Counted, Member, OpenTransfer, Sent

LONGEST_PERIOD_DAYS = 366
"""Of a limit, but for a member's life."""
_NEVER_SEEN = Seen().forget_before
_NOTHING_SENT = Sent()

Settled = Union[TransferCompleted, TransferReturned]


def send(member: Member, command: Transfer, rules: Rulebook, now: Instant) -> Outcome:
    """TransferSent and a letter, or Refused self_transfer, transfer_not_allowed, transfer_limit,
    insufficient_points. Rejections as `answers.repeated` says.

    It counts on the day of `now`, or of its asking if that is later: `now` lags behind the
    sender's clock while the partition catches up.
    """
    known = repeated(member, command, now)
    if known is not None:
        return known
    lapsed = holds.timed_out(member, now)
    at = max(now, command.issued_at)
    refusal = _refusal(member, command, rules, at, lapsed)
    if refusal is not None:
        return Decision((*lapsed, refusal), refusal)
    key, to, wallet, points = command.key, command.to, command.wallet, command.points
    day, postings = rules.club.day(at), ledger.sent(points)
    sent = TransferSent(key, command.issued_at, to, wallet, points, day, postings)
    letter = Letter(to, Receive(key, command.sender, to, wallet, points))
    return Decision((*lapsed, sent), sent, (letter,))


def receive(member: Member, letter: Receive, now: Instant) -> Decision[Event]:
    """TransferReceived, or nothing where nobody ever heard of the member; a letter back either way."""
    transfer, sender, wallet, points = letter.transfer, letter.sender, letter.wallet, letter.points
    if not is_known(member):
        sentence = f"nobody ever heard of the member {letter.to}"
        return Decision(letters=(Letter(sender, Return(transfer, "receiver_unknown", sentence)),))
    received = TransferReceived(transfer, sender, wallet, points, ledger.came(points))
    events: tuple[Event, ...] = (*holds.timed_out(member, now), received)
    return Decision(events, letters=(Letter(sender, Complete(transfer)),))


def is_known(member: Member) -> bool:
    """Whether the member ever did something that counted, or had points."""
    return member.seen.forget_before != _NEVER_SEEN or bool(member.wallets)


def settle(member: Member, letter: Union[Complete, Return], now: Instant) -> Decision[Event]:
    """TransferCompleted, or TransferReturned; nothing of a transfer that is not on its way."""
    key = letter.transfer
    sent = member.transfers.get(key)
    if sent is None:
        return Decision()
    settled: Settled
    if isinstance(letter, Complete):
        settled = TransferCompleted(key, sent.issued_at, sent.to, sent.wallet, sent.points)
    else:
        settled = TransferReturned(
            key,
            sent.issued_at,
            sent.to,
            sent.wallet,
            sent.points,
            letter.code,
            letter.sentence,
            ledger.came(sent.points),
        )
    return Decision((*holds.timed_out(member, now), settled))


def outcome_of(key: str) -> Callable[[Member, Instant], Union[Settled, None]]:
    """For a watch: what came of the transfer, once something did."""

    def look(member: Member, _: Instant) -> Union[Settled, None]:
        answer = member.answers.get(key)
        return answer if isinstance(answer, (TransferCompleted, TransferReturned)) else None

    return look


def note(member: Member, event: Union[TransferSent, Settled, TransferReceived]) -> None:
    """Evolves the transfers on their way, their counts and answers in place."""
    match event:
        case TransferSent(key, issued_at, to, wallet, points, day):
            member.transfers[key] = OpenTransfer(to, wallet, points, day, issued_at)
            _count(member, wallet, day, points, 1)
            remember(member, event)
        case TransferReturned(key, _, _, wallet, points):
            _count(member, wallet, member.transfers.pop(key).day, -points, -1)
            renew(member, event)
        case TransferCompleted():
            del member.transfers[event.key]
            renew(member, event)


def _count(member: Member, wallet: str, day: int, points: int, times: int) -> None:
    sent = member.sent.get(wallet)
    if sent is None:
        sent = member.sent[wallet] = Sent()
    if day not in sent.by_day and times > 0:
        sent.by_day = {each: c for each, c in sent.by_day.items() if each > day - LONGEST_PERIOD_DAYS}
        sent.by_day[day] = Counted()
    for counted in (sent.in_all, sent.by_day.get(day)):
        if counted is not None:
            counted.points += points
            counted.times += times


def _refusal(
    member: Member, command: Transfer, rules: Rulebook, at: Instant, lapsed: tuple[Released, ...]
) -> Union[Refused, None]:
    """Why it cannot be sent; None: it can."""
    points, wallet = command.points, command.wallet
    if command.to == command.sender:
        return refused(command, "self_transfer", "to: is the member who sends")
    rule = rules.points.transfers.get(wallet)
    if rule is None:
        return refused(command, "transfer_not_allowed", f"wallet: {wallet} cannot be sent to other members")
    if sentence := _over_limit(member, command, rule, rules, at):
        return refused(command, "transfer_limit", sentence)
    available = holds.available_after(member, wallet, lapsed)
    if points > available:
        sentence = f"points: {points} asked, {available} available in {wallet}"
        return refused(command, "insufficient_points", sentence)
    return None


def _over_limit(member: Member, command: Transfer, rule: TransferRule, rules: Rulebook, at: Instant) -> str:
    """Which limit it passes, and what is left of it; empty: none."""
    points, limit = command.points, rule.limit
    if rule.at_most is not None and points > rule.at_most:
        return f"points: {points} asked, at most {rule.at_most} may be sent at once"
    if limit is None:
        return ""
    sent = _sent_in_period(member, command.wallet, limit, rules, at)
    period = _PERIODS[limit.per]
    if limit.points is not None and points > limit.points - sent.points:
        left = max(0, limit.points - sent.points)
        return f"points: {points} asked, {left} of the {limit.points} that may be sent {period} are left"
    if limit.times is not None and sent.times >= limit.times:
        return f"points: no more of the {limit.times} transfers {period} are left"
    return ""


_PERIODS = {
    "day": "in a day",
    "week": "in a week",
    "month": "in a month",
    "year": "in a year",
    "life": "in all",
}


def _sent_in_period(member: Member, wallet: str, limit: PeriodLimit, rules: Rulebook, at: Instant) -> Counted:
    sent = member.sent.get(wallet, _NOTHING_SENT)
    if limit.per == "life":
        return sent.in_all
    first, last = rules.club.day(rules.club.period_start(limit.per, at)), rules.club.day(at)
    counted = [each for day, each in sent.by_day.items() if first <= day <= last]
    return Counted(sum(each.points for each in counted), sum(each.times for each in counted))
