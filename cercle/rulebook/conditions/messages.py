"""The protobuf types that conditions are checked against, and their values when an action is judged.

A message type knows its fields, so a misspelt one is an error at check time; a map would let it through.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP

from cercle.rulebook.actions import ActionType, ScalarKind
from cercle.rulebook.conditions.facts import MemberFacts
from cercle.rulebook.times import DAYS

PACKAGE = "cercle.conditions"
MEMBER_FIELDS = ("tier", "badges", "segments", "joined_at")
LOCAL_FIELDS = ("year", "month", "day", "weekday", "hour", "minute", "date")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**63 - 1
_TEXTS = "texts"
_TIME = "time"
_LOCAL_TEXTS = frozenset(("weekday", "date"))
_MEMBER = {"tier": "text", "badges": _TEXTS, "segments": _TEXTS, "joined_at": _TIME}
_PROTO_TYPES = {
    "text": FieldDescriptorProto.TYPE_STRING,
    _TEXTS: FieldDescriptorProto.TYPE_STRING,
    "integer": FieldDescriptorProto.TYPE_INT64,
    "boolean": FieldDescriptorProto.TYPE_BOOL,
    "money": FieldDescriptorProto.TYPE_UINT64,
    _TIME: FieldDescriptorProto.TYPE_MESSAGE,
}


def time_of(instant: int) -> datetime:
    """Of ms since epoch, in UTC."""
    return _EPOCH + timedelta(milliseconds=instant)


class Messages:
    """One rulebook's types, in a pool of their own: `member`, `metrics`, `local`, and the records of lists.

    `metrics`: each one's kind, "integer" or "money". `record_names`: the types of lists' records, by
    trigger and field.
    """

    def __init__(
        self, triggers: Iterable[ActionType], metrics: Mapping[str, ScalarKind], zone: ZoneInfo
    ) -> None:
        self.metrics = metrics
        self._zone = zone
        file = FileDescriptorProto(name="cercle/conditions.proto", package=PACKAGE, syntax="proto3")
        file.dependency.append(TIMESTAMP.name)
        local = {field: "text" if field in _LOCAL_TEXTS else "integer" for field in LOCAL_FIELDS}
        for name, fields in (("member", _MEMBER), ("metrics", metrics), ("local", local)):
            file.message_type.append(_message(name, fields))
        self.record_names: dict[tuple[str, str], str] = {}
        for trigger in triggers:
            for field, kind in trigger.fields.items():
                if not isinstance(kind, str):
                    name = f"record_{len(self.record_names)}"
                    self.record_names[trigger.id, field] = f"{PACKAGE}.{name}"
                    file.message_type.append(_message(name, kind))
        self.pool = DescriptorPool()
        self.pool.AddSerializedFile(TIMESTAMP.serialized_pb)
        self.pool.Add(file)
        self._member, self._metrics, self._local = (
            self._class_of(f"{PACKAGE}.{name}") for name in ("member", "metrics", "local")
        )

    def record(self, trigger: str, field: str) -> type[Any]:
        """The class of a list field's records."""
        return self._class_of(self.record_names[trigger, field])

    def _class_of(self, name: str) -> type[Any]:
        return GetMessageClass(self.pool.FindMessageTypeByName(name))

    def member(self, named: Sequence[str], member: MemberFacts, occurred_at: int) -> object:
        """`member` with those of its fields that are `named`; the others cost time and are not asked for."""
        values: dict[str, object] = {field: getattr(member, field) for field in named}
        if "joined_at" in values:
            values["joined_at"] = time_of(member.joined_at or occurred_at)
        return self._member(**values)

    def metrics_of(self, named: Sequence[str], member: MemberFacts) -> object:
        """`metrics` with the `named` ones; what is too large for a type is its largest value."""
        values = {}
        for name in named:
            least = 0 if self.metrics[name] == "money" else _LEAST_INTEGER
            values[name] = max(least, min(member.metrics.get(name, 0), _LARGEST_INTEGER))
        return self._metrics(**values)

    def local(self, instant: int) -> object:
        """An instant by the club's clocks: one local time, on the days when the clocks change as well."""
        wall = self.wall(instant)
        return self._local(
            year=wall.year,
            month=wall.month,
            day=wall.day,
            weekday=DAYS[wall.weekday()],
            hour=wall.hour,
            minute=wall.minute,
            date=f"{wall:%Y-%m-%d}",
        )

    def wall(self, instant: int) -> datetime:
        """What the club's clocks show."""
        return time_of(instant).astimezone(self._zone)


def _message(name: str, fields: Mapping[str, str]) -> DescriptorProto:
    message = DescriptorProto(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        message.field.add(
            name=field,
            number=number,
            json_name=f"f{number}",
            type=_PROTO_TYPES[kind],
            type_name=f".{TIMESTAMP.package}.Timestamp" if kind == _TIME else None,
            label=FieldDescriptorProto.LABEL_REPEATED
            if kind == _TEXTS
            else FieldDescriptorProto.LABEL_OPTIONAL,
        )
    return message
