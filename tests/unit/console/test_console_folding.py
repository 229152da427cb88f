"""Folding a service's topic in memory, and comparing it with the store."""

from types import SimpleNamespace
from typing import Any

from cercle.domain.action import ActionAccepted
from cercle.runtime.lives import split
from cercle.runtime.protocol import fence_entry
from cercle.runtime.store import Footing
from cercle.wire import log_pb2
from services.badges import core, member, wire
from services.badges.events import PointsCounted
from services.badges.stream import SERVICE
from services.console.folding import Fold, digest


def record(epoch: int, seq: int, key: str, *events: Any, oe: int = 0) -> bytes:
    """An entry of the badges topic."""
    return log_pb2.Entry(
        record=log_pb2.Record(epoch=epoch, seq=seq, oe=oe, key=key, decision=wire.encode(events))
    ).SerializeToString()


def folded(*values: bytes) -> Fold:
    """The fold of a topic that holds these."""
    fold = Fold(SERVICE)
    fold.take([SimpleNamespace(offset=offset, value=value) for offset, value in enumerate(values)])
    return fold


def test_fold_is_what_evolving_gives() -> None:
    """States by key, each after the seq of its own last record."""
    first, second = PointsCounted(3, 3), PointsCounted(4, 7)
    accepted = ActionAccepted("shop", "1", "purchase", 1_000, 0)
    fold = folded(
        fence_entry(b"t", "me"),
        record(0, 1, "ana", first),
        record(0, 2, "bo", accepted),
        record(0, 3, "ana", second),
    )
    expected = core.evolve(core.evolve(core.new(), first), second)
    assert split(fold.stored()["ana"]) == (3, member.encode(expected))
    assert split(fold.stored()["bo"])[0] == 2
    assert fold.boards() == {"points": {"ana": 7, "bo": 0}}
    assert fold.footing == Footing(3, 0)


def test_fold_keeps_the_reader_rule() -> None:
    """Void records of an older owner, duplicates and gaps change nothing."""
    first = record(0, 1, "ana", PointsCounted(3, 3))
    fold = folded(
        fence_entry(b"old", "me"),
        first,
        fence_entry(b"new", "you"),
        record(0, 2, "ana", PointsCounted(90, 93)),
        record(2, 1, "ana", PointsCounted(3, 3)),
        record(2, 3, "ana", PointsCounted(80, 83)),
        record(2, 2, "ana", PointsCounted(1, 4), oe=2),
    )
    assert fold.boards() == {"points": {"ana": 4}}
    assert fold.footing == Footing(2, 2)
    assert fold.records == 2


def test_failed_input_counts_and_changes_no_state() -> None:
    """It moves the seq on, as in the services."""
    failed = log_pb2.Record(epoch=0, seq=1, failed=log_pb2.Failed(code="exception"))
    fold = folded(fence_entry(b"t", "me"), log_pb2.Entry(record=failed).SerializeToString())
    assert (fold.failed, fold.footing.seq, fold.stored()) == (1, 1, {})


def test_digest_tells_every_difference() -> None:
    """Order of keys aside: a key, a byte, where one state ends and the next begins, the footing."""
    at = Footing(2, 1)
    states = {"a": b"1", "b": b"2"}
    assert digest(states, at) == digest({"b": b"2", "a": b"1"}, at)
    others = [
        digest({"a": b"1"}, at),
        digest({"a": b"1", "b": b"3"}, at),
        digest({"a": b"1", "c": b"2"}, at),
        digest({"a": b"1b", "": b"2"}, at),
        digest(states, Footing(3, 1)),
        digest(states, Footing(2, 2)),
    ]
    assert len({digest(states, at), *others}) == len(others) + 1
