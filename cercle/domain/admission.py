"""An action as it was sent, against actions.yaml: it becomes an Action, or a Rejection that says why not.

Nothing is converted but money: `"42.90 USD"` and Money both become minor units of the club's
currency. A number in a text is a text. Sentences name fields and never quote their values,
which may be personal.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

from cercle.domain.action import Action, Field, Money, RawAction, Scalar
from cercle.domain.decision import Instant, Rejection
from cercle.domain.keys import reserved_beginning
from cercle.rulebook import ActionType, FieldType, Rulebook, ScalarKind
from cercle.rulebook.built_in import FRIEND, REFERRAL
from cercle.rulebook.diagnostics import advice
from cercle.rulebook.money import MOST_MINOR_UNITS, parse_money
from cercle.rulebook.times import EARLIEST, LATEST

LONGEST_MEMBER_ID = 128
"""Characters."""
_INT64 = 2**63

Checked = Union[Scalar, Rejection]


def admit(raw: RawAction, recorded_at: Instant, rulebook: Rulebook) -> Union[Action, Rejection]:
    """The action, or why it cannot be one.

    Codes: unknown_action, missing_field, unknown_field, wrong_type, bad_member_id, bad_amount,
    wrong_currency. Whether it comes too late, too early or twice is `seen.judge`'s business.
    """
    action_type = rulebook.actions.get(raw.type)
    if action_type is None:
        return _unknown_action(raw.type, rulebook.actions)
    if sentence := wrong_member_id(raw.member_id):
        return Rejection("bad_member_id", f"the member id {sentence}", "member_id")
    if not EARLIEST < raw.occurred_at < LATEST:
        return Rejection("wrong_type", "occurred_at is no date between the years 5 and 9987", "occurred_at")
    fields = _fields(raw.fields, action_type, rulebook.club.currency)
    if isinstance(fields, Rejection):
        return fields
    if action_type.id == REFERRAL and (sentence := wrong_member_id(str(fields[FRIEND]))):
        return Rejection("bad_member_id", f"`{FRIEND}` is a member id, and one {sentence}", FRIEND)
    return Action(raw.source, raw.id, raw.type, raw.member_id, raw.occurred_at, recorded_at, fields)


def wrong_member_id(member_id: str) -> str:
    """What a member id must be, as half a sentence, where this is none; empty: it can be one."""
    if not 0 < len(member_id) <= LONGEST_MEMBER_ID or not _is_unicode(member_id):
        return f"must have 1 to {LONGEST_MEMBER_ID} characters"
    if word := reserved_beginning(member_id):
        return f"cannot begin with `{word}`, which Cercle keeps for itself"
    return ""


def _fields(
    raw: Mapping[str, object], action_type: ActionType, currency: str
) -> Union[dict[str, Field], Rejection]:
    checked: dict[str, Field] = {}
    kinds = action_type.fields
    for name, value in raw.items():
        kind = kinds.get(name)
        if kind is None:
            return _unknown_field(name, name, kinds, f"`{action_type.id}`")
        field = (
            _CHECKS[kind](name, value, currency)
            if isinstance(kind, str)
            else _records(name, value, kind, currency)
        )
        if isinstance(field, Rejection):
            return field
        checked[name] = field
    if not action_type.required <= checked.keys():
        return _missing(min(action_type.required - checked.keys()), action_type.id)
    return checked


def _records(
    name: str, value: object, kinds: Mapping[str, ScalarKind], currency: str
) -> Union[tuple[Mapping[str, Scalar], ...], Rejection]:
    if not isinstance(value, (list, tuple)):
        return _wrong_type(name, "must be a list")
    records: list[Mapping[str, Scalar]] = []
    for number, raw in enumerate(value, start=1):
        record = _record(f"{name}.{number}", raw, kinds, currency)
        if isinstance(record, Rejection):
            return record
        records.append(record)
    return tuple(records)


def _record(
    path: str, raw: object, kinds: Mapping[str, ScalarKind], currency: str
) -> Union[dict[str, Scalar], Rejection]:
    if not isinstance(raw, dict):
        return _wrong_type(path, "must be a record of fields")
    record: dict[str, Scalar] = {}
    for name, value in raw.items():
        if name not in kinds:
            return _unknown_field(f"{path}.{name}", name, kinds, f"`{path}`")
        scalar = _CHECKS[kinds[name]](f"{path}.{name}", value, currency)
        if isinstance(scalar, Rejection):
            return scalar
        record[name] = scalar
    if missing := kinds.keys() - record.keys():
        return _missing(f"{path}.{min(missing)}", path)
    return record


def _text(name: str, value: Any, _: str) -> Checked:
    if type(value) is not str:
        return _wrong_type(name, "must be a text")
    return value if _is_unicode(value) else _wrong_type(name, "is not valid Unicode")


def _integer(name: str, value: Any, _: str) -> Checked:
    if type(value) is not int:
        return _wrong_type(name, "must be an integer")
    return value if -_INT64 <= value < _INT64 else _wrong_type(name, "must be an integer of 64 bits")


def _boolean(name: str, value: Any, _: str) -> Checked:
    return value if type(value) is bool else _wrong_type(name, "must be true or false")


def _money(name: str, value: Any, currency: str) -> Checked:
    if type(value) is Money:
        units, sent_currency = value.minor_units, value.currency
    else:
        parsed = parse_money(value) if type(value) is str else None
        if parsed is None:
            return _wrong_type(name, f'must be an amount of money such as "42.90 {currency}"')
        units, sent_currency = parsed
    if sent_currency != currency:
        return Rejection("wrong_currency", f"`{name}` is not in the club's currency, {currency}", name)
    if units < 0:
        return Rejection("bad_amount", f"`{name}` is negative", name)
    if units > MOST_MINOR_UNITS:
        return Rejection("bad_amount", f"`{name}` is more than {MOST_MINOR_UNITS} minor units", name)
    return units


_CHECKS: dict[ScalarKind, Callable[[str, Any, str], Checked]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "money": _money,
}


def _is_unicode(text: str) -> bool:
    """Whether it can be UTF-8: half a surrogate pair cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(word: str) -> str:
    """A name that was sent, short and fit for a sentence."""
    return ascii(word[:60])[1:-1] if not word.isprintable() else word[:60]


def _unknown_action(action: str, declared: Iterable[str]) -> Rejection:
    name = _printable(action)
    return Rejection(
        "unknown_action", f"`{name}` is not an action of this club{advice(name, declared)}", "type"
    )


def _unknown_field(path: str, name: str, declared: Mapping[str, FieldType], owner: str) -> Rejection:
    word = _printable(name)
    return Rejection(
        "unknown_field", f"{owner} has no field `{word}`{advice(word, declared)}", _printable(path)
    )


def _missing(path: str, owner: str) -> Rejection:
    return Rejection("missing_field", f"the field `{path}` of `{owner}` is missing", path)


def _wrong_type(path: str, sentence: str) -> Rejection:
    return Rejection("wrong_type", f"`{path}` {sentence}", path)
