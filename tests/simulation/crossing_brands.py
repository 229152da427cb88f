"""Brands of the crossing club: purchases, questions, answers, reviews, referrals, late and in any order."""

from itertools import count

from cercle.actions.codec import encode
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import DAY, MINUTE, Instant
from cercle.runtime.log import Outgoing
from cercle.runtime.service import ACTIONS
from tests.simulation.world import NOON, Clock, World

MEMBERS = ("ana", "bob", "joe", "zoe", "max", "lea")
"""Three live in each of two partitions."""
STRANGER = "nobody"
PARTITIONS = 2
_KINDS = {"purchase": 4, "question_asked": 5, "answer_given": 7, "review_written": 3, "referral": 5}
_AROUND_SOON = (-MINUTE, 0, 10 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1)


class Brands:
    """What they send, some of it twice or broken; `sent` is all that was meant, by (member, id)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.weather.chance
        self._numbers = count(1)
        self.sent: dict[tuple[str, str], RawAction] = {}

    def begin(self) -> None:
        """Everybody has points before anything else."""
        for member in MEMBERS:
            self._send(
                self._action(
                    "purchase", member, {"amount": Money(self._chance.randint(60, 250) * 100, "USD")}
                )
            )

    def send(self) -> None:
        """Some actions."""
        for _ in range(self._chance.choice([1, 2, 4])):
            if self._chance.random() < 0.15:
                self._send(self._chance.choice(list(self.sent.values())))
            else:
                self._send(self._any())

    def _any(self) -> RawAction:
        chance, member = self._chance, self._chance.choice(MEMBERS)
        kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
        match kind:
            case "purchase":
                return self._action(kind, member, {"amount": Money(chance.randint(1, 9_000), "USD")})
            case "question_asked" | "answer_given":
                return self._about_a_question(kind, member)
            case "referral":
                return self._action(kind, member, {"friend": chance.choice([*MEMBERS, STRANGER])})
        return self._action(kind, member, {})

    def _about_a_question(self, kind: str, member: str) -> RawAction:
        number = self._chance.randrange(6)
        asked_at = NOON - 3 * DAY + number * 20 * MINUTE
        offset = self._chance.choice(_AROUND_SOON if kind == "answer_given" else (0, 0, 5 * MINUTE))
        return self._action(kind, member, {"question": f"q{number}"}, asked_at + offset)

    def _action(self, kind: str, member: str, fields: dict[str, RawField], at: Instant = 0) -> RawAction:
        age = self._chance.choices([0, 2_000, 2 * DAY, 31 * DAY, -DAY], [12, 4, 2, 1, 1])[0]
        number = f"a{next(self._numbers)}"
        return RawAction("urn:brand", number, kind, member, at or Clock().now() - age, fields)

    def _send(self, action: RawAction) -> None:
        self.sent[action.member_id, action.id] = action
        key, value, headers = encode(action)
        value = b"\xff" + value if self._chance.random() < 0.03 else value
        topic = self._world.broker.partition(partition_of(key, PARTITIONS)).topic(ACTIONS)
        topic.append([Outgoing(key, value, Clock().now(), tuple(headers))])
