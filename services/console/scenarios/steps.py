"""What a scenario says, ready to be played: instants instead of dates, actions as brands send them."""

from dataclasses import dataclass
from typing import Union

from cercle.domain.action import RawAction
from cercle.domain.decision import Instant
from cercle.rulebook import Place
from cercle.rulebook.files.expectations import ExpectationEntry
from services.points.commands import Request


@dataclass(frozen=True)
class Does:
    """A member does something: each action with the moment at which Cercle hears of it.

    `refused`: the code with which each is to be refused; empty: it is to count.
    """

    place: Place
    member: str
    actions: tuple[tuple[RawAction, Instant], ...]
    refused: str


@dataclass(frozen=True)
class Spends:
    """Points are set aside, spent, given back or sent. `refused`: as in Does."""

    place: Place
    member: str
    at: Instant
    request: Request
    refused: str


@dataclass(frozen=True)
class Claims:
    """A member takes an offer. `key`: the claim's id. `refused`: as in Does."""

    place: Place
    member: str
    at: Instant
    key: str
    offer: str
    refused: str


@dataclass(frozen=True)
class Redeems:
    """The code of the member's claim is used, by a request with this key. `refused`: as in Does."""

    place: Place
    member: str
    at: Instant
    key: str
    claim: str
    offer: str
    refused: str


@dataclass(frozen=True)
class Cancels:
    """The member's claim is taken back. `key`, `refused`: as in Redeems."""

    place: Place
    member: str
    at: Instant
    key: str
    claim: str
    offer: str
    refused: str


@dataclass(frozen=True)
class Expects:
    """What the member is expected to have."""

    place: Place
    member: str
    at: Instant
    expected: ExpectationEntry


OfClaims = Union[Claims, Redeems, Cancels]
Step = Union[Does, Spends, OfClaims, Expects]


@dataclass(frozen=True)
class Scenario:
    """A story; `steps` in the order of time."""

    name: str
    place: Place
    steps: tuple[Step, ...]
