"""What is printed: a member's card, the club in numbers."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console, RenderableType

from cercle.wire import badges_pb2, offers_pb2, points_pb2
from services.badges.member import Member as BadgesMember
from services.badges.member import Standing
from services.console.cards import Card, OnTheWay, on_the_way
from services.console.census import Census
from services.console.clubs import read_club
from services.console.reporting import WORDS, card, duration, numbers
from services.offers.member import Issued
from services.offers.member import Member as OffersMember
from services.points.member import Balances
from services.points.member import Member as PointsMember
from tests.servers import ROOT

ZONE = ZoneInfo("America/New_York")


def text(shown: RenderableType) -> str:
    """What a person reads."""
    console = Console(width=100)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def ana() -> Card:
    """A member between two levels and two tiers."""
    tier = badges_pb2.Tier(id="member", points=120, next="silver", points_to_next=380)
    progress = badges_pb2.Progress(
        achievement="collector",
        title="Collector",
        count=7,
        reached=[badges_pb2.Level(name="bronze", at=5, reached_at_ms=1)],
        next=badges_pb2.Level(name="silver", at=25),
    )
    offer = offers_pb2.Offer(id="vinyl", title="A record", issued_at_ms=867_211_200_000)
    return Card(
        points_pb2.GetBalanceResponse(
            member_id="ana",
            balances=[points_pb2.Balance(wallet="points", available=1100, held=20, issued=1120)],
        ),
        badges_pb2.GetMemberResponse(member_id="ana", tier=tier, achievements=[progress]),
        offers_pb2.ListOffersResponse(offers=[offer]),
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ["Member ana", "1,100 available, 20 held", "member (380 to silver)", "bronze, 7 / 25 to silver"],
        ),
        (
            "fr-CH",
            ["Membre ana", "1 100 disponibles, 20 réservés", "member (380 avant silver)", "7 / 25 avant"],
        ),
    ],
)
def test_card_says_what_is_there_and_what_is_missing(language: str, words: list[str]) -> None:
    """Points by what they can be used for, and the way to the next tier and level, in the asked language."""
    shown = text(card(ana(), language, ZONE)).replace("\u202f", " ")
    assert [word for word in words if word not in shown] == []
    assert "A record (1997-06-25)" in shown


CLAIMED = [
    offers_pb2.Offer(
        id="ten-off",
        title="10 off",
        issued_at_ms=867_211_200_000,
        claim="c-[81]",
        code="TEN-7KQ2M9XW",
        status=offers_pb2.OFFER_STATUS_ISSUED,
        valid_until_ms=867_297_600_000,
    ),
    offers_pb2.Offer(
        id="used",
        title="Used",
        issued_at_ms=867_211_200_000,
        claim="c-82",
        code="U-222222",
        status=offers_pb2.OFFER_STATUS_REDEEMED,
        redeemed_at_ms=867_214_800_000,
    ),
    offers_pb2.Offer(
        id="old",
        title="Old",
        issued_at_ms=867_211_200_000,
        claim="c-83",
        code="O-222222",
        status=offers_pb2.OFFER_STATUS_EXPIRED,
        valid_until_ms=867_214_800_000,
    ),
    offers_pb2.Offer(
        id="back",
        title="Back",
        issued_at_ms=867_211_200_000,
        claim="c-84",
        status=offers_pb2.OFFER_STATUS_CANCELLED,
    ),
    offers_pb2.Offer(
        id="perk",
        title="Perk",
        issued_at_ms=867_211_200_000,
        claim="c-85",
        status=offers_pb2.OFFER_STATUS_ISSUED,
    ),
]


def claimer() -> Card:
    """A member with vouchers of every kind, who has just sent points."""
    balance = points_pb2.Balance(wallet="karma", available=5, transferred=1300)
    given = points_pb2.Balance(wallet="points", available=7, transferred=-30)
    return ana()._replace(
        balance=points_pb2.GetBalanceResponse(member_id="ana", balances=[balance, given]),
        offers=offers_pb2.ListOffersResponse(offers=CLAIMED),
        on_the_way=(OnTheWay("ben", "karma", 1300, 867_211_200_000),),
    )


def test_a_card_says_what_an_agent_is_asked_about() -> None:
    """Codes, until when they are good, what became of them, the claim's id, and where points are."""
    lines = [line.strip("│ ") for line in text(card(claimer(), "en", ZONE)).splitlines()]
    shown = "\n".join(lines)
    for words in (
        "Points  karma: 5 available, 1,300 sent to others",
        "7 available, 30 received from others",
        "karma: 1,300 on the way to ben (1997-06-25 00:00)",
        "Offers  10 off (1997-06-25)\nTEN-7KQ2M9XW: valid until 1997-06-26 00:00\nclaim c-[81]",
        "Used (1997-06-25)\nU-222222: used on 1997-06-25 01:00\n",
        "Old (1997-06-25)\nO-222222: no longer valid since 1997-06-25 01:00",
        "Back (1997-06-25)\ncancelled",
        "Perk (1997-06-25)\nvalid\nclaim c-85",
    ):
        assert words in shown


