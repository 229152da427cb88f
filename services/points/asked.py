"""Shell: commands to the bytes of cercle.points.v1.Command and back, as the log and letters keep them."""

from typing import Union

from cercle.wire import points_asked_pb2 as pb
from services.points.commands import (
    Capture,
    Complete,
    PlaceHold,
    Receive,
    Release,
    Request,
    Return,
    Told,
    Transfer,
)

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
        case _:
            raise ValueError("a command of a kind that this version of points does not know")
