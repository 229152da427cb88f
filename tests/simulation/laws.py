"""What must hold after a run, whatever went wrong in it. Nothing here knows how the runtime does it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from cercle.actions.partition import partition_of
from cercle.domain.decision import Decision, Rejection
from cercle.runtime.epochs import Epochs
from cercle.runtime.lives import split
from cercle.runtime.rejected import read_rejected
from cercle.runtime.service import ACTIONS, LETTERS, Intent
from cercle.runtime.store import Footing
from cercle.wire import log_pb2
from tests.simulation.memory_log import REJECTED, Stored
from tests.simulation.truth import Reader, Truth, letter_name, name_of

if TYPE_CHECKING:
    from tests.simulation.world import Site


class Replay:
    """Judges all inputs of a service again, in the order that its log names."""

    def __init__(self, site: "Site") -> None:
        self._site = site
        self._service = site.service
        decided = [topic for topic in site.service.inputs if topic not in (ACTIONS, LETTERS)]
        self._readers = {topic: Reader(site.broker.topic(topic)) for topic in decided}
        for reader in self._readers.values():
            reader.update()
        self._applied = {
            topic: {valid.offset for valid in reader.valid} for topic, reader in self._readers.items()
        }
        self._inputs = {
            topic: {record.offset: record for record in site.broker.topic(topic).records}
            for topic in site.service.inputs
        }
        self._positions = dict.fromkeys(site.service.inputs, 0)
        self._truth = Truth(site.service, site.broker.topic(site.service.name))
        self._at = 0
        self._before: log_pb2.Record | None = None
        self.answers: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.told: dict[int, list[str]] = {}
        self.heard: dict[int, list[str]] = {}
        self._heard_letters: set[str] = set()

    def run(self) -> None:
        """Every record is what its cause brings about on the prefix before it; no input is passed over."""
        valid = Reader(self._site.broker.topic(self._service.name))
        valid.update()
        for _, record in valid.valid:
            cause = record.cause.input
            if record.cause.HasField("delivered"):
                cause = log_pb2.Input(topic=LETTERS, offset=record.cause.delivered.offset)
            self._note_letters(record)
            self._pass_inputs({p.topic: p.offset for p in record.positions}, cause)
            self._check_chain(record)
            self._check_memory(record)
            self._judge(record)
            if record.cause.HasField("delivered"):
                self._heard_letters.add(letter_name(record.cause.delivered))
            self._at, self._before = record.at_ms, record
            for event in self._service.decode_events(record.decision) if record.decision else ():
                state = self._service.evolve(self._truth.state(record.key), event)
                self._truth.states[record.key] = state
            if record.HasField("decision"):
                self._truth.last_seq[record.key] = record.seq
        self._pass_inputs({topic: self._end(topic) for topic in self._inputs}, None)

    def _note_letters(self, record: log_pb2.Record) -> None:
        """Whom it tells, by partition; and whom it was told by."""
        if record.cause.HasField("delivered"):
            letter = record.cause.delivered
            self.heard.setdefault(letter.partition, []).append(letter_name(letter))
        for index, written in enumerate(record.letters):
            to = partition_of(written.to.encode(), self._site.count)
            letter = log_pb2.Delivered(partition=self._site.partition, seq=record.seq, index=index)
            self.told.setdefault(to, []).append(letter_name(letter))

    def _end(self, topic: str) -> int:
        return self._site.broker.topic(topic).end

    def _pass_inputs(self, positions: "dict[str, int]", cause: "log_pb2.Input | None") -> None:
        for topic, position in positions.items():
            begin = self._positions[topic]
            assert begin <= position, f"the position in {topic} goes back from {begin} to {position}"
            for offset in range(begin, position):
                is_cause = cause is not None and (topic, offset) == (cause.topic, cause.offset)
                if offset in self._inputs[topic] and not is_cause:
                    self._pass_input(topic, self._inputs[topic][offset])
            self._positions[topic] = position

    def _pass_input(self, topic: str, record: Stored) -> None:
        intent = self._heard(topic, record)
        outcome = intent
        if isinstance(intent, Intent):
            now = max(self._at, record.timestamp)
            outcome = self._service.decide(self._truth.state(intent.key), intent.command, intent.rules, now)
        if isinstance(outcome, Rejection):
            self.refused.add(f"{topic}/{self._site.partition}/{record.offset}")
        elif isinstance(outcome, Decision):
            assert not outcome.events, f"{topic}/{record.offset} was never decided"

    def _heard(self, topic: str, record: Stored) -> Any:
        if topic == ACTIONS:
            return self._service.listen(record, self._site.rules, self._site.count)
        if topic == LETTERS:
            return self._heard_letter(log_pb2.Delivery.FromString(record.value or b""))
        if record.offset not in self._applied[topic]:
            return None
        entry = log_pb2.Entry.FromString(record.value or b"")
        if not entry.record.HasField("decision"):
            return None
        return self._service.hear(topic, entry.record, self._site.rules)

    def _heard_letter(self, delivery: log_pb2.Delivery) -> Any:
        """None for one that was heard before, or is another service's."""
        letter = delivery.letter
        if delivery.service != self._service.name or letter_name(delivery) in self._heard_letters:
            return None
        rules = next(r for r in self._site.rules.versions if r.version == delivery.rulebook)
        return Intent(letter.to, self._service.decode_command(letter.body), rules)

    def _check_chain(self, record: log_pb2.Record) -> None:
        before = self._before
        assert record.seq == (before.seq + 1 if before else 1)
        assert record.poe == (before.oe if before else 0), f"record {record.seq} stands on another"
        assert record.at_ms >= self._at, "the partition's time falls"
        if record.HasField("decision"):
            assert record.previous_seq == self._truth.last_seq.get(record.key, 0)

    def _check_memory(self, record: log_pb2.Record) -> None:
        for position in record.positions:
            if position.topic in self._readers:
                memory = self._readers[position.topic].memory[position.offset]
                assert (position.fence, position.seq, position.oe) == memory, position

    def _judge(self, record: log_pb2.Record) -> None:
        name = name_of(record)
        if record.HasField("failed"):
            self._check_failed(record)
            return
        key, command, rules = self._asked(record)
        assert key == record.key
        outcome = self._service.decide(self._truth.state(key), command, rules, record.at_ms)
        assert isinstance(outcome, Decision), f"{name} is to be rejected: {outcome}"
        decided = self._service.encode_events(outcome.events)
        assert decided == record.decision, f"{name} was decided on another state"
        letters = [
            log_pb2.Letter(to=each.to, body=self._service.encode_command(each.command))
            for each in outcome.letters
        ]
        assert letters == list(record.letters), f"{name} tells something else"
        if record.cause.command:
            self.answers[record.cause.command] = outcome.answer

    def _asked(self, record: log_pb2.Record) -> "tuple[str, Any, Any]":
        cause = record.cause
        match cause.WhichOneof("kind"):
            case "command":
                command = self._service.decode_command(record.asked)
                assert (record.key, command) in self._site.asked[cause.command], "nobody asked for this"
                return record.key, command, self._site.rules.at(record.at_ms)
            case "delivered":
                stored = self._inputs[LETTERS][cause.delivered.offset]
                intent = self._heard(LETTERS, stored)
                assert isinstance(intent, Intent), f"{letter_name(cause.delivered)} was heard before"
                return intent.key, intent.command, intent.rules
            case "input":
                stored = self._inputs[cause.input.topic][cause.input.offset]
                intent = self._heard(cause.input.topic, stored)
                assert isinstance(intent, Intent), f"{cause.input} asks for nothing"
                return intent.key, intent.command, intent.rules
        assert cause.due_ms == record.at_ms
        return record.key, self._service.due_command, self._site.rules.at(record.at_ms)

    def _check_failed(self, record: log_pb2.Record) -> None:
        """Only what raises is set aside."""
        at = record.cause.input
        if record.cause.HasField("delivered"):
            at = log_pb2.Input(topic=LETTERS, offset=record.cause.delivered.offset)
        stored = self._inputs[at.topic][at.offset]
        try:
            intent = self._heard(at.topic, stored)
            self._service.decide(self._truth.state(intent.key), intent.command, intent.rules, record.at_ms)
        except Exception:
            self.refused.add(f"{at.topic}/{self._site.partition}/{at.offset}")
            return
        raise AssertionError(f"{at} was set aside without need")