def test_a_card_says_it_in_french() -> None:
    """With the figures and words of the language."""
    lines = text(card(claimer(), "fr", ZONE)).replace("\u202f", " ").splitlines()
    shown = " ".join(line.strip("│ ") for line in lines)
    for words in (
        "1 300 envoyés à d'autres",
        "30 reçus d'autres",
        "1 300 en route vers ben",
        "TEN-7KQ2M9XW: valable jusqu'au 1997-06-26 00:00 demande c-[81]",
        "utilisé le 1997-06-25 01:00",
        "plus valable depuis le 1997-06-25",
        "annulé",
    ):
        assert words in shown


def test_claims_and_transfers_as_json_are_numbers_and_words() -> None:
    """The same as on the card, for machines."""
    plain: dict[str, Any] = claimer().as_json()
    sent = {"to": "ben", "wallet": "karma", "points": 1300, "sent_at_ms": 867_211_200_000}
    assert plain["on_the_way"] == [sent]
    assert plain["balances"][1]["transferred"] == -30
    assert (plain["offers"][0]["code"], plain["offers"][0]["status"]) == (
        "TEN-7KQ2M9XW",
        "OFFER_STATUS_ISSUED",
    )
    assert plain["offers"][0]["valid_until_ms"] == 867_297_600_000


def entry(at: int, *events: tuple[str, str]) -> points_pb2.EntryLine:
    """A record of (kind, key of the transfer)."""
    line = points_pb2.EntryLine(at_ms=at)
    for kind, key in events:
        getattr(line.decision.events.add(), kind).key = key
    return line


def test_what_is_on_the_way_is_neither_received_nor_returned() -> None:
    """By the records, newest first; a key that served long before is another transfer."""
    entries = [
        entry(9, ("transfer_sent", "a")),
        entry(8, ("transfer_completed", "b")),
        entry(7, ("transfer_returned", "c"), ("transfer_sent", "d")),
        entry(6, ("transfer_completed", "a"), ("held", "h")),
        entry(5, ("transfer_sent", "c")),
        entry(4, ("transfer_sent", "b")),
        entry(3, ("transfer_sent", "a")),
    ]
    assert [each.sent_at_ms for each in on_the_way(entries)] == [9, 7]
    assert list(on_the_way([])) == []


def test_card_of_a_stranger_says_so() -> None:
    """An unknown member is no error, and no card full of zeros."""
    stranger = Card(
        points_pb2.GetBalanceResponse(member_id="eve"),
        badges_pb2.GetMemberResponse(member_id="eve"),
        offers_pb2.ListOffersResponse(),
    )
    assert WORDS["fr"]["unknown"] in text(card(stranger, "fr", ZONE))
    assert stranger.as_json()["known"] is False


def test_card_as_json_has_numbers() -> None:
    """64-bit integers too, which protobuf writes as texts."""
    plain: dict[str, Any] = ana().as_json()
    assert plain["balances"][0]["available"] == 1100
    assert plain["tier"]["points_to_next"] == 380
    assert plain["achievements"][0]["next"] == {"name": "silver", "at": 25, "reached_at_ms": 0}


def test_languages_have_the_same_words() -> None:
    """What is said in one language is said in the others."""
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


def test_census_counts_states() -> None:
    """Points by wallet, levels by badge, tiers, offers: each member's, summed."""
    census = Census()
    census.add_points(PointsMember(wallets={"points": Balances(5, 0, 2, -10, 3)}))
    standings = {"c": Standing(30, {"bronze": 1, "silver": 2})}
    census.add_badges(BadgesMember(standings=standings, tier="gold"))
    census.add_badges(BadgesMember(standings={"c": Standing(6, {"bronze": 9})}))
    census.add_offers(OffersMember(issued=[Issued("v", 1, "o", "r"), Issued("v", 2, "o", "r")]))
    assert census.points_issued == {"points": 10}
    assert (census.points_redeemed, census.points_held) == ({"points": 3}, {"points": 2})
    assert census.badges == {"c": Counter(bronze=2, silver=1)}
    assert census.counted == {"c": 36}
    assert (census.tiers, census.offers) == ({"gold": 1}, {"v": 2})


def test_numbers_name_every_level_and_tier() -> None:
    """Also those that nobody has reached."""
    rules = read_club(ROOT / "clubs" / "records").rules
    shown = text(numbers("Club", {"purchase": 3}, Census(members=2), rules, "en"))
    for word in ("bronze", "silver", "gold", "tier member", "Your silver record", "members"):
        assert word in shown


def test_duration_tells_the_wait_for_the_broker() -> None:
    """How long it took, and how much of it was the broker's."""
    said = duration({"total": 30.0, "group": 6.5, "deciding": 20.0}, 40_000)
    assert "30.0 s in all" in said
    assert "waiting for the broker's groups 6.5" in said
    assert "2,000 actions/s" in said
