"""One decision made again, beside what is recorded of it. Pure."""

from typing import Any, NamedTuple

from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.runtime.protocol import MAX_DEPTH, MAX_RECORD_BYTES
from cercle.runtime.service import LETTERS, Intent, Service
from cercle.wire import log_pb2


class Wrong(NamedTuple):
    """What is otherwise than it is judged now."""

    reason: str
    recorded: str = ""
    judged: str = ""


class Difference(NamedTuple):
    """What one record says otherwise than it is judged now. `offset`: in the service's own topic.

    `offset` is -1 for inputs after the last record. `recorded` and `judged` are for people.
    """

    seq: int
    offset: int
    at: Instant
    cause: str
    key: str
    reason: str
    recorded: str = ""
    judged: str = ""


def outcome_of(service: Service, state: Any, intent: Intent, rules: Any, now: Instant) -> Any:
    """A Decision, a Rejection, or the exception that is raised."""
    try:
        return service.decide(state, intent.command, rules, now)
    except Exception as error:
        return error


def letters_of(service: Service, letters: tuple[Letter, ...]) -> list[log_pb2.Letter]:
    """As a record holds them."""
    return [log_pb2.Letter(to=each.to, body=service.encode_command(each.command)) for each in letters]


def compared(record: log_pb2.Record, service: Service, outcome: Any) -> list[Wrong]:
    """Whether a decision, byte for byte, and its letters are what is recorded."""
    recorded = service.decode_events(record.decision)
    if not isinstance(outcome, Decision):
        return [Wrong("it is not to be decided", _listed(recorded), repr(outcome))]
    wrong = []
    if service.encode_events(outcome.events) != record.decision:
        wrong.append(Wrong("it is decided otherwise", _listed(recorded), _listed(outcome.events)))
    elif not outcome.events and not record.cause.HasField("delivered"):
        wrong.append(Wrong("nothing comes of it, so there should be no record"))
    letters = letters_of(service, outcome.letters)
    if letters != list(record.letters):
        wrong.append(Wrong("it tells something else", _told(record.letters), _told(letters)))
    return wrong


def failed_rightly(record: log_pb2.Record, service: Service, heard: Any, outcome: Any) -> list[Wrong]:
    """Only what raises, lies too deep, is too large or sends a letter back is set aside."""
    if heard.depth > MAX_DEPTH or isinstance(outcome, Exception):
        return []
    if isinstance(outcome, Rejection) and heard.letter is not None:
        return []
    if isinstance(outcome, Decision) and _size(record, service, outcome) > MAX_RECORD_BYTES:
        return []
    reason = f"{record.failed.code}: {record.failed.sentence}"
    return [Wrong("it was set aside, and need not have been", reason, repr(outcome))]


def _size(record: log_pb2.Record, service: Service, outcome: Decision[Any]) -> int:
    whole = log_pb2.Record()
    whole.CopyFrom(record)
    whole.decision = service.encode_events(outcome.events)
    whole.letters.extend(letters_of(service, outcome.letters))
    return whole.ByteSize()


def _listed(events: Any) -> str:
    return ", ".join(map(str, events)) or "nothing"


def _told(letters: Any) -> str:
    return ", ".join(f"to {letter.to}: {letter.body.hex()}" for letter in letters) or "nothing"


def place_of(cause: log_pb2.Cause) -> tuple[str, int]:
    """Topic and offset of the input that is the cause; an offset of -1 when none is."""
    match cause.WhichOneof("kind"):
        case "input":
            return cause.input.topic, cause.input.offset
        case "delivered":
            return LETTERS, cause.delivered.offset
    return "", -1


def cause_of(cause: log_pb2.Cause) -> str:
    """A cause in a word."""
    match cause.WhichOneof("kind"):
        case "command":
            return f"command {cause.command}"
        case "due_ms":
            return f"due {cause.due_ms}"
        case None:
            return "inputs after the last record"
    topic, offset = place_of(cause)
    return f"{topic}/{offset}"
