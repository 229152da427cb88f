"""One service's decisions reach the next exactly: tiers, badges, offers, and how deep a chain is."""

from collections import Counter
from typing import Any

from cercle.wire import badges_pb2, log_pb2, offers_pb2, points_pb2
from tests.integration.conftest import purchase
from tests.integration.running import RunningClub, now_ms, raw

DECISIONS: dict[str, Any] = {
    "points": points_pb2.Decision,
    "badges": badges_pb2.Decision,
    "offers": offers_pb2.Decision,
}


def chain(club: RunningClub, service: str, member_id: str) -> list[tuple[int, str, list[str]]]:
    """Depth, the cause's topic, and the kinds of events of each of the member's records."""
    return [
        (record.depth, record.cause.input.topic, [event.WhichOneof("kind") for event in events])
        for record, events in decided(club, service, member_id)
    ]


def decided(club: RunningClub, service: str, member_id: str) -> list[tuple[log_pb2.Record, list[Any]]]:
    """The member's records with their events."""
    return [
        (record, list(DECISIONS[service].FromString(record.decision).events))
        for record in club.records(service)
        if record.key == member_id
    ]


def test_tier_reaches_points_and_multiplies(town: RunningClub, member: str) -> None:
    """A rule on member.tier counts from the moment that badges' decision was read, and never before."""
    town.send([raw(purchase(member, 500))])
    town.settle()
    town.send([raw(purchase(member, 10))])
    town.settle()
    grants = [
        {grant.rule: grant.granted for grant in event.earned.grants}
        for _, events in decided(town, "points", member)
        for event in events
        if event.WhichOneof("kind") == "earned"
    ]
    assert grants == [{"purchase-base": 500}, {"purchase-base": 10, "gold-bonus": 20}]


def test_causation_depth_is_recorded(town: RunningClub, member: str) -> None:
    """0 from an action, one more from each decision to the next, with the topic that it came from."""
    town.send([raw(purchase(member, 600))])
    town.settle()
    assert chain(town, "points", member)[0] == (0, "actions", ["action_accepted", "earned"])
    badges = chain(town, "badges", member)
    assert (0, "actions") in {line[:2] for line in badges}
    assert [line for line in badges if line[1] == "points"] in (
        [(1, "points", ["points_counted", "tier_changed"])],
        [(1, "points", ["points_counted", "tier_changed", "tier_changed"])],
    )
    noted = [line for line in chain(town, "points", member) if line[1] == "badges"]
    assert {line[0] for line in noted} <= {1, 2} and noted[-1] == (2, "badges", ["tier_noted"])
    assert chain(town, "offers", member)[-1][0] == 2


def test_offer_is_issued_once_on_unlocking_a_badge(town: RunningClub, member: str) -> None:
    """The offer's record names the badges decision that caused it; sending again issues nothing."""
    purchases = [raw(purchase(member, 1)) for _ in range(5)]
    town.send(purchases)
    town.settle()
    town.send(purchases)
    town.settle()
    issued = [
        (record, event)
        for record, events in decided(town, "offers", member)
        for event in events
        if event.WhichOneof("kind") == "offer_issued"
    ]
    [(record, event)] = issued
    assert (event.offer_issued.offer, event.offer_issued.number) == ("welcome-vinyl", 1)
    unlocking = [
        each
        for each, events in decided(town, "badges", member)
        for one in events
        if one.WhichOneof("kind") == "badge_unlocked" and one.badge_unlocked.level == "silver"
    ]
    assert len(unlocking) == 1
    assert (record.cause.input.topic, record.depth) == ("badges", unlocking[0].depth + 1)


def test_records_say_who_why_when_and_by_which_rules(town: RunningClub, member: str) -> None:
    """Every record has a version, its time, its positions, and the member's record before it."""
    before = now_ms()
    town.send([raw(purchase(member, 1)) for _ in range(4)])
    town.settle()
    for service in DECISIONS:
        previous = 0
        for record, _ in decided(town, service, member):
            assert record.previous_seq == previous
            previous = record.seq
            assert len(record.rulebook) == 16
            assert before <= record.at_ms <= now_ms()
            position = {each.topic: each.offset for each in record.positions}
            assert position[record.cause.input.topic] == record.cause.input.offset + 1


def test_seqs_have_no_gap_and_causes_no_twin(town: RunningClub) -> None:
    """In each partition 1, 2, 3..., and no input or command is the cause of two records."""
    town.settle()
    for service in DECISIONS:
        records = town.records(service)
        by_partition: dict[int, list[int]] = {}
        causes: Counter[tuple[object, ...]] = Counter()
        for record in records:
            home = town.partition_of(record.key.encode())
            by_partition.setdefault(home, []).append(record.seq)
            cause = record.cause.WhichOneof("kind")
            if cause == "input":
                causes[home, record.cause.input.topic, record.cause.input.offset] += 1
            elif cause == "command":
                causes[record.key, record.cause.command] += 1
        assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in by_partition.values())
        assert not [cause for cause, count in causes.items() if count > 1]
