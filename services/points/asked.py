"""Shell: commands to the bytes of cercle.points.v1.Command and back, as the log and letters keep them."""

from typing import Union

from cercle.wire import points_pb2 as pb
from services.points.commands import Capture, PlaceHold, Release

Asked = Union[PlaceHold, Capture, Release]
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
        case _:
            raise ValueError("a command of a kind that this version of points does not know")
