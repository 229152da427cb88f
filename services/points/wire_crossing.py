"""Shell: the events of what crosses members, to the log's messages and back."""

from typing import Union

from cercle.wire import points_log_pb2 as pb
from services.points.events import (
    EarlierNoted,
    Event,
    Occasion,
    PromisesSettled,
    Recommended,
    ReferralMade,
    ReferralRefused,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
    TriggerNoted,
    WaitingEnded,
    WaitingNoted,
)
from services.points.wire_lines import (
    fill_postings,
    postings_of,
    promise,
    promises_of,
    waiting,
    waiting_of,
)


def fill(out: pb.Event, event: Event) -> None:
    """Into the event's own message; nothing for an event of another kind."""
    match event:
        case TransferSent():
            out.transfer_sent.day = event.day
            _fill_transfer(out.transfer_sent, event)
            fill_postings(out.transfer_sent, event.postings)
        case TransferCompleted():
            _fill_transfer(out.transfer_completed, event)
        case TransferReturned():
            back = out.transfer_returned
            back.code, back.sentence = event.code, event.sentence
            _fill_transfer(back, event)
            fill_postings(back, event.postings)
        case TransferReceived():
            came = out.transfer_received
            came.transfer, came.sender = event.transfer, event.sender
            came.wallet, came.points = event.wallet, event.points
            fill_postings(came, event.postings)
        case ReferralMade(friend, day, promises):
            out.referral_made.CopyFrom(
                pb.ReferralMade(friend=friend, day=day, promises=map(promise, promises))
            )
        case ReferralRefused(friend, code, sentence):
            refused = pb.ReferralRefused(friend=friend, code=code, sentence=sentence)
            out.referral_refused.CopyFrom(refused)
        case Recommended(advocate, occurred_at, promises):
            message = pb.Recommended(
                advocate=advocate, occurred_at_ms=occurred_at, promises=map(promise, promises)
            )
            out.recommended.CopyFrom(message)
        case PromisesSettled(advocate, rules, kept):
            settled = pb.PromisesSettled(advocate=advocate, rules=rules, kept=kept)
            out.promises_settled.CopyFrom(settled)
        case TriggerNoted(action, source, id, occurred_at):
            first = pb.TriggerNoted(action=action, source=source, id=id, occurred_at_ms=occurred_at)
            out.trigger_noted.CopyFrom(first)
        case EarlierNoted() | WaitingNoted() | WaitingEnded():
            _fill_subject(out, event)


def _fill_subject(out: pb.Event, event: Union[EarlierNoted, WaitingNoted, WaitingEnded]) -> None:
    match event:
        case EarlierNoted(action, member, source, id, occurred_at, forget_before):
            earlier = pb.EarlierNoted(
                action=action,
                member=member,
                source=source,
                id=id,
                occurred_at_ms=occurred_at,
                forget_before_ms=forget_before,
            )
            out.earlier_noted.CopyFrom(earlier)
        case WaitingNoted():
            noted = pb.WaitingNoted(waiting=waiting(event.waiting), forget_before_ms=event.forget_before)
            out.waiting_noted.CopyFrom(noted)
        case WaitingEnded(member, source, id, rule):
            ended = pb.WaitingEnded(member=member, source=source, id=id, rule=rule)
            out.waiting_ended.CopyFrom(ended)


def _fill_transfer(
    out: Union[pb.TransferSent, pb.TransferCompleted, pb.TransferReturned],
    event: Union[TransferSent, TransferCompleted, TransferReturned],
) -> None:
    out.key, out.issued_at_ms, out.to = event.key, event.issued_at, event.to
    out.wallet, out.points = event.wallet, event.points


def fill_occasion(out: pb.Occasion, occasion: Occasion) -> None:
    """Of an Earned."""
    out.kind, out.action, out.source, out.id = occasion.kind, occasion.action, occasion.source, occasion.id
    out.occurred_at_ms = occasion.occurred_at
    out.subject, out.member = occasion.subject, occasion.member


def read_occasion(o: pb.Occasion) -> Occasion:
    """The inverse."""
    return Occasion(o.kind, o.action, o.source, o.id, o.occurred_at_ms, o.subject, o.member)


def read(kind: str, event: pb.Event) -> Event:
    """The inverse of `fill`. Raises ValueError on an event of another kind."""
    match kind:
        case "transfer_sent":
            s = event.transfer_sent
            postings = postings_of(s.postings)
            return TransferSent(s.key, s.issued_at_ms, s.to, s.wallet, s.points, s.day, postings)
        case "transfer_completed":
            d = event.transfer_completed
            return TransferCompleted(d.key, d.issued_at_ms, d.to, d.wallet, d.points)
        case "transfer_returned":
            b = event.transfer_returned
            postings = postings_of(b.postings)
            return TransferReturned(
                b.key, b.issued_at_ms, b.to, b.wallet, b.points, b.code, b.sentence, postings
            )
        case "transfer_received":
            i = event.transfer_received
            return TransferReceived(i.transfer, i.sender, i.wallet, i.points, postings_of(i.postings))
        case "referral_made":
            m = event.referral_made
            return ReferralMade(m.friend, m.day, promises_of(m.promises))
        case "referral_refused":
            f = event.referral_refused
            return ReferralRefused(f.friend, f.code, f.sentence)
        case "recommended":
            r = event.recommended
            return Recommended(r.advocate, r.occurred_at_ms, promises_of(r.promises))
        case "promises_settled":
            p = event.promises_settled
            return PromisesSettled(p.advocate, tuple(p.rules), p.kept)
        case "trigger_noted":
            t = event.trigger_noted
            return TriggerNoted(t.action, t.source, t.id, t.occurred_at_ms)
        case _:
            return _read_subject(kind, event)


def _read_subject(kind: str, event: pb.Event) -> Event:
    match kind:
        case "earlier_noted":
            e = event.earlier_noted
            return EarlierNoted(e.action, e.member, e.source, e.id, e.occurred_at_ms, e.forget_before_ms)
        case "waiting_noted":
            w = event.waiting_noted
            return WaitingNoted(waiting_of(w.waiting), w.forget_before_ms)
        case "waiting_ended":
            d = event.waiting_ended
            return WaitingEnded(d.member, d.source, d.id, d.rule)
        case _:
            raise ValueError(f"an event of the kind {kind} is not known here")
