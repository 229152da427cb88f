"""Whose state it is: a member's, or that of something that is no one member's.

A key of a service's state is a member id, or begins with one of the reserved words: what
several members share (a question, an offer's stock, a voucher's code) lives in one partition
as a member does, and is told by letters. No member id may begin like that (admission.py).
"""

SUBJECT, OFFER, CODE, AGENT = "subject/", "offer/", "code/", "agent/"
RESERVED = (SUBJECT, OFFER, CODE, AGENT)


def is_member(key: str) -> bool:
    """Whether the key is a member id."""
    return not key.startswith(RESERVED)
