"""Claims from the outside: on real Kafka and Redis, with points and offers as processes."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import grpc
import pytest

from cercle.wire import offers_pb2 as pb
from tests.integration.conftest import purchase
from tests.integration.rules import FILES
from tests.integration.running import RunningClub, eventually, now_ms, raw
from tests.integration.test_points_rpc import balance
from tests.servers import Server

OFFERS = """
offers:
  - {id: mug, title: A mug, price: 50 points, stock: 10}
  - {id: sticker, title: A sticker, price: free}
  - id: ten-off
    title: {en: 10 off, fr: 10 de moins}
    price: 100 points
    voucher: {code: "Ten-{8}", valid: 60 days}
    stock: 5
    limit: {times: 2, per: month}
  - {id: gift, title: A gift, price: free, budget: {total: 30 USD, each: 10 USD}}
"""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shop(kafka: Server, own_store: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClub]:
    """A club whose members claim."""
    club = RunningClub(kafka, own_store, "shop", tmp_path_factory.mktemp("shop"))
    club.publish(FILES | {"offers.yaml": OFFERS})
    try:
        club.start("points", "offers")
        yield club
        club.stop("points", "offers")
    finally:
        club.close()


def fund(club: RunningClub, *member_ids: str, dollars: int = 500) -> None:
    """Lets each member earn that many points."""
    club.send([raw(purchase(member_id, dollars)) for member_id in member_ids])
    club.settle("points")


def claimants(count: int) -> list[str]:
    """Members of this test alone."""
    return [f"c{next(_numbers)}" for _ in range(count)]


def claim(club: RunningClub, member_id: str, offer: str, key: str, issued_at_ms: int = 0) -> Any:
    """The answer, or (code, sentence) of a refusal; asked again, with the same key, until there is one."""
    request = pb.ClaimRequest(
        member_id=member_id, offer=offer, key=key, issued_at_ms=issued_at_ms or now_ms()
    )
    return insisted(lambda: club.offers.Claim(request, timeout=5))


def insisted(call: Any) -> Any:
    """The answer, or the code of a refusal."""

    def once() -> Any:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.FAILED_PRECONDITION:
                return dict(error.trailing_metadata())["cercle-code"]
            assert error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED, "asked again"
            raise

    return eventually(once, 60)


def test_a_free_offer_is_issued_at_once(shop: RunningClub) -> None:
    """Nothing to wait for: no call, no letter."""
    (member_id,) = claimants(1)
    answer = claim(shop, member_id, "sticker", f"{member_id}-1")
    assert (answer.claim, answer.offer, answer.code) == (f"{member_id}-1", "sticker", "")
    assert answer.status == pb.OFFER_STATUS_ISSUED


def test_what_is_paid_for_is_issued_once_and_its_points_are_spent(shop: RunningClub) -> None:
    """The same key joins the same claim; another offer under it is refused."""
    (member_id,) = claimants(1)
    fund(shop, member_id)
    issued = now_ms()
    first = claim(shop, member_id, "mug", f"{member_id}-1", issued)
    assert claim(shop, member_id, "mug", f"{member_id}-1", issued) == first
    assert balance(shop, member_id) == {"available": 450, "held": 0, "redeemed": 50}
    assert claim(shop, member_id, "sticker", f"{member_id}-1") == "key_reused"
    listed = shop.offers.ListOffers(pb.ListOffersRequest(member_id=member_id)).offers
    assert [(each.id, each.claim) for each in listed] == [("mug", f"{member_id}-1")]


def test_without_points_nothing_is_taken(shop: RunningClub) -> None:
    """Refused, and said so again to the same key even when there are points."""
    (member_id,) = claimants(1)
    issued = now_ms()
    assert claim(shop, member_id, "mug", f"{member_id}-1", issued) == "insufficient_points"
    fund(shop, member_id)
    assert claim(shop, member_id, "mug", f"{member_id}-1", issued) == "insufficient_points"
    assert balance(shop, member_id) == {"available": 500, "held": 0, "redeemed": 0}


def test_forty_askers_on_what_is_left_of_ten(shop: RunningClub) -> None:
    """Exactly as many as there are have it, and no one else has paid."""
    already = taken(shop)
    askers = claimants(40)
    fund(shop, *askers)
    with ThreadPoolExecutor(20) as pool:
        answers = dict(
            zip(askers, pool.map(lambda who: claim(shop, who, "mug", f"{who}-1"), askers), strict=True)
        )
    refused = [who for who, answer in answers.items() if answer == "out_of_stock"]
    assert len(refused) == 30 + already and taken(shop) == 10
    for who, answer in answers.items():
        paid = 0 if answer == "out_of_stock" else 50
        eventually(partial(nothing_held, shop, who))
        assert balance(shop, who) == {"available": 500 - paid, "held": 0, "redeemed": paid}


def nothing_held(club: RunningClub, member_id: str) -> bool:
    """What a refused claim held is released, a moment after the refusal."""
    return balance(club, member_id)["held"] == 0


def taken(club: RunningClub) -> int:
    """Mugs that members have, by the log."""
    kinds = [
        (event.claim_opened.terms.offer, event.claim_opened.claim, event)
        for record in club.records("offers")
        for event in pb.Decision.FromString(record.decision).events
    ]
    mugs = {claim_id for offer, claim_id, _ in kinds if offer == "mug"}
    return sum(event.claim_issued.claim in mugs for *_, event in kinds if event.HasField("claim_issued"))


def voucher(club: RunningClub, member_id: str, key: str = "1") -> Any:
    """A claimed voucher."""
    fund(club, member_id)
    answer = claim(club, member_id, "ten-off", f"{member_id}-{key}")
    assert answer.code[:4] == "Ten-" and len(answer.code) == 12
    return answer


def redeem(club: RunningClub, code: str, key: str, issued_at_ms: int = 0) -> Any:
    """The answer, or the code of a refusal."""
    request = pb.RedeemRequest(code=code, key=key, issued_at_ms=issued_at_ms or now_ms())
    return insisted(lambda: club.offers.Redeem(request, timeout=5))


def cancel(club: RunningClub, member_id: str, claim_id: str, key: str, issued_at_ms: int = 0) -> Any:
    """The answer, or the code of a refusal."""
    request = pb.CancelRequest(
        member_id=member_id, claim=claim_id, key=key, issued_at_ms=issued_at_ms or now_ms()
    )
    return insisted(lambda: club.offers.Cancel(request, timeout=5))


def offer_of(club: RunningClub, member_id: str) -> Any:
    """The member's only offer."""
    (offer,) = club.offers.ListOffers(pb.ListOffersRequest(member_id=member_id)).offers
    return offer


