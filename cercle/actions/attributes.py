"""The CloudEvents attributes of an action (its id, source, type and time), and its member's id.

Each must be there, and none may be long: decisions copy them, and a decision's size is bounded.
"""

from collections.abc import Mapping, Sequence

from cercle.actions.instants import parse_instant
from cercle.domain.action import RawAction
from cercle.domain.decision import Instant, Rejection

ATTRIBUTE_MAX_LENGTH = 512
"""Characters of an id, a source or a type."""

MEMBER_ID_MAX_LENGTH = 128
"""Characters."""

Attributes = tuple[str, str, str, Instant]
"""Id, source, type, time."""

NAMES = ("specversion", "id", "source", "type", "time")
_HEADERS = tuple("ce_" + name for name in NAMES)


class Refused(Exception):
    """A record that cannot be accepted. It never leaves this package: `decode` answers its rejection."""

    def __init__(self, code: str, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.rejection = Rejection(code, sentence, field)


def from_headers(headers: Mapping[str, bytes | None]) -> Attributes:
    """The attributes of a record in binary mode. Raises Refused."""
    try:
        texts = [headers[name].decode() for name in _HEADERS]  # type: ignore[union-attr]
    except (KeyError, AttributeError, UnicodeDecodeError):
        texts = [_text(headers, name) for name in _HEADERS]
    return from_texts(texts, _HEADERS)


def _text(headers: Mapping[str, bytes | None], name: str) -> str:
    try:
        return (headers.get(name) or b"").decode()
    except UnicodeDecodeError:
        raise Refused("unparsable", f"the header {name} must be UTF-8 text", name) from None


def from_texts(texts: list[str], names: Sequence[str] = NAMES) -> Attributes:
    """The attributes, given in the order of NAMES. Raises Refused.

    `names` is what the brand calls them: with `ce_` before them in headers.
    """
    for name, text in zip(names, texts, strict=True):
        if not 0 < len(text) <= ATTRIBUTE_MAX_LENGTH:
            raise _wrong_length(name, text)
    version, action_id, source, action_type, time = texts
    if version != "1.0":
        raise Refused("unparsable", f"the attribute {names[0]} must be 1.0", names[0])
    occurred_at = parse_instant(time)
    if occurred_at is None:
        sentence = "must be RFC 3339 with a zone, such as 2026-03-02T10:00:00-05:00"
        raise Refused("bad_time", f"the attribute {names[4]} {sentence}", names[4])
    return action_id, source, action_type, occurred_at


def _wrong_length(name: str, text: str) -> Refused:
    if not text:
        return Refused("missing_attribute", f"the attribute {name} is missing or empty", name)
    sentence = f"the attribute {name} has more than {ATTRIBUTE_MAX_LENGTH} characters"
    return Refused("attribute_too_long", sentence, name)


def fault_of(action: RawAction) -> tuple[str, str] | None:
    """What every club would reject before looking into its rules: the field, and what is wrong with it."""
    for name, text in (("id", action.id), ("source", action.source), ("type", action.type)):
        if not 0 < len(text) <= ATTRIBUTE_MAX_LENGTH:
            return name, f"must have 1 to {ATTRIBUTE_MAX_LENGTH} characters"
    if not 0 < len(action.member_id) <= MEMBER_ID_MAX_LENGTH:
        return "member_id", f"must have 1 to {MEMBER_ID_MAX_LENGTH} characters"
    return None
