"""Points from one member to another, from the outside: both at once, and back from nobody."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest

from cercle.wire import points_pb2 as pb
from tests.integration.conftest import purchase
from tests.integration.rules import FILES
from tests.integration.running import RunningClub, eventually, now_ms, raw
from tests.integration.test_points_rpc import of_kind, refused
from tests.servers import Server

POINTS = """
wallets:
  points: {transfer: {at_most: 100 points, limit: {points: 500, per: day}}}
  karma: {expires: never}
rules:
  - {id: purchase-base, on: purchase, earn: {points: 1, for_each: 1 USD}}
"""


@pytest.fixture(scope="module")
def sharing(
    kafka: Server, redis_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club whose members may send each other points; it runs points alone."""
    club = RunningClub(kafka, redis_server, "sharing", tmp_path_factory.mktemp("sharing"))
    club.publish(FILES | {"points.yaml": POINTS})
    try:
        club.start("points")
        yield club
        club.stop("points")
    finally:
        club.close()


@pytest.fixture
def pair(sharing: RunningClub, members: Callable[[], str]) -> tuple[str, str]:
    """Two members of different partitions, with 100 points each."""
    one, other = members(), members()
    while sharing.partition_of(one.encode()) == sharing.partition_of(other.encode()):
        other = members()
    sharing.send([raw(purchase(one, 100)), raw(purchase(other, 100))])
    sharing.settle("points")
    return one, other


def transfer(club: RunningClub, sender: str, to: str, key: str, points: int, **more: Any) -> Any:
    """A Transfer, asked now unless said otherwise."""
    more.setdefault("issued_at_ms", now_ms())
    request = pb.TransferRequest(member_id=sender, to=to, key=key, points=points, **more)
    return club.points.Transfer(request)


def balance(club: RunningClub, member_id: str) -> tuple[int, int]:
    """Available and transferred of the wallet points, confirmed."""
    request = pb.GetBalanceRequest(member_id=member_id, consistency=pb.CONSISTENCY_CONFIRMED)
    [wallet] = club.points.GetBalance(request).balances
    return wallet.available, wallet.transferred


def test_two_members_send_to_each_other_at_once(sharing: RunningClub, pair: tuple[str, str]) -> None:
    """Ten transfers each way, in parallel, each asked twice: all arrive, once."""
    one, other = pair
    issued = now_ms()

    def send(number: int) -> Any:
        sender, to = (one, other) if number % 2 else (other, one)
        return transfer(sharing, sender, to, f"t{number % 20}", 3 + number % 2, issued_at_ms=issued)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(send, range(40)))
    assert {answer.state for answer in answers} == {pb.TRANSFER_STATE_COMPLETED}
    assert [answer.points for answer in answers] == [3, 4] * 20
    assert (balance(sharing, one), balance(sharing, other)) == ((90, 10), (110, -10))
    for member, friend in ((one, other), (other, one)):
        assert {each.to for each in of_kind(sharing, member, "transfer_sent")} == {friend}
        assert {each.sender for each in of_kind(sharing, member, "transfer_received")} == {friend}
        assert len(of_kind(sharing, member, "transfer_completed")) == 10


def test_points_for_nobody_come_back(sharing: RunningClub, pair: tuple[str, str]) -> None:
    """And asking again tells that they did."""
    one, _ = pair
    issued = now_ms()
    for _ in range(2):
        answer = transfer(sharing, one, f"{one}-mistyped", "t1", 30, issued_at_ms=issued)
        assert (answer.state, answer.points) == (pb.TRANSFER_STATE_RETURNED, 30)
        assert f"{one}-mistyped" in answer.sentence
    assert balance(sharing, one) == (100, 0)
    assert len(of_kind(sharing, one, "transfer_returned")) == 1


def test_what_cannot_be_sent_is_refused(sharing: RunningClub, pair: tuple[str, str]) -> None:
    """By the member's state and the rules: on the record, with a code."""
    one, other = pair
    assert "at most 100" in refused(lambda: transfer(sharing, one, other, "t1", 101), "transfer_limit")
    refused(lambda: transfer(sharing, one, one, "t2", 1), "self_transfer")
    refused(lambda: transfer(sharing, one, other, "t3", 1, wallet="karma"), "transfer_not_allowed")
    assert transfer(sharing, one, other, "t4", 60).state == pb.TRANSFER_STATE_COMPLETED
    assert "40 available" in refused(lambda: transfer(sharing, one, other, "t5", 60), "insufficient_points")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": "subject/question/q1"}, "to"),
        ({"points": 0}, "points"),
        ({"wallet": "gold"}, "wallet"),
        ({"key": ""}, "key"),
    ],
)
def test_a_request_that_cannot_be_meant_names_the_field(
    sharing: RunningClub, pair: tuple[str, str], wrong: dict[str, Any], field: str
) -> None:
    """Nothing is decided."""
    said = {"sender": pair[0], "to": pair[1], "key": "t1", "points": 1} | wrong
    with pytest.raises(grpc.RpcError) as caught:
        transfer(sharing, **said)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"{field}: ")


def test_what_is_no_member_has_no_balance(sharing: RunningClub) -> None:
    """A key that Cercle keeps for itself is no member's id."""
    with pytest.raises(grpc.RpcError) as caught:
        sharing.points.GetBalance(pb.GetBalanceRequest(member_id="subject/question/q1"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_transfer_survives_the_death_of_its_service(sharing: RunningClub, pair: tuple[str, str]) -> None:
    """Killed while transfers are under way: whatever was sent arrives, once."""
    one, other = pair
    issued = now_ms()

    def send(number: int) -> bool:
        try:
            return bool(transfer(sharing, one, other, f"t{number}", 2, issued_at_ms=issued).points)
        except grpc.RpcError:
            return False

    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(send, number) for number in range(20)]
        sharing.kill("points")
        sharing.start("points")
        [each.result() for each in sent]
    for number in range(20):
        eventually(partial(send, number))
    eventually(lambda: balance(sharing, one) == (60, 40) and balance(sharing, other) == (140, -40))