def check_site(site: "Site") -> None:
    """All laws of a service of one partition at rest."""
    check_sites([site])


def check_sites(sites: "Sequence[Site]") -> None:
    """All laws of all partitions of one service at rest, in their order."""
    replays = [_check_partition(site) for site in sites]
    for sender, writer in enumerate(replays):
        for receiver, reader in enumerate(replays):
            told, heard = writer.told.get(receiver, []), reader.heard.get(sender, [])
            assert heard == told, "letters are heard once each, in the order of their writing"


def _check_partition(site: "Site") -> Replay:
    replay = Replay(site)
    replay.run()
    check_store(site)
    check_rejected(site, replay.refused)
    check_answers(site, replay.answers)
    check_epochs(site)
    check_peeked(site)
    if not site.world.weather_had_holes:
        assert site.truth.reader.gaps == 0, "a reader saw a gap"
    return replay


def check_store(site: "Site") -> None:
    """The store is the fold of the log: states, schedule, boards, footing, positions; the outbox is empty."""
    found, truth, service = site.redis.memory.contents(site.partition), site.truth, site.service
    states = {
        key: truth.last_seq[key].to_bytes(8, "little") + service.encode_state(state)
        for key, state in truth.states.items()
    }
    assert found.states == states
    assert found.footing == Footing(truth.reader.seq, truth.reader.oe)
    due = {key: service.due_at(state) for key, state in truth.states.items()}
    assert found.due == {key: at for key, at in due.items() if at is not None}
    boards: dict[str, dict[str, int]] = {}
    for key, state in truth.states.items():
        for board, score in service.ranks(state).items():
            boards.setdefault(board, {})[key] = score
    assert found.boards == boards
    assert (found.outbox, found.ready) == ([], True)
    assert found.at == (truth.reader.valid[-1].record.at_ms if truth.reader.valid else 0)
    check_positions(site, msgspec.msgpack.decode(found.positions))


