"""Why an item fired or did not: the part of its condition that decided, and the value that it saw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from cercle.rulebook.conditions.facts import MemberFacts
from cercle.rulebook.conditions.tree import (
    Leaf,
    Not,
    OfEntries,
    Tree,
    comparison,
    is_literal,
    of_entries,
    tree,
)
from cercle.rulebook.conditions.vocabulary import Vocabulary
from cercle.rulebook.conditions.words import TEXT_METHODS
from cercle.rulebook.money import format_money
from cercle.rulebook.times import DAYS, FULL_DAYS, Window

Item = TypeVar("Item")

NO_CONDITION = "no condition"
_MOST_ENTRIES = 5


@dataclass(frozen=True, slots=True)
class Explained(Generic[Item]):
    """An item, whether it fired, and why: a half sentence for people."""

    item: Item
    fired: bool
    reason: str


@dataclass(frozen=True)
class Explaining:
    """One action, or what else a condition is about, as its conditions saw it."""

    vocabulary: Vocabulary
    fields: Mapping[str, object]
    occurred_at: int
    member: MemberFacts

    def guard(self, item: Item, when: str | None, window: Window | None) -> Explained[Item]:
        """Of an item under its condition and its window."""
        reasons, fired = [], True
        if window is not None and not window.contains(self.occurred_at):
            fired = False
            reasons.append(outside(window, self.occurred_at))
        if when is not None:
            parts = tree(when)
            holds = self._holds(parts) is True
            if fired or not holds:
                reasons.append(self._reason(parts, holds))
            fired = fired and holds
        return Explained(item, fired, "; ".join(reasons) or ("inside its dates" if window else NO_CONDITION))

    def _value(self, text: str) -> tuple[str, Any]:
        return self.vocabulary.evaluate(text, self.fields, self.occurred_at, self.member)

    def _holds(self, part: Tree) -> bool | None:
        """None: it fails, unless another part decides all the same."""
        if isinstance(part, Leaf):
            kind, value = self._value(part.text)
            return value if kind == "BOOL" else None
        if isinstance(part, Not):
            holds = self._holds(part.part)
            return None if holds is None else not holds
        answers = [self._holds(each) for each in part.parts]
        decisive = not part.every
        if decisive in answers:
            return decisive
        return None if None in answers else part.every

    def _reason(self, part: Tree, holds: bool) -> str:
        """Why a part is true, or is not."""
        if isinstance(part, Leaf):
            return f"{part.text}: {self._observed(part.text)}"
        if isinstance(part, Not):
            return self._reason_of_not(part, holds)
        alike = [each for each in part.parts if (self._holds(each) is True) == holds]
        if part.every is not holds:  # one part decides
            decisive = [each for each in alike if self._holds(each) is holds] or alike
            alike = decisive[:1]
        return "; ".join(self._reason(each, holds) for each in alike)

    def _reason_of_not(self, part: Not, holds: bool) -> str:
        if isinstance(part.part, Leaf):
            return f"{part.text}: {self._observed(part.part.text)}"
        inner = self._holds(part.part)
        return self._reason(part.part, not holds if inner is not None else False)

    def _observed(self, text: str) -> str:
        kind, value = self._value(text)
        if kind == "ERROR":
            return _failure(str(value))
        if entries := of_entries(text):
            return self._entries(entries, value is True)
        if compared := comparison(text):
            sides = [side for side in (compared.left, compared.right) if not is_literal(side)]
            return self._values(sides) or f"it is {self._shown(kind, value)}"
        receiver = _receiver(text)
        return (
            self._values([receiver]) if receiver else f"it is {self._shown(kind, value)}{self._unsent(text)}"
        )

    def _values(self, parts: Iterable[str]) -> str:
        return " and ".join(
            f"{part} is {self._shown(*self._value(part))}{self._unsent(part)}"
            for part in dict.fromkeys(parts)
        )

    def _unsent(self, part: str) -> str:
        """What is behind the empty value of a field that may be left out."""
        left_out = self.vocabulary.is_field(part) and part not in self.fields
        return " (it was not sent)" if left_out else ""

    def _entries(self, asked: OfEntries, holds: bool) -> str:
        """What the entries of a list hold, in the fields that the condition on them reads."""
        if not self._value(asked.entries)[1]:
            return f"{asked.entries} has no entries"
        wanted = asked.condition if asked.macro != "all" or holds else f"!({asked.condition}\n)"
        matching = self._filtered(asked, wanted)
        if asked.macro == "exists_one":
            return f"{len(matching)} entries of {asked.entries} have it"
        if asked.macro == "all":
            said = (
                f"every entry of {asked.entries} has it"
                if holds
                else f"an entry of {asked.entries} has it not"
            )
            return self._described(said, asked, matching[: None if holds else 1])
        if holds:
            return self._described(f"an entry of {asked.entries} has it", asked, matching[:1])
        return self._described(f"no entry of {asked.entries} has it", asked, self._filtered(asked, "true"))

    def _filtered(self, asked: OfEntries, condition: str) -> list[Any]:
        kind, value = self._value(f"{asked.entries}.filter({asked.name}, {condition}\n)")
        return value if kind != "ERROR" and isinstance(value, list) else []

    def _described(self, said: str, asked: OfEntries, entries: Sequence[Any]) -> str:
        fields = asked.fields
        if entries and isinstance(entries[0], str):
            return f"{said}: {self._shown('LIST<STRING>', list(entries))}"
        if not fields or not entries:
            return said
        shown = [self._entry(asked, entry, fields) for entry in entries]
        distinct = list(dict.fromkeys(shown))
        more = f" and {len(distinct) - _MOST_ENTRIES} more" if len(distinct) > _MOST_ENTRIES else ""
        kept = distinct[:_MOST_ENTRIES]
        if len(fields) == 1:
            return f"{said}: {fields[0]} is {', '.join(kept)}{more}"
        return f"{said}: {'; '.join(kept)}{more}"

    def _entry(self, asked: OfEntries, entry: Any, fields: Sequence[str]) -> str:
        kinds = [self.vocabulary.kind_in(asked.entries, field) for field in fields]
        values = [self._shown(kind, getattr(entry, field)) for kind, field in zip(kinds, fields, strict=True)]
        if len(fields) == 1:
            return values[0]
        return ", ".join(f"{field} {value}" for field, value in zip(fields, values, strict=True))

    def _shown(self, kind: str, value: Any) -> str:
        """A value as the language writes it."""
        if kind == "ERROR":
            return _failure(str(value))
        if kind == "UINT":
            return format_money(value, self.vocabulary.currency)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return self.vocabulary.wall(round(value.timestamp() * 1000))
        if isinstance(value, timedelta):
            return _length(value)
        if isinstance(value, str):
            return f'"{value}"'
        if isinstance(value, list):
            inside = kind.removeprefix("LIST<").removesuffix(">")
            return ", ".join(self._shown(inside, each) for each in value[:_MOST_ENTRIES]) or "empty"
        return str(value) if isinstance(value, (int, float)) else "a record"


def _receiver(text: str) -> str:
    """`channel` of `channel.startsWith("a")`; empty if it is no call of something."""
    if not text.endswith(")") or "(" not in text:
        return ""
    before = text[: text.index("(")]
    receiver, _, method = before.rpartition(".")
    return receiver if receiver and method in TEXT_METHODS else ""


def _failure(error: str) -> str:
    if "zero" in error:
        return "it divides by 0, so it counts as false"
    if "Index" in error:
        return "it asks for an entry that is not there, so it counts as false"
    return "it cannot be worked out, so it counts as false"


def _length(value: timedelta) -> str:
    hours, seconds = divmod(value.seconds, 3600)
    parts = [f"{value.days} days"] if value.days else []
    if value.seconds or not parts:
        parts.append(f"{hours}:{seconds // 60:02}")
    return " ".join(parts)


def outside(window: Window, occurred_at: int) -> str:
    """Why an instant (in ms) is not in the window."""
    wall = datetime.fromtimestamp(occurred_at // 1000, window.zone)
    if window.begin is not None and occurred_at < window.begin:
        begin = datetime.fromtimestamp(window.begin // 1000, window.zone)
        return f"outside its dates: {_before(wall, begin)}"
    if window.end is not None and occurred_at >= window.end:
        end = datetime.fromtimestamp(window.end // 1000, window.zone)
        return f"outside its dates: {_after(wall, end)}"
    if window.hours is not None and not replace(window, days=None).contains(occurred_at):
        return f"outside its hours: {wall:%H:%M} is not in {window.hours}"
    return _wrong_day(window, wall)


def _before(wall: datetime, begin: datetime) -> str:
    if _begins_a_day(begin):
        return f"{wall:%Y-%m-%d} is before {begin:%Y-%m-%d}"
    return f"{wall:%Y-%m-%d %H:%M} is before {begin:%Y-%m-%d %H:%M}"


def _after(wall: datetime, end: datetime) -> str:
    if _begins_a_day(end):
        return f"{wall:%Y-%m-%d} is after {end.date() - timedelta(days=1):%Y-%m-%d}"
    return f"{wall:%Y-%m-%d %H:%M} is not before {end:%Y-%m-%d %H:%M}"


def _begins_a_day(wall: datetime) -> bool:
    """Whether it is the first instant of its local day, which is not 00:00 where the clocks change then."""
    return (wall.astimezone(UTC) - timedelta(minutes=1)).astimezone(wall.tzinfo).date() != wall.date()


def _wrong_day(window: Window, wall: datetime) -> str:
    days, hours = sorted(window.days or ()), window.hours
    begun_before = hours is not None and hours.end <= hours.begin and wall.hour * 60 + wall.minute < hours.end
    day = (wall.weekday() - begun_before) % 7
    among = ", ".join(DAYS[each] for each in days)
    since = " (its hours began on the day before)" if begun_before else ""
    return f"outside its days: a {FULL_DAYS[day]} is not among {among}{since}"
