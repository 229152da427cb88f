"""Inputs to commands: what the points service makes of actions and of what badges and offers decided."""

from cercle.actions.intake import take
from cercle.domain.decision import Rejection
from cercle.runtime.log import LogRecord
from cercle.runtime.service import Intent, RulesInTime, Service, rules_for_consequences
from cercle.wire import log_pb2
from services.points import asked, core, states, wire
from services.points.commands import DoDueWork, Earn


def listen(record: LogRecord, rules: RulesInTime, partition_count: int) -> Intent | Rejection:
    """Every action may earn points."""
    taken = take(record, rules.at, partition_count)
    if isinstance(taken, Rejection):
        return taken
    action, version = taken
    return Intent(action.member_id, Earn(action), version)


def hear(topic: str, record: log_pb2.Record, rules: RulesInTime) -> Intent | None:
    """New badges and a tier, or what comes back of a claim, by the rules that their cause was judged by."""
    command = wire.heard(topic, record.decision)
    if command is None:
        return None
    return Intent(record.key, command, rules_for_consequences(rules, command.occurred_at, record))


SERVICE = Service(
    name="points",
    inputs=("actions", "badges", "offers", "letters"),
    new=states.new,
    encode_state=states.encode,
    decode_state=states.decode,
    decide=core.decide,
    evolve=core.evolve,
    due_at=core.due_at,
    ranks=core.ranks,
    encode_events=wire.encode,
    decode_events=wire.decode,
    listen=listen,
    hear=hear,
    reports_rejections=True,
    due_command=DoDueWork(),
    encode_command=asked.encode,
    decode_command=asked.decode,
)
