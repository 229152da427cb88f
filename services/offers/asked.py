"""Shell: commands to the bytes of cercle.offers.v1.Command and back, as the log and letters keep them."""

from typing import Any, cast

from cercle.wire import offers_asked_pb2 as pb
from services.offers import commands, wire
from services.offers.commands import Asked

_KINDS: dict[str, type[Any]] = {
    "claim": commands.Claim,
    "cancel": commands.Cancel,
    "redeem": commands.Redeem,
    "note_answer": commands.NoteAnswer,
    "reserve": commands.Reserve,
    "note_stock": commands.NoteStock,
    "unreserve": commands.Unreserve,
    "register": commands.Register,
    "note_registered": commands.NoteRegistered,
    "cancel_code": commands.CancelCode,
    "note_code_cancelled": commands.NoteCodeCancelled,
    "note_redeemed": commands.NoteRedeemed,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(command: Asked) -> bytes:
    """The bytes of a Command."""
    message = pb.Command()
    wire.write(getattr(message, _NAMES[type(command)]), command)
    return message.SerializeToString()


def decode(data: bytes) -> Asked:
    """The inverse of `encode`. Raises ValueError on a command of a kind unknown here."""
    message = pb.Command.FromString(data)
    name = message.WhichOneof("kind")
    if name is None:
        raise ValueError("a command of a kind that this version of offers does not know")
    return cast(Asked, wire.read(_KINDS[name], getattr(message, name)))
