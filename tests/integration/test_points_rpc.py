"""The gRPC service Points, from the outside: balances, holds, captures, releases, history."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from cercle.wire import log_pb2
from cercle.wire import points_pb2 as pb
from tests.integration.conftest import action, purchase
from tests.integration.running import RunningClub, eventually, now_ms, raw

DAY = 86_400_000
CONFIRMED = pb.CONSISTENCY_CONFIRMED


def fund(club: RunningClub, member_id: str, dollars: int) -> None:
    """Lets a member earn that many points."""
    club.send([raw(purchase(member_id, dollars))])
    club.settle("points")


def balance(club: RunningClub, member_id: str, consistency: Any = CONFIRMED) -> dict[str, int]:
    """The points wallet; empty when the member never used it."""
    answer = club.points.GetBalance(pb.GetBalanceRequest(member_id=member_id, consistency=consistency))
    found = {each.wallet: each for each in answer.balances}
    if "points" not in found:
        return {}
    each = found["points"]
    return {name: getattr(each, name) for name in ("available", "held", "redeemed")}


def hold(club: RunningClub, member_id: str, key: str, points: int, **more: Any) -> Any:
    """A Hold, asked now unless said otherwise."""
    more.setdefault("issued_at_ms", now_ms())
    return club.points.Hold(pb.HoldRequest(member_id=member_id, key=key, points=points, **more))


def capture(club: RunningClub, member_id: str, key: str, of: str, **more: Any) -> Any:
    """A Capture, asked now unless said otherwise."""
    more.setdefault("issued_at_ms", now_ms())
    return club.points.Capture(pb.CaptureRequest(member_id=member_id, key=key, hold=of, **more))


def release(club: RunningClub, member_id: str, key: str, of: str, **more: Any) -> Any:
    """A Release, asked now unless said otherwise."""
    more.setdefault("issued_at_ms", now_ms())
    return club.points.Release(pb.ReleaseRequest(member_id=member_id, key=key, hold=of, **more))


def refused(call: Callable[[], Any], code: str) -> str:
    """The call is refused with that code for machines; the sentence for people."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert dict(caught.value.trailing_metadata())["cercle-code"] == code
    sentence: str = caught.value.details()
    return sentence


def events(club: RunningClub, member_id: str) -> list[tuple[log_pb2.Record, pb.Event]]:
    """What the log says of a member, oldest first."""
    return [
        (record, event)
        for record in club.records("points")
        if record.key == member_id
        for event in pb.Decision.FromString(record.decision).events
    ]


def of_kind(club: RunningClub, member_id: str, kind: str) -> list[Any]:
    """The member's events of one kind."""
    return [getattr(event, kind) for _, event in events(club, member_id) if event.WhichOneof("kind") == kind]


# ---- reading ----------------------------------------------------------------------------


@pytest.mark.parametrize("consistency", [pb.CONSISTENCY_COMMITTED, CONFIRMED])
def test_unknown_member_has_nothing(town: RunningClub, member: str, consistency: Any) -> None:
    """A member nobody heard of has no wallet and no tier, which is an answer and no error."""
    answer = town.points.GetBalance(pb.GetBalanceRequest(member_id=member, consistency=consistency))
    assert answer == pb.GetBalanceResponse(member_id=member)


@pytest.mark.parametrize("consistency", [pb.CONSISTENCY_COMMITTED, CONFIRMED])
def test_balance_shows_every_wallet_and_tier(town: RunningClub, member: str, consistency: Any) -> None:
    """Both kinds of read show what was earned, by wallet, with the tier that badges told."""
    town.send([raw(purchase(member, 120)), raw(action(member, "answer_given", topic="jazz"))])
    town.settle()
    answer = town.points.GetBalance(pb.GetBalanceRequest(member_id=member, consistency=consistency))
    found = {each.wallet: (each.available, each.issued) for each in answer.balances}
    assert found == {"points": (120, 120), "karma": (5, 5)}
    assert answer.tier == "silver"


