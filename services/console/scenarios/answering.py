"""What members ask for in a story, beside what they do: asked of the club, and answered in a line."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Union

from cercle.actions.instants import local_time
from cercle.domain.decision import Rejection
from cercle.rulebook import Rulebook
from cercle.rulebook.phrases import in_wallet
from services.console.scenarios.catalogue import OFFER, Catalogue
from services.console.scenarios.club_in_memory import ClubInMemory
from services.console.scenarios.steps import Cancels, Claims, OfClaims, Redeems, Spends
from services.console.scenarios.tracing import Line
from services.offers import core as offers
from services.offers.events import RedeemRefused
from services.points.commands import Capture, PlaceHold, Release, Request, Transfer
from services.points.events import Refused

DONE, ISSUED, REDEEMED, CANCELLED, REFUSED = "done", "issued", "redeemed", "cancelled", "refused"
_OF_CLAIMS: Mapping[type[object], tuple[str, str]] = {
    Claims: ("claim", ISSUED),
    Redeems: ("redeem", REDEEMED),
    Cancels: ("cancel", CANCELLED),
}

Asks = Union[Spends, OfClaims]


class Answer(NamedTuple):
    """`code`: why it is refused; empty: it is done. `line`: what happened, for people."""

    code: str
    line: Line


def word_of(step: Asks) -> str:
    """The key of the step that says what is asked."""
    return _of_request(step.request)[0] if isinstance(step, Spends) else _OF_CLAIMS[type(step)][0]


def done_of(step: Asks) -> str:
    """The word for what is asked and not refused."""
    return DONE if isinstance(step, Spends) else _OF_CLAIMS[type(step)][1]


class Asking:
    """Asks a club for what steps say. `known` knows where offers are written."""

    def __init__(self, club: ClubInMemory, rules: Rulebook, known: Catalogue) -> None:
        self._club = club
        self._rules = rules
        self._known = known

    def ask(self, step: Asks) -> Answer:
        """What the member is told."""
        match step:
            case Spends():
                return self._spend(step)
            case Claims():
                return self._claim(step)
            case Redeems():
                return self._redeem(step)
            case Cancels():
                return self._cancel(step)

    def _spend(self, step: Spends) -> Answer:
        said = self._club.ask(step.member, step.request, step.at)
        if isinstance(said, (Refused, Rejection)):
            return Answer(said.code, Line(*_of_request(step.request), "", REFUSED, _why(said)))
        points, wallet = getattr(said, "points", 0), getattr(said, "wallet", "")
        return Answer("", Line(*_of_request(step.request), "", DONE, in_wallet(points, wallet)))

    def _claim(self, step: Claims) -> Answer:
        said = self._club.claim(step.member, step.offer, step.key, step.at)
        if isinstance(said, Rejection):
            return self._refused(step, said.code, said.sentence)
        if said.refusal:
            return self._refused(step, said.refusal, said.sentence)
        return Answer("", self._line(step, ISSUED, ", ".join(self._voucher(step, said))))

    def _voucher(self, step: Claims, said: offers.ClaimView) -> Iterator[str]:
        """What the member paid and has, and what is left for others."""
        claimable = self._rules.offers.offers[step.offer].claim
        assert claimable is not None, "the step was checked"
        yield f"{in_wallet(claimable.price, claimable.wallet)} paid" if claimable.price else "free"
        if said.code:
            yield f"code {said.code}"
        if said.valid_until is not None:
            yield f"valid until {local_time(said.valid_until, self._rules.club.time_zone):%Y-%m-%d %H:%M}"
        if claimable.stock is not None:
            left = self._club.standing(step.member).stock[step.offer]
            yield f"{left} of {claimable.stock} left"

    def _redeem(self, step: Redeems) -> Answer:
        code = self._club.code_of(step.member, step.claim)
        said = self._club.redeem(code, step.key, step.at)
        if isinstance(said, (RedeemRefused, Rejection)):
            return self._refused(step, said.code, said.sentence)
        return Answer("", self._line(step, REDEEMED, f"code {code}"))

    def _cancel(self, step: Cancels) -> Answer:
        said = self._club.cancel(step.member, step.claim, step.key, step.at)
        if isinstance(said, Rejection) or said.code:
            return self._refused(step, said.code, said.sentence)
        back = f"{in_wallet(said.points, said.wallet)} given back" if said.points else "nothing was paid"
        return Answer("", self._line(step, CANCELLED, back))

    def _refused(self, step: OfClaims, code: str, sentence: str) -> Answer:
        return Answer(code, self._line(step, REFUSED, f"{code}: {sentence}"))

    def _line(self, step: OfClaims, verdict: str, why: str) -> Line:
        return Line(OFFER, step.offer, self._known.listed[OFFER, step.offer].where, verdict, why)


def _why(said: Union[Refused, Rejection]) -> str:
    return f"{said.code}: {said.sentence}"


def _of_request(request: Request) -> tuple[str, str]:
    """What it is, and its name."""
    match request:
        case PlaceHold():
            return "hold", request.key
        case Capture():
            return "capture", request.hold
        case Release():
            return "release", request.hold
        case Transfer():
            return "transfer", f"to {request.to}"
