"""A member's partition is the one that Kafka's default partitioner chooses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.actions.partition import partition_of


@pytest.mark.parametrize(
    ("key", "murmur2"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_partition_agrees_with_kafkas_own_tests(key: bytes, murmur2: int) -> None:
    """The hashes that Apache Kafka's UtilsTest.testMurmur2 expects, for any number of partitions."""
    for partition_count in range(1, 20):
        assert partition_of(key, partition_count) == (murmur2 & 0x7FFFFFFF) % partition_count


@given(st.binary(max_size=140), st.integers(1, 1000))
def test_partition_exists(key: bytes, partition_count: int) -> None:
    """Whatever the key, the partition is one of those that there are, and the same when asked again."""
    partition = partition_of(key, partition_count)
    assert 0 <= partition < partition_count
    assert partition_of(key, partition_count) == partition
