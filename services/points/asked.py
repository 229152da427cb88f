"""Shell: commands to the bytes of cercle.points.v1.Command and back, as the log and letters keep them."""

from typing import Union

from cercle.wire import points_asked_pb2 as pb
from services.points.commands import (
    AwaitEarlier,
    Capture,
    Complete,
    EarnSoonAfter,
    NoteEarlier,
    PlaceHold,
    Receive,
    Recommend,
    RefuseReferral,
    Release,
    Request,
    Return,
    RewardReferral,
    Told,
    Transfer,
)
from services.points.wire_lines import promise, promises_of, waiting, waiting_of

Asked = Union[Request, Told]
"""What is asked by RPC, or told by letter."""


def encode(command: Asked) -> bytes:
    """The bytes of a Command."""
    return _message(command).SerializeToString()


def _message(command: Asked) -> pb.Command:
    match command:
        case PlaceHold(key, issued_at, wallet, points, keep_for):
            hold = pb.PlaceHold(
                key=key, issued_at_ms=issued_at, wallet=wallet, points=points, keep_for_ms=keep_for
            )
            return pb.Command(place_hold=hold)
        case Capture(key, issued_at, hold_id):
            return pb.Command(capture=pb.CaptureHold(key=key, issued_at_ms=issued_at, hold=hold_id))
        case Release(key, issued_at, hold_id):
            return pb.Command(release=pb.ReleaseHold(key=key, issued_at_ms=issued_at, hold=hold_id))
        case Transfer(key, issued_at, sender, to, wallet, points):
            transfer = pb.SendTransfer(
                key=key, issued_at_ms=issued_at, sender=sender, to=to, wallet=wallet, points=points
            )
            return pb.Command(transfer=transfer)
        case Receive(transfer_id, sender, to, wallet, points):
            receive = pb.ReceiveTransfer(
                transfer=transfer_id, sender=sender, to=to, wallet=wallet, points=points
            )
            return pb.Command(receive=receive)
        case Complete(transfer_id):
            return pb.Command(complete=pb.CompleteTransfer(transfer=transfer_id))
        case Return(transfer_id, code, sentence):
            back = pb.ReturnTransfer(transfer=transfer_id, code=code, sentence=sentence)
            return pb.Command(give_back=back)
        case NoteEarlier(action, member, source, id, occurred_at):
            earlier = pb.NoteEarlier(
                action=action, member=member, source=source, id=id, occurred_at_ms=occurred_at
            )
            return pb.Command(note_earlier=earlier)
        case AwaitEarlier(each):
            return pb.Command(await_earlier=pb.AwaitEarlier(waiting=map(waiting, each)))
        case EarnSoonAfter(each):
            return pb.Command(earn_soon_after=pb.EarnSoonAfter(waiting=map(waiting, each)))
        case Recommend() | RewardReferral() | RefuseReferral():
            return _of_referral(command)


def _of_referral(command: Union[Recommend, RewardReferral, RefuseReferral]) -> pb.Command:
    match command:
        case Recommend(friend, advocate, occurred_at, promises):
            recommend = pb.Recommend(
                friend=friend,
                advocate=advocate,
                occurred_at_ms=occurred_at,
                promises=map(promise, promises),
            )
            return pb.Command(recommend=recommend)
        case RewardReferral(friend, action, source, id, occurred_at, promises):
            reward = pb.RewardReferral(
                friend=friend,
                action=action,
                source=source,
                id=id,
                occurred_at_ms=occurred_at,
                promises=map(promise, promises),
            )
            return pb.Command(reward_referral=reward)
        case RefuseReferral(friend, code, sentence):
            refuse = pb.RefuseReferral(friend=friend, code=code, sentence=sentence)
            return pb.Command(refuse_referral=refuse)


def decode(data: bytes) -> Asked:
    """The inverse of `encode`. Raises ValueError on a command of a kind unknown here."""
    command = pb.Command.FromString(data)
    match command.WhichOneof("kind"):
        case "place_hold":
            h = command.place_hold
            return PlaceHold(h.key, h.issued_at_ms, h.wallet, h.points, h.keep_for_ms)
        case "capture":
            c = command.capture
            return Capture(c.key, c.issued_at_ms, c.hold)
        case "release":
            r = command.release
            return Release(r.key, r.issued_at_ms, r.hold)
        case "transfer":
            t = command.transfer
            return Transfer(t.key, t.issued_at_ms, t.sender, t.to, t.wallet, t.points)
        case "receive":
            i = command.receive
            return Receive(i.transfer, i.sender, i.to, i.wallet, i.points)
        case "complete":
            return Complete(command.complete.transfer)
        case "give_back":
            b = command.give_back
            return Return(b.transfer, b.code, b.sentence)
        case "note_earlier":
            n = command.note_earlier
            return NoteEarlier(n.action, n.member, n.source, n.id, n.occurred_at_ms)
        case "await_earlier":
            return AwaitEarlier(tuple(map(waiting_of, command.await_earlier.waiting)))
        case "earn_soon_after":
            return EarnSoonAfter(tuple(map(waiting_of, command.earn_soon_after.waiting)))
        case "recommend":
            m = command.recommend
            return Recommend(m.friend, m.advocate, m.occurred_at_ms, promises_of(m.promises))
        case "reward_referral":
            w = command.reward_referral
            promises = promises_of(w.promises)
            return RewardReferral(w.friend, w.action, w.source, w.id, w.occurred_at_ms, promises)
        case "refuse_referral":
            f = command.refuse_referral
            return RefuseReferral(f.friend, f.code, f.sentence)
        case _:
            raise ValueError("a command of a kind that this version of points does not know")
