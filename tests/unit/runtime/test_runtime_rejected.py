"""A rejected input keeps all that was sent, and its reason is ours."""

from hypothesis import given
from hypothesis import strategies as st

from cercle.domain.decision import Rejection
from cercle.runtime.rejected import Rejected, read_rejected, rejected_record
from tests.simulation.memory_log import Stored

HEADERS = st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=12)), max_size=4)
FORGED = [(f"cercle_{name}", b"forged") for name in ("code", "sentence", "field", "place", "key", "other")]


@given(
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=50),
    HEADERS,
    st.text(),
    st.integers(0, 2**62),
)
def test_all_that_was_sent_can_be_read(
    key: "bytes | None", value: "bytes | None", headers: "list[tuple[str, bytes]]", sentence: str, offset: int
) -> None:
    """Original bytes and headers, and where, why and what for a person; forged headers change nothing."""
    headers = [header for header in headers if not header[0].startswith("cercle_")]
    sent = Stored("cercle.my.club.actions", 3, offset, 1_000, key, value, [*headers, *FORGED])
    entry = rejected_record(sent, Rejection("missing_field", sentence, "amount"))
    assert read_rejected(entry.value, list(entry.headers)) == Rejected(
        "actions", 3, offset, "missing_field", sentence, "amount", key, value, headers
    )


def test_repeats_have_the_same_key() -> None:
    """Topic, partition and offset: whoever lists drops repeats by it."""
    sent = Stored("cercle.club.actions", 3, 17, 1_000, b"ana", b"x", ())
    first, again = (rejected_record(sent, Rejection(code, "")) for code in ("late", "future"))
    assert first.key == again.key == b"actions/3/17"
    assert first.timestamp == 1_000
