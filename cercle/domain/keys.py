"""The keys of states: a member's is the member's id, and what is no member's begins with a reserved word."""

SUBJECT, OFFER, CODE, AGENT = "subject/", "offer/", "code/", "agent/"
"""What later actions refer to; an offer's stock; a voucher's code; an agent's budget."""
RESERVED = (SUBJECT, OFFER, CODE, AGENT)


def is_member(key: str) -> bool:
    """Whether a state of this key is a member's: admission lets no member have a reserved id."""
    return not key.startswith(RESERVED)


def reserved_beginning(key: str) -> str:
    """The reserved word that the key begins with; empty: it is a member's."""
    return next((word for word in RESERVED if key.startswith(word)), "")
