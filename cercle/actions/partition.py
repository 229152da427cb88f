"""Where a member lives: one partition of every topic, the one Kafka's default partitioner chooses.

`murmur2(member id) & 0x7fffffff, modulo the number of partitions`, as in
org.apache.kafka.clients.producer.internals.BuiltInPartitioner.
"""

from functools import lru_cache

from kafka.partitioner.default import murmur2

REMEMBERED_KEYS = 1 << 17
"""Hashing in Python costs 1.6 us, remembering 0.1 us; at most about 25 MB a process."""


@lru_cache(REMEMBERED_KEYS)
def _positive_murmur2(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes, partition_count: int) -> int:
    """The partition of a member. `key` is the member id in UTF-8, `partition_count` at least 1."""
    return _positive_murmur2(key) % partition_count
