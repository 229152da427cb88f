"""A whole club in memory: the real domains of the three services, told of actions and of each other.

What one of them decides reaches the others as the bytes of its decision, and its letters the keys that
they are to, first decided first heard, until there is nothing left to hear. No clock and no chance:
time is what the caller says it is.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Union

from cercle.domain.action import Action, RawAction
from cercle.domain.admission import admit
from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.domain.keys import is_member
from cercle.rulebook import Rulebook
from services.badges import core as badges
from services.badges import wire as badges_wire
from services.badges.commands import CountAction
from services.offers import core as offers
from services.offers import wire as offers_wire
from services.offers.commands import NoteAction
from services.points import core as points
from services.points import states as points_states
from services.points import wire as points_wire
from services.points.commands import DoDueWork, Earn, Request

MOST_DEPTH = 8
"""A decision on a decision on a decision... no deeper: rules that feed each other come to an end."""


class Domain(NamedTuple):
    """One service's pure domain, its wire, and the commands that it makes of actions and of due work.

    `new`: the state of a key that nobody has heard of.
    """

    new: Callable[[str], Any]
    decide: Callable[[Any, Any, Rulebook, Instant], Union[Decision[Any], Rejection]]
    evolve: Callable[[Any, Any], Any]
    due_at: Callable[[Any], Union[Instant, None]]
    encode: Callable[[tuple[Any, ...]], bytes]
    heard: Callable[[str, bytes], Any]
    on_action: Callable[[Action], Any]
    due_command: object = None


DOMAINS: Mapping[str, Domain] = {
    "points": Domain(
        points_states.new,
        points.decide,
        points.evolve,
        points.due_at,
        points_wire.encode,
        points_wire.heard,
        Earn,
        DoDueWork(),
    ),
    "badges": Domain(
        lambda key: badges.new(),
        badges.decide,
        badges.evolve,
        badges.due_at,
        badges_wire.encode,
        badges_wire.heard,
        CountAction,
    ),
    "offers": Domain(
        lambda key: offers.new(),
        offers.decide,
        offers.evolve,
        offers.due_at,
        offers_wire.encode,
        offers_wire.heard,
        NoteAction,
    ),
}
"""In the order in which they are told."""


class Standing(NamedTuple):
    """What a member has at some moment, as the three services show it."""

    wallets: Mapping[str, points.WalletView]
    tier: str
    badges: Mapping[str, str]
    offers: Mapping[str, int]


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
        given = offers.view(self._state("offers", member), self._rules, "", self.now).offers
        counts: dict[str, int] = {}
        for one in given:
            counts[one.offer] = counts.get(one.offer, 0) + 1
        levels = {each.achievement: each.reached[-1].name for each in earned.achievements if each.reached}
        return Standing(kept.wallets, earned.tier.id, levels, counts)

    def members(self) -> list[str]:
        """All that any service knows, by name."""
        return sorted(filter(is_member, set().union(*self._states.values())))

    def _state(self, name: str, key: str) -> Any:
        states = self._states[name]
        return states[key] if key in states else DOMAINS[name].new(key)

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
