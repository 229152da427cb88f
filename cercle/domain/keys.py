"""Whose state it is: a member's, or that of something that is no one member's.

A key of a service's state is a member id, or begins with one of the reserved words: what
several members share (a question, an offer's stock, a voucher's code) lives in one partition
as a member does, and is told by letters. No member id may begin like that (admission.py).
"""

SUBJECT, OFFER, CODE, AGENT = "subject/", "offer/", "code/", "agent/"
"""What later actions refer to; an offer's stock; a voucher's code; an agent's budget."""
RESERVED = (SUBJECT, OFFER, CODE, AGENT)


def is_member(key: str) -> bool:
    """Whether a state of this key is a member's: admission lets no member have a reserved id."""
    return not key.startswith(RESERVED)


def reserved_beginning(key: str) -> str:
    """The reserved word that the key begins with; empty: it is a member's."""
    return next((word for word in RESERVED if key.startswith(word)), "")
