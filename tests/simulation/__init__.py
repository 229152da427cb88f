"""A seeded simulation of whole partitions: virtual time, and faults at every wait."""
