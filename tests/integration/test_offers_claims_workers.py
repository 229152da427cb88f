"""Claims and vouchers at any of two workers: what a code's key decides goes on to who owns it."""

import asyncio
import time
from pathlib import Path

from cercle.client import Client, Refused
from cercle.wire import offers_pb2 as pb
from tests.e2e.club import RULES, Club, Slot
from tests.servers import Server

PARTITIONS, ASKERS, STOCK = 4, 24, 12
OFFER = f"""
  - id: evening
    title: An evening
    price: free
    voucher: {{code: "EV-{{8}}"}}
    stock: {STOCK}
"""


def test_any_worker_claims_redeems_and_cancels(
    kafka: Server, redis_server: Server, club: str, tmp_path: Path
) -> None:
    """Each of two workers is asked by a client that knows it alone."""
    rules = RULES | {"offers.yaml": RULES["offers.yaml"] + OFFER}
    slots = [Slot("offers", 0), Slot("offers", 1)]
    with Club(club, kafka, redis_server, tmp_path, PARTITIONS, rules) as crowd:
        crowd.start(*slots)
        began = time.monotonic()
        while any(len(crowd.owned_by(slot)) != PARTITIONS // 2 for slot in slots):
            assert time.monotonic() - began < 60, "not settled"
            time.sleep(0.1)
        asyncio.run(ask([crowd.address(slot) for slot in slots]))


async def ask(addresses: list[str]) -> None:
    """Claims half here, half there; then each code is used, or its claim cancelled, at the other one."""
    async with (
        Client(offers=addresses[:1], deadline_seconds=60) as here,
        Client(offers=addresses[1:], deadline_seconds=60) as there,
    ):
        asked = [claim([here, there][number % 2], f"w{number}") for number in range(ASKERS)]
        codes = {f"w{n}": code for n, code in enumerate(await asyncio.gather(*asked)) if code}
        assert len(codes) == len(set(codes.values())) == STOCK
        for number, (member_id, code) in enumerate(sorted(codes.items())):
            first, second = (here, there) if number % 2 else (there, here)
            if number % 3:
                used = await first.offers.Redeem(pb.RedeemRequest(code=code))
                assert used.member_id == member_id
                assert await redeemed(second, code) == "code_redeemed"
            else:
                await first.offers.Cancel(pb.CancelRequest(member_id=member_id, claim=f"{member_id}-1"))
                assert await redeemed(second, code) == "code_cancelled"
        returned = len(range(0, STOCK, 3))
        again = [claim([here, there][number % 2], f"v{number}") for number in range(ASKERS)]
        assert len([code for code in await asyncio.gather(*again) if code]) == returned


async def claim(client: Client, member_id: str) -> str:
    """The code; empty when nothing was left."""
    request = pb.ClaimRequest(member_id=member_id, offer="evening", key=f"{member_id}-1")
    try:
        answer: pb.ClaimResponse = await client.offers.Claim(request)
    except Refused as refused:
        assert refused.code == "out_of_stock"
        return ""
    return answer.code


async def redeemed(client: Client, code: str) -> str:
    """Why it cannot be used."""
    try:
        await client.offers.Redeem(pb.RedeemRequest(code=code))
    except Refused as refused:
        return refused.code
    raise AssertionError(f"{code} was used twice")
