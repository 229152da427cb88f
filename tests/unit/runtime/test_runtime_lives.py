"""The states in an owner's memory, and what of them a COMMIT writes."""

from cercle.runtime.lives import Lives, joined, split
from cercle.runtime.store import Change, Footing
from tests.simulation.slots import KEPT_MS, SLOTS, Event, State
from tests.unit.runtime.places import NOON


def change() -> Change:
    """An empty COMMIT."""
    return Change(Footing(1, 1), b"", NOON)


def evolved(lives: Lives, key: str, *kinds: str) -> None:
    """Events happen to a key, as records 5, 6, 7..."""
    for seq, kind in enumerate(kinds, start=5):
        life = lives[key]
        life.state, life.last_seq = SLOTS.evolve(life.state, Event(kind, 0, NOON, kind)), seq


def test_stored_bytes_hold_the_last_seq() -> None:
    """Eight bytes, little endian, before the service's own."""
    assert split(joined(2**40 + 1, b"state")) == (2**40 + 1, b"state")
    assert joined(1, b"s") == b"\x01\0\0\0\0\0\0\0s"


def test_missing_keys_are_asked_once() -> None:
    """In the order of asking; absent keys begin anew."""
    lives = Lives(SLOTS)
    assert lives.missing(["b", "a", "b"]) == ["b", "a"]
    lives.add(["b"], [None])
    assert lives.missing(["b", "a"]) == ["a"]
    assert lives["b"].state == State() and lives["b"].last_seq == 0


def test_commit_holds_what_changed() -> None:
    """States always; schedule and boards only where they are not what the store has."""
    lives = Lives(SLOTS)
    lives.add(["a"], [None])
    evolved(lives, "a", "taken", "taken")
    first = change()
    lives.put_into(first, ["a"])
    assert first.due == {"a": NOON + KEPT_MS}
    assert first.ranks == {"decisions": {"a": 2}, "most": {"a": 2}}
    evolved(lives, "a", "freed")
    second = change()
    lives.put_into(second, ["a"])
    assert (second.due, second.ranks) == ({}, {"decisions": {"a": 3}})
    evolved(lives, "a", "expired")
    third = change()
    lives.put_into(third, ["a"])
    assert third.due == {"a": None}


def test_state_read_back_is_the_same() -> None:
    """What was committed and loaded again needs no more schedule or boards than before."""
    lives, again, written, rewritten = Lives(SLOTS), Lives(SLOTS), change(), change()
    lives.add(["a"], [None])
    evolved(lives, "a", "taken")
    lives.put_into(written, ["a"])
    again.add(["a"], [written.states["a"]])
    again.put_into(rewritten, ["a"])
    assert again["a"] == lives["a"]
    assert rewritten.states == written.states
    assert (rewritten.due, rewritten.ranks) == ({}, {})


def test_memory_is_bounded() -> None:
    """Past the limit the longest kept go; what is dropped is missing."""
    lives = Lives(SLOTS, limit=2)
    lives.add(["a", "b", "c"], [None] * 3)
    lives.shrink()
    assert lives.missing(["a", "b", "c"]) == ["a"]
    lives.drop(["b", "nobody"])
    assert lives.missing(["b", "c"]) == ["b"]
    lives.clear()
    assert lives.missing(["c"]) == ["c"]


def test_due_of_a_key_that_is_not_there() -> None:
    """None: it leaves the schedule."""
    lives = Lives(SLOTS)
    lives.add(["a"], [None])
    evolved(lives, "a", "taken")
    assert lives.due_of("a") == NOON + KEPT_MS
    assert lives.due_of("b") is None