def check_positions(site: "Site", positions: "dict[str, list[int]]") -> None:
    """Every input was read to its end, with the reader's memory of what is there."""
    for topic in site.service.inputs:
        source = site.broker.topic(topic)
        offset, *memory = positions[topic]
        assert offset == source.end, f"{topic} was read to {offset} of {source.end}"
        if topic not in (ACTIONS, LETTERS):
            reader = Reader(source)
            reader.update()
            assert tuple(memory) == (reader.fence, reader.seq, reader.oe)


def check_rejected(site: "Site", refused: "set[str]") -> None:
    """Every input that was refused or set aside is reported, and no other: by the service that reports."""
    if site.service.reports_rejections:
        entries = site.broker.topic(REJECTED).records
        reported = [read_rejected(entry.value, list(entry.headers)) for entry in entries]
        assert {f"{entry.topic}/{entry.partition}/{entry.offset}" for entry in reported} == refused


def check_answers(site: "Site", judged: "dict[str, Any]") -> None:
    """Who was told yes was told what the log says; who was told no is not in the log."""
    for key, answer in site.told.items():
        said = site.gist(judged[key])
        assert said == answer, f"command {key} was answered {answer}, the log says {said}"
    for key in site.denied:
        assert f"command {key}" not in site.truth.causes, f"command {key} was denied, and took effect"


def check_epochs(site: "Site") -> None:
    """Where to look for a record: never after it, and exactly there but for foreign records between."""
    epochs = Epochs(site.redis.memory.contents(site.partition).epochs)
    for offset, record in site.truth.reader.valid:
        assert epochs.offset_of(record.seq) <= offset


def check_peeked(site: "Site") -> None:
    """Committed reads: unless the store forgets, what was seen is in the log; absent meant absent."""
    if site.world.store_forgot:
        return
    for member, reading in site.peeked:
        if reading.state is None:
            assert site.truth.first_seq.get(member, reading.seq + 1) > reading.seq
        else:
            assert site.truth.was(member, split(reading.state)[1])
