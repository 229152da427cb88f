"""What a condition may name, and what CEL calls its types, in the marketer's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cercle.rulebook.actions import ActionType, ScalarKind
from cercle.rulebook.conditions.brackets import CLOSING, closing, opening
from cercle.rulebook.conditions.messages import LOCAL_FIELDS, MEMBER_FIELDS, PACKAGE
from cercle.rulebook.conditions.text import Token

_TYPES = {
    "uint": "money",
    "int": "a whole number",
    "string": "a text",
    "bool": "true or false",
    "double": "a number with a point",
    "null_type": "nothing at all",
    "null": "nothing at all",
    "timestamp": "a point in time",
    "google.protobuf.timestamp": "a point in time",
    "duration": "a length of time",
    "google.protobuf.duration": "a length of time",
}
LOCAL = f"{PACKAGE}.local"
TEXT_METHODS = ("contains", "startsWith", "endsWith", "matches")


def describe_type(name: str) -> str:
    """A type of CEL (`uint`, `UINT`) in the marketer's words."""
    plain = name.lower()
    if plain.startswith(("list", "map")):
        return "a list" if plain.startswith("list") else "a mapping"
    if plain == LOCAL:
        return "a local date and time"
    return _TYPES.get(plain, "a record")


@dataclass(frozen=True)
class Words:
    """What a condition may name: `fields` of one value, `records` (the fields of each list's entries), the
    variables besides, and the fields of each message type by its full name.

    `subject` is what the fields belong to; `personal` are those that no condition may read. `elsewhere`:
    the triggers by field. `metrics` None: not to be read here.
    """

    subject: str
    fields: Mapping[str, ScalarKind]
    records: Mapping[str, Mapping[str, ScalarKind]]
    variables: frozenset[str]
    personal: frozenset[str]
    messages: Mapping[str, tuple[str, frozenset[str]]]
    elsewhere: Mapping[str, Sequence[str]]
    triggers: frozenset[str]
    metrics: frozenset[str] | None
    currency: str | None

    @classmethod
    def of(
        cls,
        trigger: ActionType | None,
        triggers: Mapping[str, ActionType],
        record_names: Mapping[tuple[str, str], str],
        currency: str | None,
        metrics: frozenset[str] | None,
    ) -> "Words":
        """Of conditions on one of the triggers, or on none. `record_names`: by trigger and field."""
        known = {} if trigger is None else trigger.fields
        personal = frozenset[str]() if trigger is None else trigger.personal
        readable = {field: kind for field, kind in known.items() if field not in personal}
        records = {field: kind for field, kind in readable.items() if not isinstance(kind, str)}
        besides = {"member"} | ({"occurred_at"} if trigger else set()) | ({"metrics"} if metrics else set())
        return cls(
            subject=f"`{trigger.id}`" if trigger else "",
            fields={field: kind for field, kind in readable.items() if isinstance(kind, str)},
            records=records,
            variables=frozenset(readable) | besides,
            personal=personal,
            messages=_owners(trigger, record_names, metrics),
            elsewhere=_elsewhere(triggers),
            triggers=frozenset(triggers),
            metrics=metrics,
            currency=currency,
        )

    @property
    def text(self) -> str:
        """A text that a condition may name, for examples."""
        texts = [field for field, kind in self.fields.items() if kind == "text"]
        return texts[-1] if texts else "member.tier"  # ids come first, and make poor examples

    @property
    def number(self) -> str:
        """A whole number that a condition may name, for examples."""
        return next((field for field, kind in self.fields.items() if kind == "integer"), "quantity")

    def entries(self, field: str = "", macro: str = "exists") -> str:
        """How something is asked of the entries of a list, if need be of another one."""
        known = field if field in self.records else next(iter(self.records), "items")
        part = next(iter(self.records.get(known, {"category": "text"})))
        return f"{known}.{macro}(i, i.{part} == ...)"

    @property
    def usual_currency(self) -> str:
        """The club's, or another one for examples where it is not known."""
        return self.currency or "USD"

    @property
    def example(self) -> str:
        """An amount of money, as it is written in a condition."""
        return f'money("50 {self.usual_currency}")'


def _owners(
    trigger: ActionType | None,
    record_names: Mapping[tuple[str, str], str],
    metrics: frozenset[str] | None,
) -> dict[str, tuple[str, frozenset[str]]]:
    owners = {
        f"{PACKAGE}.member": ("`member`", frozenset(MEMBER_FIELDS)),
        f"{PACKAGE}.metrics": ("`metrics`", metrics or frozenset()),
        LOCAL: ("a local date and time", frozenset(LOCAL_FIELDS)),
    }
    for field, kind in trigger.fields.items() if trigger else ():
        if trigger and not isinstance(kind, str):
            owners[record_names[trigger.id, field]] = (f"an entry of `{field}`", frozenset(kind))
    return owners


def _elsewhere(triggers: Mapping[str, ActionType]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, trigger in sorted(triggers.items()):
        for field in trigger.fields.keys() - trigger.personal:
            found.setdefault(field, []).append(name)
    return found


_RECKONING = frozenset("+-*/%")
VALUES = frozenset(("name", "number", "text", "unsigned"))
"""Kinds of tokens."""


def _is_value(token: Token) -> bool:
    return token.kind in VALUES and token.text != "in"


@dataclass(frozen=True)
class Around:
    """The tokens of a condition, and what stands on either side of a sign."""

    text: str
    found: Sequence[Token]

    def at(self, offset: int, texts: str = "") -> int:
        """The index of the token that CEL points at; of the nearest `texts` when it points beside it."""
        same = [index for index, token in enumerate(self.found) if not texts or token.text == texts]
        return min(same, key=lambda index: abs(self.found[index].offset - offset), default=0)

    def before(self, index: int) -> tuple[int, int]:
        """First and last index of the value that ends before token `index`; empty where last < first."""
        first = index
        while first > 0:
            token, after = self.found[first - 1], self.found[first]
            joins = first == index or after.text in (".", "(", "[")
            if joins and token.text in CLOSING:
                first = opening(self.found, first - 1)
            elif (joins and _is_value(token)) or (token.text == "." and after.kind == "name"):
                first -= 1
            else:
                break
        return first, index - 1

    def after(self, index: int) -> tuple[int, int]:
        """First and last index of the value that begins after token `index`."""
        last = begin = self._past_signs(index + 1)
        while last < len(self.found):
            token, begun = self.found[last], last > begin
            if token.text in ("(", "[") or (token.text == "{" and not begun):
                last = closing(self.found, last) + 1
            elif (begun and token.text == ".") or (
                _is_value(token) and (not begun or self.found[last - 1].text == ".")
            ):
                last += 1
            else:
                break
        return index + 1, last - 1

    def terms_before(self, index: int) -> tuple[int, int]:
        """As `before`, with what is added to it or subtracted from it."""
        first, last = self.before(index)
        while first > 1 and self.found[first - 1].text in _RECKONING:
            first = self.before(first - 1)[0]
        return first, last

    def terms_after(self, index: int) -> tuple[int, int]:
        """As `after`, with what is added to it or subtracted from it."""
        first, last = self.after(index)
        while last + 2 < len(self.found) and self.found[last + 1].text in _RECKONING:
            last = self.after(last + 1)[1]
        return first, last

    def _past_signs(self, index: int) -> int:
        while index < len(self.found) and self.found[index].text in ("-", "!"):
            index += 1
        return index

    def part(self, indexes: tuple[int, int]) -> str:
        """The condition's own text from one token to another."""
        first, last = indexes
        if last < first or last >= len(self.found):
            return ""
        return self.text[self.found[first].offset : self.found[last].end]
