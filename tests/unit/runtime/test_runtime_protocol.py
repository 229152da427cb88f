"""The pure part of the protocol: the reader rule, belief in acks, and records by their bytes."""

from hypothesis import given
from hypothesis import strategies as st

from cercle.runtime.protocol import (
    Cursor,
    Verdict,
    believed,
    committed_entry,
    cursors,
    epoch_suffix,
    fence_entry,
    position_bytes,
    read,
)
from cercle.wire import log_pb2

OFFSETS = st.integers(0, 2**62)
CURSORS = st.builds(Cursor, OFFSETS, OFFSETS, OFFSETS, OFFSETS)


def record(seq: int, epoch: int, oe: int = 0) -> log_pb2.Entry:
    """A record as it lies in the log."""
    return log_pb2.Entry(record=log_pb2.Record(seq=seq, epoch=epoch, oe=oe))


def fence() -> log_pb2.Entry:
    """A fence."""
    return log_pb2.Entry.FromString(fence_entry(b"token", "here"))


def test_fence_is_the_epoch_from_then_on() -> None:
    """A fence moves the fence to its own offset, and nothing else."""
    cursor = Cursor(3, 1, 2, 9)
    assert read(cursor, 5, fence()) is Verdict.FENCE
    assert cursor == Cursor(6, 5, 2, 9)


def test_next_record_of_the_fence_applies() -> None:
    """seq is the next, epoch at least the fence: it applies, and its oe is remembered."""
    cursor = Cursor(6, 5, 2, 9)
    assert read(cursor, 8, record(3, 5, 4)) is Verdict.APPLIES
    assert cursor == Cursor(9, 5, 3, 4)


def test_zombie_is_void_before_anything_else() -> None:
    """A record of an earlier epoch is void, were its seq the next, an old one, or far ahead."""
    for seq in (1, 2, 3, 4, 9):
        cursor = Cursor(6, 5, 2, 9)
        assert read(cursor, 6, record(seq, 4)) is Verdict.VOID
        assert cursor == Cursor(7, 5, 2, 9)


def test_repeated_seq_is_a_duplicate() -> None:
    """What was read is never applied again; the oe stays that of the first."""
    cursor = Cursor(6, 5, 2, 9)
    assert read(cursor, 6, record(2, 5, 5)) is Verdict.DUPLICATE
    assert cursor == Cursor(7, 5, 2, 9)


def test_seq_beyond_the_next_is_a_gap() -> None:
    """Nothing is applied over a gap, and the gap can still be closed."""
    cursor = Cursor(6, 5, 2, 9)
    assert read(cursor, 6, record(4, 5)) is Verdict.GAP
    assert read(cursor, 7, record(3, 5, 5)) is Verdict.APPLIES
    assert read(cursor, 8, record(4, 5, 5)) is Verdict.APPLIES


def test_ack_is_believed_only_at_its_own_place() -> None:
    """The n-th record after the fence must lie n offsets after it; an unknown offset (-1) never does."""
    assert believed(base_offset=41, first_seq=8, epoch=40, seq_at_fence=7)
    assert believed(base_offset=43, first_seq=10, epoch=40, seq_at_fence=7)
    for base in (-1, 0, 40, 42, 44):
        assert not believed(base_offset=base, first_seq=10, epoch=40, seq_at_fence=7)


@given(CURSORS, CURSORS, OFFSETS, st.binary(max_size=300), st.text(max_size=30))
def test_sent_again_record_is_the_same_but_for_its_epoch(
    actions: Cursor, badges: Cursor, epoch: int, decision: bytes, key: str
) -> None:
    """A committed entry and an epoch's suffix are one record that holds both, and its positions."""
    positions = position_bytes("actions", actions) + position_bytes("badges", badges)
    plain = log_pb2.Record(seq=7, oe=epoch // 2, poe=1, key=key, decision=decision)
    committed = committed_entry(plain, positions)
    shipped = log_pb2.Entry.FromString(committed + epoch_suffix(epoch)).record
    assert cursors(shipped) == {"actions": actions, "badges": badges}
    assert shipped.epoch == epoch
    shipped.ClearField("epoch")
    assert shipped == log_pb2.Entry.FromString(committed).record
    shipped.ClearField("positions")
    assert shipped == plain


LOG = st.lists(
    st.one_of(st.none(), st.tuples(st.integers(1, 6), st.integers(0, 12))), min_size=1, max_size=30
)


@given(LOG, st.integers(0, 30))
def test_reader_that_goes_on_equals_one_that_begins_anew(
    log: "list[tuple[int, int] | None]", pause: int
) -> None:
    """What a reader accepts depends on the log alone, wherever it stopped and went on."""

    def verdicts(cursor: Cursor, start: int, end: int) -> "list[Verdict]":
        entries = [fence() if item is None else record(*item) for item in log]
        return [read(cursor, offset, entries[offset]) for offset in range(start, end)]

    pause = min(pause, len(log))
    whole = verdicts(Cursor(), 0, len(log))
    cursor = Cursor()
    first = verdicts(cursor, 0, pause)
    resumed = Cursor(cursor.offset, cursor.fence, cursor.seq, cursor.oe)
    assert first + verdicts(resumed, pause, len(log)) == whole
    applied = [item for item, verdict in zip(log, whole, strict=True) if verdict is Verdict.APPLIES]
    assert [item[0] for item in applied if item] == list(range(1, len(applied) + 1))