# ---- holding, capturing, releasing ------------------------------------------------------


def test_hold_then_capture_spends(town: RunningClub, member: str) -> None:
    """Points go from available to held to redeemed, and every answer is in the log."""
    fund(town, member, 50)
    before = now_ms()
    held = hold(town, member, "h1", 30, keep_for_seconds=60)
    assert (held.hold, held.points) == ("h1", 30)
    assert before + 60_000 <= held.until_ms <= now_ms() + 60_000
    assert balance(town, member) == {"available": 20, "held": 30, "redeemed": 0}
    assert capture(town, member, "c1", "h1").points == 30
    assert balance(town, member) == {"available": 20, "held": 0, "redeemed": 30}
    causes = [record.cause.command for record, event in events(town, member) if record.cause.command]
    assert causes == ["h1", "c1"]


def test_hold_then_release_gives_back(town: RunningClub, member: str) -> None:
    """A release makes available again what was held, and nothing was spent."""
    fund(town, member, 50)
    hold(town, member, "h1", 30)
    assert release(town, member, "r1", "h1").points == 30
    assert balance(town, member) == {"available": 50, "held": 0, "redeemed": 0}
    [released] = of_kind(town, member, "released")
    assert (released.key, released.timed_out) == ("r1", False)


def test_same_key_gets_the_same_answer(town: RunningClub, member: str) -> None:
    """A repeated request, at once or in parallel, is decided once."""
    fund(town, member, 50)
    issued = now_ms()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(hold, town, member, "h1", 30, issued_at_ms=issued) for _ in range(12)]
        answers = [each.result() for each in asked]
    answers.append(hold(town, member, "h1", 30, issued_at_ms=issued))
    assert all(answer == answers[0] for answer in answers)
    assert [capture(town, member, "c1", "h1").points for _ in range(3)] == [30, 30, 30]
    assert balance(town, member) == {"available": 20, "held": 0, "redeemed": 30}
    assert len(of_kind(town, member, "held")) == len(of_kind(town, member, "captured")) == 1


def test_refusal_is_repeated_too(town: RunningClub, member: str) -> None:
    """What was refused once stays refused under its key, though the points came meanwhile."""
    first = refused(lambda: hold(town, member, "h1", 30), "insufficient_points")
    fund(town, member, 50)
    assert refused(lambda: hold(town, member, "h1", 30), "insufficient_points") == first
    assert "30" in first
    assert hold(town, member, "h2", 30).points == 30
    assert [each.code for each in of_kind(town, member, "refused")] == ["insufficient_points"]


def test_key_for_another_request_is_refused(town: RunningClub, member: str) -> None:
    """A key belongs to one request: other points, another method or hold is a mistake of the client."""
    fund(town, member, 50)
    hold(town, member, "h1", 30)
    seqs, states = town.seqs("points"), town.states("points")
    refused(lambda: hold(town, member, "h1", 31), "key_reused")
    refused(lambda: capture(town, member, "h1", "h1"), "key_reused")
    refused(lambda: release(town, member, "h1", "h1"), "key_reused")
    assert (town.seqs("points"), town.states("points")) == (seqs, states)


def test_same_key_of_another_member_is_another_request(town: RunningClub, members: Callable[[], str]) -> None:
    """Keys belong to a member: two members may use the same."""
    for member_id in (members(), members()):
        fund(town, member_id, 10)
        assert hold(town, member_id, "same", 10).points == 10


def test_a_hold_is_closed_once(town: RunningClub, member: str) -> None:
    """Captured twice, released after capture, captured after release, unknown: each its code, no effect."""
    fund(town, member, 50)
    hold(town, member, "h1", 10)
    hold(town, member, "h2", 10)
    capture(town, member, "c1", "h1")
    release(town, member, "r2", "h2")
    refused(lambda: capture(town, member, "c1b", "h1"), "hold_captured")
    refused(lambda: release(town, member, "r1", "h1"), "hold_captured")
    refused(lambda: capture(town, member, "c2", "h2"), "hold_released")
    refused(lambda: release(town, member, "r2b", "h2"), "hold_released")
    refused(lambda: capture(town, member, "c3", "h3"), "hold_unknown")
    refused(lambda: release(town, member, "r3", "h3"), "hold_unknown")
    assert balance(town, member) == {"available": 40, "held": 0, "redeemed": 10}


