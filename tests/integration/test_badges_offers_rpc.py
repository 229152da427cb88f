"""The gRPC services Badges and Offers, from the outside."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from cercle.wire import badges_pb2, offers_pb2
from tests.integration.conftest import action, purchase
from tests.integration.running import RunningClub, now_ms, raw


def standing(club: RunningClub, member_id: str, language: str = "") -> Any:
    """GetMember's answer."""
    return club.badges.GetMember(badges_pb2.GetMemberRequest(member_id=member_id, language=language))


def ranks(club: RunningClub, limit: int = 0, board: str = "points") -> list[tuple[int, str, int]]:
    """ListLeaderboard's answer."""
    answer = club.badges.ListLeaderboard(badges_pb2.ListLeaderboardRequest(board=board, limit=limit))
    return [(rank.rank, rank.member_id, rank.score) for rank in answer.ranks]


def invalid(call: Callable[[], Any]) -> str:
    """The sentence of an INVALID_ARGUMENT."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    sentence: str = caught.value.details()
    return sentence


def test_unknown_member_has_every_achievement_before_them(town: RunningClub, member: str) -> None:
    """No tier, no level, and the first of each achievement next."""
    found = standing(town, member)
    assert (found.tier.id, found.tier.points, found.tier.next) == ("", 0, "member")
    assert [
        (each.achievement, each.count, len(each.reached), each.next.name) for each in found.achievements
    ] == [
        ("collector", 0, 0, "bronze"),
        ("helper", 0, 0, "friend"),
    ]


def test_badges_and_tier_are_shown_with_what_is_next(town: RunningClub, member: str) -> None:
    """Levels reached lowest first, when they were; the next level and tier with what they take."""
    begun = now_ms()
    town.send([raw(purchase(member, 50)) for _ in range(3)])
    town.settle()
    found = standing(town, member)
    assert (found.tier.id, found.tier.points, found.tier.next, found.tier.points_to_next) == (
        "silver",
        150,
        "gold",
        350,
    )
    assert list(found.tier.benefits) == ["free-shipping"]
    collector = found.achievements[0]
    assert (collector.count, [(level.name, level.at) for level in collector.reached]) == (
        3,
        [("bronze", 2), ("silver", 3)],
    )
    assert all(begun <= level.reached_at_ms <= now_ms() for level in collector.reached)
    assert (collector.next.name, collector.next.at, collector.next.reached_at_ms) == ("gold", 50, 0)


def test_top_tier_and_last_level_have_no_next(town: RunningClub, member: str) -> None:
    """At the top nothing is missing."""
    town.send(
        [raw(purchase(member, 600)), *(raw(action(member, "answer_given", topic="t")) for _ in range(2))]
    )
    town.settle()
    found = standing(town, member)
    assert (found.tier.id, found.tier.next, found.tier.points_to_next) == ("gold", "", 0)
    helper = found.achievements[1]
    assert [level.name for level in helper.reached] == ["friend"]
    assert not helper.HasField("next")


@pytest.mark.parametrize(
    ("language", "badge", "offer"),
    [
        ("en", "Collector", "Your silver record"),
        ("fr", "Collectionneuse", "Votre disque d'argent"),
        ("", "Collector", "Your silver record"),
        ("de", "Collector", "Your silver record"),
    ],
)
def test_texts_come_in_the_asked_language(
    town: RunningClub, member: str, language: str, badge: str, offer: str
) -> None:
    """en and fr as asked; the club's first where none was asked or there is none."""
    town.send([raw(purchase(member, 1)) for _ in range(3)])
    town.settle()
    assert standing(town, member, language).achievements[0].title == badge
    request = offers_pb2.ListOffersRequest(member_id=member, language=language)
    assert [each.title for each in town.offers.ListOffers(request).offers] == [offer]


def test_offers_are_listed_newest_first_with_their_reason(town: RunningClub, member: str) -> None:
    """What was given, on which occasion, and why; an unknown member was given nothing."""
    assert not town.offers.ListOffers(offers_pb2.ListOffersRequest(member_id=member)).offers
    town.send([raw(purchase(member, 1)) for _ in range(3)])
    town.settle()
    town.send([raw(purchase(member, 600))])
    town.settle()
    found = town.offers.ListOffers(offers_pb2.ListOffersRequest(member_id=member)).offers
    assert [(each.id, each.on, each.reason) for each in found] == [
        ("gold-gift", "tier_changed", "gold"),
        ("welcome-vinyl", "badge_unlocked", "collector/silver"),
    ]
    assert found[0].issued_at_ms >= found[1].issued_at_ms > 0


def test_leaderboard_ranks_with_ties(town: RunningClub, members: Callable[[], str]) -> None:
    """Best first over all partitions; equal scores share a rank, the next one is as if they had not."""
    ids = [members() for _ in range(6)]
    scores = dict(zip(ids, (9_500, 9_400, 9_400, 9_400, 9_300, 9_200), strict=True))
    town.send([raw(purchase(member_id, dollars)) for member_id, dollars in scores.items()])
    town.settle()
    tied = sorted(ids[1:4])
    assert ranks(town, 6) == [
        (1, ids[0], 9_500),
        *((2, member_id, 9_400) for member_id in tied),
        (5, ids[4], 9_300),
        (6, ids[5], 9_200),
    ]
    for limit in (1, 2, 3, 5):
        assert ranks(town, limit) == ranks(town, 6)[:limit]


def test_leaderboard_is_ten_long_unless_asked(town: RunningClub, members: Callable[[], str]) -> None:
    """0 means ten, and no more than a hundred are given."""
    town.send([raw(purchase(members(), 9_000)) for _ in range(105)])
    town.settle()
    assert len(ranks(town)) == 10
    assert len(ranks(town, 1_000)) == 100
    assert ranks(town, 1_000)[:10] == ranks(town)


def test_leaderboard_that_is_none_is_refused(town: RunningClub) -> None:
    """The sentence names the field and the boards that there are."""
    assert invalid(lambda: ranks(town, 1, "karma")) == "board: no board 'karma'; there are: points"
    assert invalid(lambda: ranks(town, -1)) == "limit: must not be negative"


@pytest.mark.parametrize("member_id", ["", "m" * 129])
def test_member_id_that_cannot_be_is_refused(town: RunningClub, member_id: str) -> None:
    """Empty or too long: the field is named."""
    assert invalid(lambda: standing(town, member_id)).startswith("member_id: ")
    request = offers_pb2.ListOffersRequest(member_id=member_id)
    assert invalid(lambda: town.offers.ListOffers(request)).startswith("member_id: ")
