"""The event that every service has: ActionAccepted, to protobuf and back."""

from cercle.domain.action import ActionAccepted
from cercle.wire import actions_pb2


def write(out: actions_pb2.ActionAccepted, event: ActionAccepted) -> None:
    """Fills the message."""
    out.source = event.source
    out.id = event.id
    out.type = event.type
    out.occurred_at_ms = event.occurred_at
    out.forget_before_ms = event.forget_before


def read(message: actions_pb2.ActionAccepted) -> ActionAccepted:
    """The inverse of `write`."""
    return ActionAccepted(
        message.source, message.id, message.type, message.occurred_at_ms, message.forget_before_ms
    )
