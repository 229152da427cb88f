"""The law of the ledger: points are never made or lost, only moved between named accounts.

Each event posts to the accounts of one wallet, and its postings sum to zero. available,
pending and held are the member's; issued and redeemed are the club's; transferred is what a
member sent to others less what came from them. So a member's available + pending + held is
always what the club issued less what was redeemed and transferred, and all members'
transferred together is what is on its way: nothing, once all letters are read.

    Earned    issued    -> available
    Held      available -> held
    Captured  held      -> redeemed
    Released  held      -> available
    GivenBack redeemed  -> available
    TransferSent      available   -> transferred      (of who sends)
    TransferReceived  transferred -> available        (of who receives)
    TransferReturned  transferred -> available        (of who sent)
"""

from services.points.events import Posting, Postings
from services.points.member import Balances, Member

AVAILABLE = "available"
HELD = "held"
ISSUED = "issued"
REDEEMED = "redeemed"
TRANSFERRED = "transferred"


def earned(points: int) -> Postings:
    """Postings of what an action earned; none for nothing (all of it was cut by limits)."""
    return _move(points, ISSUED, AVAILABLE) if points else ()


def held(points: int) -> Postings:
    """Postings of placing a hold."""
    return _move(points, AVAILABLE, HELD)


def captured(points: int) -> Postings:
    """Postings of spending a hold."""
    return _move(points, HELD, REDEEMED)


def released(points: int) -> Postings:
    """Postings of giving a hold back."""
    return _move(points, HELD, AVAILABLE)


def given_back(points: int) -> Postings:
    """Postings of points that were spent, and come back."""
    return _move(points, REDEEMED, AVAILABLE)


def sent(points: int) -> Postings:
    """Postings of sending points to another member."""
    return _move(points, AVAILABLE, TRANSFERRED)


def came(points: int) -> Postings:
    """Postings of points that came from another member, or came back."""
    return _move(points, TRANSFERRED, AVAILABLE)


def _move(points: int, source: str, target: str) -> Postings:
    return (Posting(source, -points), Posting(target, points))


def post(member: Member, wallet: str, postings: Postings) -> None:
    """Evolves the wallet in place. Raises AttributeError for an account that does not exist."""
    balances = member.wallets.get(wallet)
    if balances is None:
        balances = member.wallets[wallet] = Balances()
    for posting in postings:
        setattr(balances, posting.account, getattr(balances, posting.account) + posting.points)
