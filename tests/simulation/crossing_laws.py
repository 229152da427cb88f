"""What must hold in the crossing club at rest, from its topics alone: of points, holds and transfers.

Of claims it is in claims_laws.py, of what was earned in earnings.py, of what was told in told.py.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cercle.domain.action import RawAction
from services.points.events import (
    Captured,
    Held,
    Released,
    TransferCompleted,
    TransferReceived,
    TransferReturned,
    TransferSent,
)
from tests.simulation import claims_laws, earnings
from tests.simulation.crossing_brands import STRANGER
from tests.simulation.crossing_rules import TRANSFER_A_DAY, TRANSFER_AT_MOST
from tests.simulation.told import Told, check_told
from tests.simulation.truth import Reader
from tests.simulation.world import Site

Happened = Mapping[str, Sequence[Any]]
"""The events of each key, in their order."""


def check(
    points: Sequence[Site],
    offers: Sequence[Site],
    sent: Mapping[tuple[str, str], RawAction],
    told: Sequence[Told],
) -> None:
    """All laws of the club."""
    of_points, of_offers = happened(points), happened(offers)
    check_ledger(of_points)
    check_transfers(of_points)
    check_holds(of_points)
    earnings.check(of_points, sent)
    claims_laws.check(of_points, of_offers)
    check_told(of_points, of_offers, told)


def check_nothing_raised(sites: Sequence[Site]) -> None:
    """What brands send can be refused, but nothing that members do, or services tell, is poison."""
    for site in sites:
        reader = Reader(site.broker.topic(site.service.name))
        failed = [record for _, record in reader.update() if record.HasField("failed")]
        assert not failed, f"{site.service.name}: {failed[0].failed.sentence}"


def happened(sites: Sequence[Site]) -> Happened:
    """What the topics of all partitions of a service say."""
    found: dict[str, list[Any]] = defaultdict(list)
    for site in sites:
        reader = Reader(site.broker.topic(site.service.name))
        reader.update()
        for _, record in reader.valid:
            found[record.key] += site.service.decode_events(record.decision)
    return found


def of_kind(events: Sequence[Any], *kinds: type) -> "list[Any]":
    """Those events alone, in their order."""
    return [event for event in events if isinstance(event, kinds)]


# ---- points --------------------------------------------------------------------------


def check_ledger(of_points: Happened) -> None:
    """Every event moves points between accounts, no member spends what is not there, and in all
    members' wallets together nothing is on its way any more."""
    transferred: Counter[str] = Counter()
    for member, events in of_points.items():
        accounts: Counter[tuple[str, str]] = Counter()
        for event in events:
            postings = getattr(event, "postings", ())
            assert sum(posting.points for posting in postings) == 0, event
            for posting in postings:
                accounts[event.wallet, posting.account] += posting.points
                is_own = posting.account in ("available", "pending", "held")
                assert not is_own or accounts[event.wallet, posting.account] >= 0, (member, event)
        assert sum(accounts.values()) == 0, member
        for (wallet, account), points in accounts.items():
            transferred[wallet] += points if account == "transferred" else 0
    assert not any(transferred.values()), f"still on its way, or lost: {transferred}"


def check_holds(of_points: Happened) -> None:
    """Each hold is placed once and closed once: nothing is held at rest."""
    for member, events in of_points.items():
        held = [(each.hold, each.points) for each in of_kind(events, Held)]
        closed = [(each.hold, each.points) for each in of_kind(events, Captured, Released)]
        assert len(dict(held)) == len(held), f"{member} has two holds of the same id"
        assert sorted(held) == sorted(closed), f"the holds of {member} are not closed once each"


def check_transfers(of_points: Happened) -> None:
    """Each ends once: received and completed, or returned; and nobody sends more than the rules allow."""
    received = {
        (each.sender, each.transfer): (to, each.wallet, each.points)
        for to, events in of_points.items()
        for each in of_kind(events, TransferReceived)
    }
    times = sum(len(of_kind(events, TransferReceived)) for events in of_points.values())
    assert len(received) == times, "a transfer was received twice"
    completed: dict[tuple[str, str], tuple[str, str, int]] = {}
    for member, events in of_points.items():
        sent: dict[str, TransferSent] = {}
        ended: Counter[str] = Counter()
        counted = 0
        for each in of_kind(events, TransferSent, TransferCompleted, TransferReturned):
            if isinstance(each, TransferSent):
                assert each.key not in sent, f"{member} sent {each.key} twice"
                sent[each.key] = each
                counted += each.points
            else:
                ended[each.key] += 1
                counted -= each.points if isinstance(each, TransferReturned) else 0
            if isinstance(each, TransferCompleted):
                completed[member, each.key] = (each.to, each.wallet, each.points)
                assert sent[each.key].to != STRANGER, "who never acted has no points"
            assert each.points <= TRANSFER_AT_MOST and counted <= TRANSFER_A_DAY, f"{member} sends too much"
        assert ended == Counter(sent.keys()), f"the transfers of {member} do not end once each"
    assert completed == received, "what was received is not what was completed"
