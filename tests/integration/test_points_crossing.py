"""What crosses members, from the outside: transfers, quick answers, referrals."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest

from cercle.wire import points_pb2 as pb
from tests.integration.conftest import action, purchase
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
  - {id: friends, on: referral, earn: {points: 100, friend: 50}}
  - {id: quick, on: answer_given, earn: {points: 5, in: karma},
     soon_after: {action: question_asked, by: question, at_most: 30 minutes}}
"""
ACTIONS = """
actions:
  purchase: {fields: {amount: money}}
  question_asked: {fields: {question: text}}
  answer_given: {fields: {question: text}}
"""
BADGES = """
achievements:
  - {id: collector, badge: {en: Collector, fr: Collectionneuse}, count: purchase, levels: {bronze: 200}}
"""
CHANGED = {"points.yaml": POINTS, "actions.yaml": ACTIONS, "badges.yaml": BADGES}


@pytest.fixture(scope="module")
def sharing(
    kafka: Server, redis_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club whose members have to do with each other; its offers service does not run."""
    club = RunningClub(kafka, redis_server, "sharing", tmp_path_factory.mktemp("sharing"))
    club.publish({name: text for name, text in FILES.items() if name != "offers.yaml"} | CHANGED)
    try:
        club.start("points", "badges")
        yield club
        club.stop("points", "badges")
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
    found = [each for each in club.points.GetBalance(request).balances if each.wallet == "points"]
    return (found[0].available, found[0].transferred) if found else (0, 0)


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
    said: dict[str, Any] = {"sender": pair[0], "to": pair[1], "key": "t1", "points": 1} | wrong
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


MINUTE = 60_000


@pytest.mark.parametrize("question_first", [True, False])
def test_a_quick_answer_earns_in_either_order(
    sharing: RunningClub, members: Callable[[], str], question_first: bool
) -> None:
    """Ten members answer within half an hour, one a moment later; they are heard of in either order."""
    asker, answerers, late = members(), [members() for _ in range(10)], members()
    asked_at = now_ms() - 40 * MINUTE
    subject = f"q-{asker}"
    asks = [raw(action(asker, "question_asked", asked_at, question=subject), now_ms())]
    answers = [
        raw(action(name, "answer_given", asked_at + after, question=subject), now_ms())
        for name, after in [(late, 30 * MINUTE + 1), *((name, 30 * MINUTE) for name in answerers)]
    ]
    for batch in (asks, answers) if question_first else (answers, asks):
        sharing.send(batch)
        sharing.settle("points")
    for name in answerers:
        [earned] = eventually(partial(of_kind, sharing, name, "earned"))
        assert (earned.wallet, earned.grants[0].granted) == ("karma", 5)
        assert (earned.occasion.subject, earned.occasion.action) == (
            f"subject/question/{subject}",
            "answer_given",
        )
    assert of_kind(sharing, late, "earned") == []


def test_both_sides_of_a_referral_are_paid(sharing: RunningClub, members: Callable[[], str]) -> None:
    """Once the friend buys; and what came by letter counts towards the tier."""
    advocate, friend = members(), members()
    sharing.send([raw(action(advocate, "referral", friend=friend))])
    eventually(lambda: of_kind(sharing, friend, "recommended"))
    sharing.send([raw(purchase(friend, 3)), raw(purchase(friend, 4))])
    eventually(lambda: balance(sharing, advocate) == (100, 0))
    assert balance(sharing, friend) == (57, 0)
    [reward] = of_kind(sharing, advocate, "earned")
    assert (reward.occasion.kind, reward.occasion.member) == ("referral", friend)
    eventually(lambda: "silver" in {each.tier for each in of_kind(sharing, advocate, "tier_noted")})


def test_friends_who_refer_each_other_are_refused(sharing: RunningClub, pair: tuple[str, str]) -> None:
    """Both know why: no ring, and nothing is earned."""
    one, other = pair
    sharing.send([raw(action(one, "referral", friend=other)), raw(action(other, "referral", friend=one))])
    for name in pair:
        refusals = eventually(partial(of_kind, sharing, name, "referral_refused"))
        assert {each.code for each in refusals} <= {"has_referred", "not_new"}
    assert [balance(sharing, name) for name in pair] == [(100, 0), (100, 0)]
