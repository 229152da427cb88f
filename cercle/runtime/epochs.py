"""Where in its topic the record of a seq lies: offset = seq + shift, within one epoch.

A hint, exact unless a foreign record came between: whoever follows it checks what it finds.
"""

import msgspec


class Epoch(msgspec.Struct, array_like=True, frozen=True):
    """The records of one owner: from `first_seq` on, at offset seq + shift."""

    first_seq: int
    fence: int
    shift: int


class Epochs:
    """All owners' records of a partition, oldest first; one line for each that wrote any."""

    def __init__(self, stored: bytes = b"") -> None:
        self._lines: list[Epoch] = msgspec.msgpack.decode(stored, type=list[Epoch]) if stored else []

    def begin(self, fence: int, seq: int) -> None:
        """A fence at offset `fence`, after the record `seq`."""
        self._lines = [line for line in self._lines if line.fence < fence and line.first_seq <= seq]
        self._lines.append(Epoch(seq + 1, fence, fence - seq))

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self._lines)

    def offset_of(self, seq: int) -> int:
        """Where to look for the record `seq`."""
        holder = self._holder(seq)
        return seq + holder.shift if holder else 0

    def fence_of(self, seq: int) -> int:
        """The epoch with which the record `seq` was sent."""
        holder = self._holder(seq)
        return holder.fence if holder else 0

    def _holder(self, seq: int) -> Epoch | None:
        return next((line for line in reversed(self._lines) if line.first_seq <= seq), None)
