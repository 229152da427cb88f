"""A tiny domain whose every decision depends on all decisions of its key before.

A key has CAP slots. An action takes one if one is free; a command frees one, and is refused when
none is taken; what was taken is given back after KEPT_MS; another service tells numbers. A key that
takes or frees a slot writes letters to others. Each
event holds the fingerprint of the state that it was decided on, and moves it on: a decision on
any other state, or folded twice, shows.
"""

from collections.abc import Mapping
from typing import Union
from zlib import crc32

import msgspec

from cercle.domain.decision import Decision, Instant, Letter, Rejection
from cercle.runtime.log import LogRecord
from cercle.runtime.service import Intent, RulesInTime, Service
from cercle.wire import log_pb2

CAP = 2
KEPT_MS = 4_000


class Take(msgspec.Struct, frozen=True):
    """An action. `what`: "late" is rejected, "poison" raises, anything else takes a slot."""

    what: str


class Tell(msgspec.Struct, frozen=True):
    """What another service decided; without effect when it is known already."""

    number: int


class Free(msgspec.Struct, frozen=True, tag=True):
    """A command. `what`: "bad" is rejected, "poison" raises, anything else frees a slot."""

    key: str
    what: str = ""


class Hear(msgspec.Struct, frozen=True, tag=True):
    """A letter. `word`: what happened there; whoever hears "taken 13" raises, "freed" has no effect."""

    word: str


class Expire(msgspec.Struct, frozen=True):
    """The due command."""


class Event(msgspec.Struct, frozen=True, array_like=True):
    """`before`: the state's fingerprint; `word`: a command's key, or the number told."""

    kind: str
    before: int
    at: Instant
    word: str = ""


class State(msgspec.Struct, array_like=True):
    """`answers` by command key. `due` is when the slots are given back."""

    fingerprint: int = 0
    decisions: int = 0
    taken: int = 0
    told: int = 0
    most: int = 0
    due: Union[Instant, None] = None
    answers: dict[str, str] = msgspec.field(default_factory=dict)


Asked = Union[Take, Tell, Free, Hear, Expire]
KEYS = ("ana", "jérôme")
"""Who is told by letter what happens to the other, and to itself. Of two partitions, each lives in one."""


def decide(state: State, command: Asked, rules: object, now: Instant) -> Union[Decision[Event], Rejection]:
    """At most one event, but for commands after something expired."""
    match command:
        case Take(what="late"):
            return Rejection("late", "too late")
        case Take(what="poison") | Free(what="poison"):
            raise ValueError("poison")
        case Take():
            return one(state, "taken", now, tell=True) if state.taken < CAP else Decision()
        case Tell():
            return (
                one(state, "told", now, str(command.number)) if command.number != state.told else Decision()
            )
        case Free():
            return free(state, command, now)
        case Hear(word="poison"):
            raise ValueError("poison")
        case Hear():
            return one(state, "heard", now, command.word) if command.word != "nothing" else Decision()
        case Expire():
            return one(state, "expired", now) if state.due is not None and state.due <= now else Decision()


def free(state: State, command: Free, now: Instant) -> Union[Decision[Event], Rejection]:
    """A key that is known gets the answer of before."""
    if command.what == "bad":
        return Rejection("bad", "never accepted")
    if command.key in state.answers:
        return Decision((), state.answers[command.key])
    event = Event("freed" if state.taken else "refused", state.fingerprint, now, command.key)
    return Decision((event,), answer_of(event), letters(event))


def one(state: State, kind: str, now: Instant, word: str = "", tell: bool = False) -> Decision[Event]:
    """A decision of one event."""
    event = Event(kind, state.fingerprint, now, word)
    return Decision((event,), letters=letters(event) if tell else ())


def letters(event: Event) -> tuple[Letter, ...]:
    """None, one, or one to each key; now and then what raises, or is of no concern."""
    if event.before % 3 == 0:
        return ()
    word = {5: "poison", 6: "nothing"}.get(event.before % 20, f"{event.kind} {event.before}")
    return tuple(Letter(key, Hear(word)) for key in KEYS[: event.before % 3])


def answer_of(event: Event) -> str:
    """What the command's sender is told: nobody else is told the same."""
    return f"{event.kind} {event.before} {event.at}"


def evolve(state: State, event: Event) -> State:
    """In place."""
    state.fingerprint = crc32(repr((state.fingerprint, event)).encode())
    state.decisions += 1
    match event.kind:
        case "taken":
            state.taken += 1
            state.due = event.at + KEPT_MS if state.due is None else state.due
        case "told":
            state.told = int(event.word)
        case "freed":
            state.taken -= 1
        case "expired":
            state.taken, state.due = 0, None
    if event.kind in ("freed", "refused"):
        state.answers[event.word] = answer_of(event)
    state.most = max(state.most, state.taken)
    return state


def ranks(state: State) -> Mapping[str, int]:
    """A board that the store keeps, and its rebuilding must give again."""
    return {"decisions": state.decisions, **({"most": state.most} if state.most else {})}


def listen(record: LogRecord, rules: RulesInTime, partition_count: int) -> Union[Intent, Rejection, None]:
    """A record of actions is "key what"; "refused" is rejected, "unreadable" raises, "other" is ignored."""
    key, what = (record.value or b"").decode().split()
    if what == "unreadable":
        raise ValueError("unreadable")
    if what == "refused":
        return Rejection("refused", "not understood")
    return Intent(key, Take(what), rules.at(record.timestamp)) if what != "other" else None


def hear(topic: str, record: log_pb2.Record, rules: RulesInTime) -> Union[Intent, None]:
    """A decision of the other service is the number it tells; 13 raises, 0 is of no concern."""
    number = int(record.decision)
    if number == 13:
        raise ValueError("thirteen")
    return Intent(record.key, Tell(number), rules.at(record.at_ms)) if number else None


SLOTS: Service = Service(
    name="points",
    inputs=("actions", "badges", "letters"),
    new=lambda key: State(),
    encode_state=msgspec.msgpack.encode,
    decode_state=lambda key, data: msgspec.msgpack.decode(data, type=State),
    decide=decide,
    evolve=evolve,
    due_at=lambda state: state.due,
    ranks=ranks,
    encode_events=msgspec.msgpack.encode,
    decode_events=msgspec.msgpack.Decoder(tuple[Event, ...]).decode,
    listen=listen,
    hear=hear,
    reports_rejections=True,
    due_command=Expire(),
    encode_command=msgspec.msgpack.encode,
    decode_command=msgspec.msgpack.Decoder(Union[Free, Hear]).decode,
)
