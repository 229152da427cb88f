"""Hypothesis strategies: commands that a member's life is made of, with the time of each."""

from hypothesis import strategies as st
from msgspec import structs

from cercle.domain.action import Action
from cercle.domain.decision import DAY, HOUR, MINUTE, Instant
from services.points.commands import Capture, Command, DoDueWork, Earn, NoteStanding, PlaceHold, Release
from tests.unit.points.club import NOON, answer, purchase

Step = tuple[Instant, Command]

_KINDS = [
    "purchase",
    "purchase",
    "answer",
    "hold",
    "hold",
    "capture",
    "capture",
    "release",
    "release",
    "tier",
    "due",
]
_DELAYS = [0, 0, 0, 0, 0, 0, 1, MINUTE, 9 * HOUR, 2 * DAY]
_AGES = [0, 0, 0, HOUR, DAY, 29 * DAY, 31 * DAY, -HOUR]
_LAGS = [0, 0, 0, 0, -HOUR, MINUTE, -DAY - 1, 3 * DAY]
_KEEPS = [MINUTE, 2 * HOUR, 3 * DAY, 7 * DAY]

_MOVES = st.tuples(
    st.sampled_from(_KINDS),
    st.sampled_from(_DELAYS),
    st.integers(0, 7),
    st.integers(0, 2),
    st.integers(0, 12_000),
)


def _done(kind: str, choice: int, number: int, amount: int, now: Instant) -> Action:
    occurred_at = now - _AGES[choice]
    if kind == "answer":
        done = answer(f"a{amount % 9}", occurred_at)
    else:
        done = purchase(f"p{amount % 9}", amount, occurred_at, "web" if number % 2 else "shop")
    return structs.replace(done, recorded_at=now)


def _command(kind: str, choice: int, number: int, amount: int, now: Instant) -> Command:
    """`choice`, `number` and `amount` say what the command is about; copies and clashes are wanted."""
    issued_at, hold = now + _LAGS[choice], f"h{number}"
    match kind:
        case "hold":
            wallet = "karma" if choice == 6 else "points"
            return PlaceHold(hold, issued_at, wallet, 1 + amount % 40, _KEEPS[amount % 4])
        case "capture":
            return Capture(f"c{amount % 5}", issued_at, hold)
        case "release":
            return Release(f"c{amount % 5}", issued_at, hold)
        case "tier":
            levels = (("collector", f"level {amount % 3}"),) if amount % 2 else ()
            return NoteStanding([None, "silver", "gold"][number], levels, now)
        case "due":
            return DoDueWork()
        case _:
            return Earn(_done(kind, choice, number, amount, now))


def _life(moves: list[tuple[str, int, int, int, int]]) -> list[Step]:
    now, steps = NOON, []
    for kind, delay, choice, number, amount in moves:
        now += delay
        steps.append((now, _command(kind, choice, number, amount, now)))
    return [(NOON, Earn(purchase("first", 10_000))), *steps]


def lives() -> st.SearchStrategy[list[Step]]:
    """A first purchase, then 12 to 40 commands in the order of their times."""
    return st.lists(_MOVES, min_size=12, max_size=40).map(_life)