def test_a_voucher_is_redeemed_once_and_only_once(shop: RunningClub) -> None:
    """By whoever asks first, however the code is written; the same key gets the same answer."""
    (member_id,) = claimants(1)
    answer = voucher(shop, member_id)
    assert answer.valid_until_ms > now_ms() + 59 * 86_400_000
    with ThreadPoolExecutor(8) as pool:
        keys = [f"{member_id}-r{number}" for number in range(8)]
        written = [f"  {answer.code.lower()} " if number % 2 else answer.code for number in range(8)]
        said = dict(
            zip(
                keys, pool.map(lambda each: redeem(shop, *each), zip(written, keys, strict=True)), strict=True
            )
        )
    used = {key: each for key, each in said.items() if each != "code_redeemed"}
    assert len(used) == 1
    ((key, first),) = used.items()
    assert (first.claim, first.offer, first.member_id) == (answer.claim, "ten-off", member_id)
    assert redeem(shop, answer.code, key) == first
    eventually(lambda: offer_of(shop, member_id).status == pb.OFFER_STATUS_REDEEMED)
    assert offer_of(shop, member_id).redeemed_at_ms == first.redeemed_at_ms
    assert cancel(shop, member_id, answer.claim, f"{member_id}-c") == "code_redeemed"
    assert redeem(shop, "TEN-22222222", f"{member_id}-x") == "code_unknown"


def test_a_cancelled_claim_gives_points_and_stock_back_once(shop: RunningClub) -> None:
    """Asked again, with the same key or another; the code is no longer good."""
    (member_id,) = claimants(1)
    answer, issued = voucher(shop, member_id), now_ms()
    assert balance(shop, member_id) == {"available": 400, "held": 0, "redeemed": 100}
    first = cancel(shop, member_id, answer.claim, f"{member_id}-c", issued)
    assert (first.claim, first.offer, first.points, first.wallet) == (answer.claim, "ten-off", 100, "points")
    assert cancel(shop, member_id, answer.claim, f"{member_id}-c", issued) == first
    assert cancel(shop, member_id, answer.claim, f"{member_id}-d") == "claim_cancelled"
    assert redeem(shop, answer.code, f"{member_id}-r") == "code_cancelled"
    shop.settle("points", "offers")
    assert balance(shop, member_id) == {"available": 500, "held": 0, "redeemed": 0}
    assert offer_of(shop, member_id).status == pb.OFFER_STATUS_CANCELLED


def test_a_member_has_as_many_as_the_limit_allows(shop: RunningClub) -> None:
    """Two a month; what was cancelled does not count."""
    (member_id,) = claimants(1)
    first, second = voucher(shop, member_id, "1"), voucher(shop, member_id, "2")
    assert claim(shop, member_id, "ten-off", f"{member_id}-3") == "limit_reached"
    assert cancel(shop, member_id, first.claim, f"{member_id}-c").points == 100
    assert voucher(shop, member_id, "4").code != second.code


def test_a_budget_is_never_overspent(shop: RunningClub) -> None:
    """Three gifts of 10 USD out of 30 USD, whoever asks."""
    askers = claimants(12)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda who: claim(shop, who, "gift", f"{who}-1"), askers))
    assert answers.count("budget_spent") == 9


@pytest.mark.parametrize(
    ("request_of", "field"),
    [
        (pb.ClaimRequest(member_id="offer/mug", offer="mug", key="k", issued_at_ms=1), "member_id"),
        (pb.ClaimRequest(member_id="ana", key="k", issued_at_ms=1), "offer"),
        (pb.ClaimRequest(member_id="ana", offer="mug", key="k" * 101, issued_at_ms=1), "key"),
        (pb.ClaimRequest(member_id="ana", offer="mug", key="k"), "issued_at_ms"),
    ],
)
def test_what_cannot_be_meant_names_its_field(shop: RunningClub, request_of: Any, field: str) -> None:
    """INVALID_ARGUMENT, and nothing is decided."""
    with pytest.raises(grpc.RpcError) as caught:
        shop.offers.Claim(request_of)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(f"{field}: ")
