"""A club in memory whose members claim: offers and points by their real domains, and what lies between them.

Letters wait to be delivered (in order between two keys), calls to be made, again and again, their answers
to come, twice, late or never; points hears of offers in order. All bytes are the real ones.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from cercle.client import Refused
from cercle.domain.decision import HOUR, Call, Decision, Instant, Rejection
from cercle.domain.keys import is_member
from cercle.rulebook import compile_rulebook
from cercle.wire import points_pb2
from services.offers import asked, claims, codes, core, states, wire
from services.offers.calls import answered
from services.offers.commands import Asked, Cancel, Claim, Command, DoDueWork, NoteAnswer, Redeem
from services.offers.events import Event
from services.offers.member import Member
from services.points import core as points
from services.points import ledger
from services.points import wire as points_wire
from services.points.commands import Capture, PlaceHold, Release
from services.points.events import Earned, Grant
from services.points.events import Refused as PointsRefused
from services.points.member import new as new_points

NOON = 1_767_265_200_000
SEED = b"the same for all, so that codes clash"
RULES = compile_rulebook(
    {
        "club.yaml": "{club: c, name: C, time_zone: Europe/Paris, languages: [en], currency: EUR, "
        "lateness: 30 days}",
        "actions.yaml": "actions: {purchase: {fields: {amount: money}}}",
        "points.yaml": "wallets: {points: {expires: never}}",
        "offers.yaml": """
offers:
  - {id: mug, title: A mug, price: 30 points, stock: 2}
  - {id: ten-off, title: 10 off, price: 20 points, voucher: {code: "T-{6}", valid: 2 days}, stock: 3}
  - {id: code, title: A code, price: free, voucher: {code: "T-{6}"}, limit: {times: 2, per: day}}
  - {id: gift, title: A gift, price: free, budget: {total: 20 EUR, each: 10 EUR}}
  - {id: song, title: A song, price: 10 points}
  - {id: sticker, title: A sticker, price: free}
  - {id: noon, title: At noon, price: free, during: {hours: "12:00 to 13:00"}}