def test_more_than_there_is_cannot_be_held(town: RunningClub, member: str) -> None:
    """Held points are not available to a second hold."""
    fund(town, member, 50)
    hold(town, member, "h1", 30)
    assert "20 available" in refused(lambda: hold(town, member, "h2", 21), "insufficient_points")
    assert hold(town, member, "h3", 20).points == 20


def test_parallel_holds_never_overspend(town: RunningClub, member: str) -> None:
    """Of 40 holds at once on 100 points, exactly those that fit are granted."""
    fund(town, member, 100)

    def try_hold(number: int) -> bool:
        try:
            return bool(hold(town, member, f"h{number}", 7).points == 7)
        except grpc.RpcError as error:
            assert dict(error.trailing_metadata())["cercle-code"] == "insufficient_points"
            return False

    with ThreadPoolExecutor(20) as pool:
        granted = sum(pool.map(try_hold, range(40)))
    assert granted == 14
    assert balance(town, member) == {"available": 2, "held": 98, "redeemed": 0}
    assert len(of_kind(town, member, "held")) == 14
    assert len(of_kind(town, member, "refused")) == 26


def test_hold_times_out_by_itself(town: RunningClub, member: str) -> None:
    """After its time a hold shows as available at once, is released in the log, and cannot be captured."""
    fund(town, member, 50)
    held = hold(town, member, "h1", 30, keep_for_seconds=1)
    time.sleep(max(0.0, (held.until_ms - now_ms()) / 1000) + 0.01)
    everything = {"available": 50, "held": 0, "redeemed": 0}
    assert balance(town, member, pb.CONSISTENCY_COMMITTED) == everything
    [released] = eventually(lambda: of_kind(town, member, "released"), 8)
    assert (released.key, released.hold, released.timed_out, released.points) == ("", "h1", True, 30)
    [cause] = [record.cause for record, event in events(town, member) if event.HasField("released")]
    assert cause.due_ms >= held.until_ms
    refused(lambda: capture(town, member, "c1", "h1"), "hold_released")
    assert balance(town, member) == everything


# ---- requests that cannot be meant ------------------------------------------------------


def test_command_of_yesterday_is_too_old(town: RunningClub, member: str) -> None:
    """A command first asked more than 24 hours ago may have been decided and forgotten: refused."""
    fund(town, member, 50)
    seqs, states = town.seqs("points"), town.states("points")
    refused(lambda: hold(town, member, "h1", 10, issued_at_ms=now_ms() - DAY - 1_000), "too_old")
    assert (town.seqs("points"), town.states("points")) == (seqs, states)
    assert hold(town, member, "h1", 10, issued_at_ms=now_ms() - DAY + 60_000).points == 10


FUTURE = 10**15
"""Far away in ms."""

COMMANDS = ("Hold", "Capture", "Release")
SOUND = {"member_id": "m", "key": "k", "issued_at_ms": 1, "points": 1, "hold": "h"}


