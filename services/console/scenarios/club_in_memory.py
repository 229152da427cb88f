"""A whole club in memory: the real domains of the three services, told of actions and of each other.

What one of them decides reaches the others as the bytes of its decision, and its letters the keys that
they are to, first decided first heard, until there is nothing left to hear. What a claim asks of points is
answered at once. No clock and no chance: time is what the caller says it is.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Union

from cercle.domain.action import RawAction
from cercle.domain.admission import admit
from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.domain.keys import OFFER, is_member
from cercle.rulebook import Rulebook
from services.badges import core as badges
from services.console.scenarios.calling import answer_to, command_of
from services.console.scenarios.domains import DOMAINS
from services.offers import codes
from services.offers import core as offers
from services.offers.commands import Cancel, Claim, Redeem
from services.offers.member import ISSUED, REDEEMED
from services.points import core as points
from services.points.commands import Request

MOST_DEPTH = 8
"""A decision on a decision on a decision... no deeper: rules that feed each other come to an end."""


class Standing(NamedTuple):
    """What a member has at some moment, as the three services show it.

    `offers`: how many of each, given, or claimed and neither cancelled nor expired. `stock`: how many
    are left for all members of the offers that have one.
    """

    wallets: Mapping[str, points.WalletView]
    tier: str
    badges: Mapping[str, str]
    offers: Mapping[str, int]
    stock: Mapping[str, int]


class _Decided(NamedTuple):
    service: str
    key: str
    data: bytes
    letters: tuple[Letter, ...]
    depth: int


class ClubInMemory:
    """The members of a club. `rules` judge everything; `noticed` is told every event, by service."""

    def __init__(self, rules: Rulebook, noticed: Callable[[str, object], None] = lambda *_: None) -> None:
        self._rules = rules
        self._noticed = noticed
        self._states: dict[str, dict[str, Any]] = {name: {} for name in DOMAINS}
        self._due: dict[tuple[str, str], Instant] = {}
        self._unheard: deque[_Decided] = deque()
        self.now: Instant = -(2**62)

    def send(self, raw: RawAction, recorded_at: Instant) -> Union[Rejection, None]:
        """An action arrives at `recorded_at`; answers why it does not count, where it does not."""
        self.advance(recorded_at)
        action = admit(raw, recorded_at, self._rules)
        if isinstance(action, Rejection):
            return action
        rejections = [
            self._decide(name, action.member_id, domain.on_action(action)) for name, domain in DOMAINS.items()
        ]
        self._spread()
        return next((each for each in rejections if isinstance(each, Rejection)), None)

    def ask(self, member: str, request: Request, at: Instant) -> object:
        """What the points service answers to somebody who spends points: an event, or a Rejection."""
        self.advance(at)
        outcome = self._decide("points", member, request)
        self._spread()
        return outcome if isinstance(outcome, Rejection) else outcome.answer

    def claim(self, member: str, offer: str, claim: str, at: Instant) -> Union[offers.ClaimView, Rejection]:
        """What became of the claim, which has this id.

        Its code is made of the member and the id, where a service draws lots.
        """
        command = Claim(claim, at, member, offer, f"{member}/{claim}".encode())
        outcome = self._ask_offers(member, command, at)
        if isinstance(outcome, Rejection):
            return outcome
        view = offers.claim_view(self._state("offers", member), self.now, claim)
        assert view is not None, "nobody is waited for, so that no claim stays under way"
        return view

    def code_of(self, member: str, claim: str) -> str:
        """The code of the member's claim, which was issued."""
        code: str = self._state("offers", member).claims[claim].code
        return code

    def redeem(self, code: str, key: str, at: Instant) -> object:
        """What whoever brings the code is told: a Redemption, a RedeemRefused, or a Rejection."""
        outcome = self._ask_offers(codes.key_of(code), Redeem(key, at), at)
        return outcome if isinstance(outcome, Rejection) else outcome.answer

    def cancel(self, member: str, claim: str, key: str, at: Instant) -> Union[offers.CancelView, Rejection]:
        """What is said to a request with this key that takes the claim back."""
        outcome = self._ask_offers(member, Cancel(key, at, member, claim), at)
        if isinstance(outcome, Rejection):
            return outcome
        view = offers.cancel_view(self._state("offers", member), self.now, key)
        assert view is not None, "a code answers at once"
        return view

    def advance(self, to: Instant) -> None:
        """Does what is due until then, each at its time, and sets the clock; it never goes back."""
        while self._due and (due := min((at, *place) for place, at in self._due.items()))[0] <= to:
            at, name, key = due
            del self._due[name, key]
            self.now = max(self.now, at)
            self._decide(name, key, DOMAINS[name].due_command)
            self._spread()
        self.now = max(self.now, to)

    def standing(self, member: str) -> Standing:
        """What the member has now."""
        kept = points.view(self._state("points", member), self.now)
        earned = badges.view(self._state("badges", member), self._rules, "", self.now)
        shown = offers.view(self._state("offers", member), self._rules, "", self.now).offers
        counts = Counter(one.offer for one in shown if one.status in (ISSUED, REDEEMED))
        levels = {each.achievement: each.reached[-1].name for each in earned.achievements if each.reached}
        return Standing(kept.wallets, earned.tier.id, levels, counts, self._stock())

    def members(self) -> list[str]:
        """All that any service knows, by name."""
        return sorted(filter(is_member, set().union(*self._states.values())))

    def _stock(self) -> dict[str, int]:
        return {
            name: offer.claim.stock - self._state("offers", OFFER + name).reserved
            for name, offer in self._rules.offers.offers.items()
            if offer.claim is not None and offer.claim.stock is not None
        }

    def _state(self, name: str, key: str) -> Any:
        states = self._states[name]
        return states[key] if key in states else DOMAINS[name].new(key)

    def _ask_offers(self, key: str, command: object, at: Instant) -> Union[Decision[Any], Rejection]:
        self.advance(at)
        outcome = self._decide("offers", key, command)
        self._spread()
        self.advance(at)  # A code that is taken is followed by another, which is due at once.
        return outcome

    def _decide(
        self, name: str, key: str, command: object, depth: int = 0
    ) -> Union[Decision[Any], Rejection]:
        domain = DOMAINS[name]
        state = self._state(name, key)
        outcome = domain.decide(state, command, self._rules, self.now)
        if isinstance(outcome, Decision) and (outcome.events or outcome.letters):
            for event in outcome.events:
                state = domain.evolve(state, event)
                self._noticed(name, event)
            if outcome.events:
                self._keep(name, key, state)
            data = domain.encode(outcome.events)
            self._unheard.append(_Decided(name, key, data, outcome.letters, depth))
        return outcome

    def _keep(self, name: str, key: str, state: Any) -> None:
        self._states[name][key] = state
        due = DOMAINS[name].due_at(state)
        if due is None:
            self._due.pop((name, key), None)
        else:
            self._due[name, key] = due

    def _spread(self) -> None:
        """Lets every service hear what the others decided, and keys their letters, until nothing is left."""
        while self._unheard:
            service, key, data, letters, depth = self._unheard.popleft()
            if depth >= MOST_DEPTH:
                continue
            for letter in letters:
                self._decide(service, letter.to, letter.command, depth + 1)
            for name, domain in DOMAINS.items():
                command = domain.heard(service, data) if name != service else None
                if command is not None:
                    self._decide(name, key, command, depth + 1)
            self._call(service, key, depth + 1)

    def _call(self, service: str, key: str, depth: int) -> None:
        """Asks points what the state has yet to ask, and tells it the answer."""
        for call in DOMAINS[service].calls(self._state(service, key)):
            outcome = self._decide("points", key, command_of(call), depth)
            self._decide(service, key, answer_to(call, outcome), depth)
