"""Inputs to commands: what the badges service makes of actions and of what points decided."""

from cercle.actions.intake import take
from cercle.domain.decision import Rejection
from cercle.runtime.log import LogRecord
from cercle.runtime.service import Intent, RulesInTime, Service, rules_for_consequences
from cercle.wire import log_pb2
from services.badges import core, member, wire
from services.badges.commands import CountAction


def listen(record: LogRecord, rules: RulesInTime, partition_count: int) -> Intent | Rejection:
    """Every action may count for an achievement."""
    taken = take(record, rules.at, partition_count)
    if isinstance(taken, Rejection):
        return taken
    action, version = taken
    return Intent(action.member_id, CountAction(action), version)


def hear(topic: str, record: log_pb2.Record, rules: RulesInTime) -> Intent | None:
    """Points that a member earned, by the rules that what earned them was judged by."""
    command = wire.heard(topic, record.decision)
    if command is None:
        return None
    return Intent(record.key, command, rules_for_consequences(rules, command.occurred_at, record))


SERVICE = Service(
    name="badges",
    inputs=("actions", "points"),
    new=lambda key: core.new(),
    encode_state=member.encode,
    decode_state=lambda key, data: member.decode(data),
    decide=core.decide,
    evolve=core.evolve,
    due_at=core.due_at,
    ranks=core.ranks,
    encode_events=wire.encode,
    decode_events=wire.decode,
    listen=listen,
    hear=hear,
    reports_rejections=False,
    due_command=None,
)