@pytest.mark.parametrize(
    ("method", "field", "value"),
    [
        *[
            (method, "member_id", "")
            for method in ("Hold", "Capture", "Release", "GetBalance", "ListEntries")
        ],
        *[(method, "key", "") for method in ("Hold", "Capture", "Release")],
        *[(method, "issued_at_ms", 0) for method in ("Hold", "Capture", "Release")],
        *[(method, "hold", "") for method in ("Capture", "Release")],
        *[(method, "issued_at_ms", FUTURE) for method in COMMANDS],
        ("Hold", "points", 0),
        ("Hold", "points", -5),
        ("Hold", "points", 10**12 + 1),
        ("Hold", "wallet", "gold-coins"),
        ("Hold", "keep_for_seconds", -1),
        ("Hold", "keep_for_seconds", 604_801),
        ("Hold", "key", "k" * 129),
        ("GetBalance", "member_id", "m" * 129),
        ("Capture", "hold", "h" * 129),
        ("ListEntries", "page_size", -1),
        ("ListEntries", "page_token", "tomorrow"),
        ("ListEntries", "page_token", "-1"),
        ("ListEntries", "page_token", "9" * 40),
        ("ListEntries", "page_token", "987654321"),
    ],
)
def test_request_that_cannot_be_meant_names_its_field(
    town: RunningClub, method: str, field: str, value: Any
) -> None:
    """INVALID_ARGUMENT, soon, beginning with the field; nothing is recorded."""
    request_type = getattr(pb, f"{method}Request")
    sound = {**SOUND, "issued_at_ms": now_ms()}
    names = {each.name for each in request_type.DESCRIPTOR.fields}
    given = {name: each for name, each in {**sound, field: value}.items() if name in names}
    seqs = town.seqs("points")
    started = time.monotonic()
    with pytest.raises(grpc.RpcError) as caught:
        getattr(town.points, method)(request_type(**given))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"{field}: ")
    assert time.monotonic() - started < 3
    assert town.seqs("points") == seqs


# ---- history ----------------------------------------------------------------------------


def test_history_comes_newest_first_in_pages(town: RunningClub, members: Callable[[], str]) -> None:
    """Pages of any size give the same history: all records of the member, none of another's."""
    member_id, other = members(), members()
    town.send([raw(purchase(each, dollars)) for dollars in range(1, 8) for each in (member_id, other)])
    town.settle("points")
    hold(town, member_id, "h1", 5)
    town.settle()
    expected = [record.seq for record in town.records("points") if record.key == member_id][::-1]
    for size in (1, 3, 4, 50):
        seqs: list[int] = []
        token = ""
        while True:
            page = town.points.ListEntries(
                pb.ListEntriesRequest(member_id=member_id, page_size=size, page_token=token)
            )
            assert len(page.entries) <= size
            seqs += [entry.seq for entry in page.entries]
            token = page.next_page_token
            if not token:
                break
        assert seqs == expected
    first = page.entries[0] if size == 50 else None
    assert first is not None and first.rulebook and first.at_ms <= now_ms()


def test_history_of_an_unknown_member_is_empty(town: RunningClub, member: str) -> None:
    """No entries, no token."""
    assert town.points.ListEntries(pb.ListEntriesRequest(member_id=member)) == pb.ListEntriesResponse()


def test_page_token_of_another_member_is_refused(town: RunningClub, members: Callable[[], str]) -> None:
    """A token leads into its own member's history only."""
    member_id = members()
    other = next(m for m in iter(members, None) if _together(town, m, member_id))
    town.send([raw(purchase(each, dollars)) for dollars in (1, 2, 3) for each in (member_id, other)])
    town.settle("points")
    page = town.points.ListEntries(pb.ListEntriesRequest(member_id=member_id, page_size=1))
    with pytest.raises(grpc.RpcError) as caught:
        town.points.ListEntries(pb.ListEntriesRequest(member_id=other, page_token=page.next_page_token))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith("page_token: ")


def _together(club: RunningClub, one: str, other: str) -> bool:
    return club.partition_of(one.encode()) == club.partition_of(other.encode())


def test_every_answer_is_in_the_log(town: RunningClub, member: str) -> None:
    """An OK answer is found in the topic by the reader rule the moment that it is given."""
    fund(town, member, 100)
    for number in range(5):
        answer = hold(town, member, f"h{number}", 10 + number)
        held = of_kind(town, member, "held")[-1]
        assert (held.hold, held.points, held.until_ms) == (answer.hold, answer.points, answer.until_ms)
    for _, event in events(town, member):
        postings = getattr(event, event.WhichOneof("kind") or "")
        assert sum(line.points for line in getattr(postings, "postings", ())) == 0
