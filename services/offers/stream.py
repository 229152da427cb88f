"""Inputs to commands: what the offers service makes of actions and of what badges decided."""

from cercle.actions.intake import take
from cercle.domain.decision import Rejection
from cercle.runtime.log import LogRecord
from cercle.runtime.service import Intent, RulesInTime, Service, rules_for_consequences
from cercle.wire import log_pb2
from services.offers import asked, core, states, wire
from services.offers.commands import DoDueWork, NoteAction


def listen(record: LogRecord, rules: RulesInTime, partition_count: int) -> Intent | Rejection | None:
    """An action matters here only to a club whose offers concern actions."""
    if not any(version.offers.concern_actions for version in rules.versions):
        return None
    taken = take(record, rules.at, partition_count)
    if isinstance(taken, Rejection):
        return taken
    action, version = taken
    if not version.offers.concern_actions:
        return None
    return Intent(action.member_id, NoteAction(action), version)


def hear(topic: str, record: log_pb2.Record, rules: RulesInTime) -> Intent | None:
    """Badges unlocked and a tier changed, by the rules that what brought them was judged by."""
    command = wire.heard(topic, record.decision)
    if command is None:
        return None
    occurred_at = command.notes[0].occurred_at
    return Intent(record.key, command, rules_for_consequences(rules, occurred_at, record))


SERVICE = Service(
    name="offers",
    inputs=("actions", "badges", "letters"),
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
    reports_rejections=False,
    due_command=DoDueWork(),
    encode_command=asked.encode,
    decode_command=asked.decode,
    calls=core.calls,
)