""",
    }
)
OFFERS = ("mug", "ten-off", "code", "gift", "song", "sticker")


class Town:
    """Everybody has `wealth` points to begin with."""

    def __init__(self, wealth: int = 60) -> None:
        self.now: Instant = NOON
        self.offers: dict[str, Any] = {}
        self.points: dict[str, Any] = {}
        self.events: list[tuple[str, Event]] = []
        self.letters: dict[tuple[str, str], deque[bytes]] = {}
        self.answers: list[tuple[str, NoteAnswer]] = []
        self.unheard: deque[tuple[str, bytes]] = deque()
        self.asked: Callable[[str, Any, Any], None] = lambda *_: None
        self.spent: list[tuple[str, Instant, tuple[Any, ...]]] = []
        self._wealth = wealth

    # ---- offers -----------------------------------------------------------------------

    def state(self, key: str) -> Any:
        """Of an offers key."""
        return self.offers[key] if key in self.offers else states.new(key)

    def decide(self, key: str, command: Command) -> Any:
        """As the runtime does it: the answer, or a Rejection."""
        outcome = core.decide(self.state(key), command, RULES, self.now)
        if isinstance(outcome, Rejection):
            return outcome
        self._evolve(key, outcome)
        for letter in outcome.letters:
            body = asked.encode(letter.command)  # type: ignore[arg-type]
            self.letters.setdefault((key, letter.to), deque()).append(body)
        return outcome.answer

    def _evolve(self, key: str, decision: Decision[Event]) -> None:
        if not decision.events:
            return
        data = wire.encode(decision.events)
        state = self.state(key)
        for event in wire.decode(data):
            self.events.append((key, event))
            state = core.evolve(state, event)
        self.offers[key] = states.decode(key, states.encode(state))
        self.unheard.append((key, data))

    def ask(self, key: str, command: Asked) -> Any:
        """A command as it is in the log."""
        again = asked.decode(asked.encode(command))
        assert again == command
        answer = self.decide(key, again)
        if isinstance(again, Claim | Cancel | Redeem):
            self.asked(key, again, answer)
        return answer

    def claim(self, member: str, offer: str, key: str) -> Any:
        """Asked now."""
        return self.ask(member, Claim(key, self.now, member, offer, SEED))

    def cancel(self, member: str, claim: str, key: str) -> Any:
        """Asked now."""
        return self.ask(member, Cancel(key, self.now, member, claim))

    def redeem(self, code: str, key: str) -> Any:
        """Asked now."""
        return self.ask(codes.key_of(code), Redeem(key, self.now))

    def members(self) -> dict[str, Member]:
        """Of offers."""
        return {key: state for key, state in self.offers.items() if is_member(key)}

    # ---- what lies between --------------------------------------------------------------

    def deliver(self, choice: int) -> None:
        """The next letter between two keys, if any waits."""
        waiting = [pair for pair, letters in self.letters.items() if letters]
        if waiting:
            pair = waiting[choice % len(waiting)]
            self.decide(pair[1], asked.decode(self.letters[pair].popleft()))

    def calls(self) -> list[tuple[str, Call]]:
        """All that wait."""
        return [(key, call) for key, state in self.offers.items() for call in core.calls(state)]

    def call(self, choice: int) -> None:
        """A call is made (again); its answer is on its way."""
        if waiting := self.calls():
            key, call = waiting[choice % len(waiting)]
            assert isinstance(call.request, claims.AskPoints)
            try:
                said = asyncio.run(answered(_Points(self), call.id, call.request))
            except Refused:
                return  # No definite answer.
            self.answers.append((key, said))

    def answer(self, choice: int, keep: bool = False) -> None:
        """An answer comes; `keep`: it will come again."""
        if self.answers:
            key, said = self.answers[choice % len(self.answers)]
            if not keep:
                self.answers.remove((key, said))
            self.ask(key, said)

    def hear(self) -> None:
        """Points hears the next decision of offers."""
        if self.unheard:
            key, data = self.unheard.popleft()
            command = points_wire.heard("offers", data)
            if command is not None:
                self.spend(key, command)

    def wait(self, ms: int) -> None:
        """Time passes; what is due is done."""
        self.now += ms
        for key, state in list(self.offers.items()):
            due = core.due_at(state)
            if due is not None and due <= self.now:
                self.decide(key, DoDueWork())

    def settle(self) -> None:
        """Until nothing is under way."""
        for _ in range(10_000):
            if any(self.letters.values()):
                self.deliver(0)
            elif self.answers:
                self.answer(0)
            elif self.calls():
                self.call(0)
            elif self.unheard:
                self.hear()
            elif dues := [due for state in self.offers.values() if (due := core.due_at(state)) is not None]:
                self.wait(max(0, min(dues) - self.now))
            else:
                return
        raise AssertionError("it never came to rest")

    # ---- points -------------------------------------------------------------------------

    def purse(self, member: str) -> Any:
        """The member's state in points."""
        if member not in self.points:
            grants = (Grant("gift", self._wealth, self._wealth),)
            earned = Earned("points", grants, 1, ledger.earned(self._wealth))
            self.points[member] = points.evolve(new_points(), earned)
        return self.points[member]

    def spend(self, member: str, command: Any) -> Any:
        """What points answers; raises Refused as the client would."""
        state = self.purse(member)
        outcome = points.decide(state, command, RULES, self.now)
        if isinstance(outcome, Rejection):
            raise Refused(outcome.code, outcome.sentence)
        for event in outcome.events:
            points.evolve(state, event)
        if outcome.events:
            self.spent.append((member, self.now, outcome.events))
        if isinstance(outcome.answer, PointsRefused):
            raise Refused(outcome.answer.code, outcome.answer.sentence)
        return outcome.answer

    def balance(self, member: str) -> tuple[int, int, int]:
        """(available, held, redeemed)."""
        view = points.view(self.purse(member), self.now + 2 * HOUR).wallets["points"]
        return view.available, view.held, view.redeemed


class _Points:
    """The points service as its client sees it."""

    def __init__(self, town: Town) -> None:
        self._town = town

    async def Hold(self, request: Any) -> None:
        keep_for = request.keep_for_seconds * 1000
        command = PlaceHold(request.key, request.issued_at_ms, request.wallet, request.points, keep_for)
        self._town.spend(request.member_id, command)

    async def Capture(self, request: Any) -> None:
        self._town.spend(request.member_id, Capture(request.key, request.issued_at_ms, request.hold))

    async def ListEntries(self, request: Any) -> Any:
        entries = [
            points_pb2.EntryLine(
                at_ms=at, decision=points_pb2.Decision.FromString(points_wire.encode(events))
            )
            for member, at, events in reversed(self._town.spent)
            if member == request.member_id
        ]
        start = int(request.page_token or 0)
        following = str(start + 2) if start + 2 < len(entries) else ""
        return points_pb2.ListEntriesResponse(entries=entries[start : start + 2], next_page_token=following)

    async def Release(self, request: Any) -> None:
        self._town.spend(request.member_id, Release(request.key, request.issued_at_ms, request.hold))
