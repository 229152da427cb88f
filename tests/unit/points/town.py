"""Several members of a club at once, and the letters between them, delivered in any order that can be."""

from collections import deque
from collections.abc import Callable

from cercle.domain.decision import Decision, Instant
from cercle.rulebook import Rulebook
from services.points import asked, core, states, wire
from services.points.commands import Command
from services.points.events import Event
from services.points.states import State
from tests.unit.points.club import NOON

Route = tuple[str, str]


class Town:
    """States by key. Letters wait by sender and receiver: between two keys they keep their order.

    Events and letters go by their bytes, as in the log. `decided` is for the caller to fill.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.rules = rulebook
        self.states: dict[str, State] = {}
        self.letters: dict[Route, deque[bytes]] = {}
        self.events: dict[str, list[Event]] = {}
        self.decided: list[tuple[str, Command]] = []

    def state(self, key: str) -> State:
        """The key's state; that of a stranger, kept nowhere, if nothing happened to it."""
        return self.states.get(key) or states.new(key)

    def do(self, key: str, command: Command, now: Instant = NOON) -> Decision[Event]:
        """What the command brought about at the key; its letters wait."""
        state = self.state(key)
        decision = core.decide(state, command, self.rules, now)
        assert isinstance(decision, Decision), decision
        for event in wire.decode(wire.encode(decision.events)):
            state = core.evolve(state, event)
        if decision.events:
            self.states[key] = state
            self.events.setdefault(key, []).extend(decision.events)
        for letter in decision.letters:
            body = asked.encode(letter.command)  # type: ignore[arg-type]
            self.letters.setdefault((key, letter.to), deque()).append(body)
        return decision

    def deliver(self, choose: Callable[[list[Route]], Route] = min, now: Instant = NOON) -> bool:
        """One letter, of the chosen route; False: none waits."""
        routes = sorted(route for route, waiting in self.letters.items() if waiting)
        if not routes:
            return False
        route = choose(routes)
        self.do(route[1], asked.decode(self.letters[route].popleft()), now)
        return True

    def deliver_all(self, choose: Callable[[list[Route]], Route] = min, now: Instant = NOON) -> None:
        """Until no letter waits."""
        while self.deliver(choose, now):
            pass
