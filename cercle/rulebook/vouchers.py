"""Vouchers whose codes Cercle makes: what a code looks like, and until when it is good."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from zoneinfo import ZoneInfo

from cercle.rulebook.files.vouchers import GeneratedVoucher, parts_of
from cercle.rulebook.times import Span, instant_after

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 digits and capitals, without 0, O, 1 and I, which are read for each other: 5 bits each."""


@dataclass(frozen=True, slots=True)
class VoucherPattern:
    """A code is `prefix`, then `length` letters and digits, then `suffix`. `valid` None: for ever."""

    prefix: str
    length: int
    suffix: str
    valid: Span | None
    zone: ZoneInfo

    def valid_until(self, issued_at_ms: int) -> int | None:
        """The instant from which on it is no longer good, by the club's calendar: `2 months` end on the
        same date, at the same time of the day. None: never."""
        return instant_after(self.valid, issued_at_ms, self.zone) if self.valid else None


def build_voucher(entry: GeneratedVoucher, zone: ZoneInfo) -> VoucherPattern:
    """Of a voucher that its model has checked."""
    return VoucherPattern(*parts_of(entry.code), entry.valid, zone)


class Shape(Protocol):
    """What a code looks like."""

    @property
    def prefix(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def suffix(self) -> str: ...


def code_from(pattern: Shape, seed: bytes, attempt: int) -> str:
    """The code of a seed that nobody can guess: the same for the same seed, another for each attempt.

    `attempt` counts from 0: the next one is for a code that is taken.
    """
    digest = blake2b(attempt.to_bytes(8, "big") + seed, digest_size=pattern.length).digest()
    made = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
    return f"{pattern.prefix}{made}{pattern.suffix}"
