"""Where in the topic the record of a seq lies."""

from hypothesis import given
from hypothesis import strategies as st

from cercle.runtime.epochs import Epochs


def test_nothing_is_known_before_the_first_fence() -> None:
    """Without a fence the search begins at the beginning."""
    assert Epochs().offset_of(5) == 0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=12), st.data())
def test_every_record_lies_where_its_epoch_says(owners: "list[tuple[int, int]]", data: st.DataObject) -> None:
    """Fences, each with records right after it and foreign ones after those: every record is found.

    From the first on, or read again from any fence on over what was stored.
    """
    places: dict[int, int] = {}
    fences: list[tuple[int, int]] = []
    offset = seq = 0
    for records, foreign in owners:
        fences.append((offset, seq))
        for _ in range(records):
            seq, offset = seq + 1, offset + 1
            places[seq] = offset
        offset += 1 + foreign
    epochs = Epochs()
    for fence in fences:
        epochs.begin(*fence)
    again = Epochs(epochs.encode())
    for fence in fences[data.draw(st.integers(0, len(fences))) :]:
        again.begin(*fence)
    for found in (epochs, again):
        assert {seq: found.offset_of(seq) for seq in places} == places


def test_owner_without_records_leaves_no_line() -> None:
    """The table grows with the owners that wrote, not with restarts."""
    epochs, idle = Epochs(), Epochs()
    for fence in range(100):
        idle.begin(fence, 0)
    epochs.begin(99, 0)
    assert idle.encode() == epochs.encode()
