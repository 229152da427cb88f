"""The club of `clubs/records`, and what each part of a rulebook answers."""

from datetime import datetime
from pathlib import Path

from cercle.domain.action import Action
from cercle.rulebook import EarnRule, FiredRules, MemberFacts, PerMoney, Rulebook, Texts, compile_rulebook

RECORDS = Path(__file__).parents[3] / "clubs" / "records"
FACTS = MemberFacts(tier="member")


def records_files() -> dict[str, str]:
    """The club's rules files."""
    return {path.name: path.read_text(encoding="utf-8") for path in RECORDS.glob("*.yaml")}


def records() -> Rulebook:
    """The club's rulebook."""
    return compile_rulebook(records_files())


def purchase(amount: int = 1177, **fields: object) -> Action:
    """A purchase of so many cents on 1997-01-01."""
    at = 852_120_000_000
    return Action("shop", "1", "purchase", "14048", at, at, {"amount": amount, "discs": 1, **fields})  # type: ignore[dict-item]


def test_a_purchase_earns_one_point_for_each_whole_dollar() -> None:
    """One rule fires, for each 100 minor units of `amount`."""
    fired = records().points.rules_for(purchase(), FACTS)
    assert fired.earn == (EarnRule("purchase-base", "points", 1, PerMoney("amount", 100), None),)
    assert fired.multiply == ()


def test_a_purchase_counts_for_the_collector() -> None:
    """Its levels ascend: 5, 25, 100."""
    (collector,) = records().badges.counted(purchase(), FACTS)
    assert [(level.name, level.at) for level in collector.levels] == [
        ("bronze", 5),
        ("silver", 25),
        ("gold", 100),
    ]
    assert collector.title.in_language("fr") == "Collectionneuse"


def test_tiers_are_held_from_their_points_on() -> None:
    """499 is member, 500 silver, 2000 and more gold; nothing is above gold."""
    tiers = records().tiers
    assert tiers is not None
    held = [tiers.level_for(points).id for points in (-5, 0, 499, 500, 1999, 2000, 10**9)]
    assert held == ["member", "member", "member", "silver", "silver", "gold", "gold"]
    above = [
        level.id if (level := tiers.above(tier)) else None for tier in ("member", "silver", "gold", "bronze")
    ]
    assert above == ["silver", "gold", None, None]
    assert tiers.level_for(2000).benefits == ("free-shipping", "early-access")


def test_collector_silver_brings_the_welcome_vinyl_and_nothing_else_does() -> None:
    """Issued on that level of that badge only."""
    offers = records().offers
    issued = offers.issued_on("badge_unlocked", {"badge": "collector", "level": "silver"}, 0, FACTS)
    assert [offer.id for offer in issued] == ["welcome-vinyl"]
    for badge, level in (("collector", "gold"), ("other", "silver")):
        assert offers.issued_on("badge_unlocked", {"badge": badge, "level": level}, 0, FACTS) == ()
    assert offers.issued_on("tier_changed", {"tier": "silver", "previous": ""}, 0, FACTS) == ()
    assert not offers.concern_actions


def test_an_action_type_without_rules_concerns_nothing() -> None:
    """Neither points nor badges know it."""
    other = Action("shop", "1", "visit", "14048", 0, 0, {})
    assert records().points.rules_for(other, FACTS) == FiredRules()
    assert records().badges.counted(other, FACTS) == ()


def test_without_conditions_the_answer_is_made_once() -> None:
    """The hot path builds nothing: two actions get the same object."""
    rulebook = records()
    assert rulebook.points.rules_for(purchase(1), FACTS) is rulebook.points.rules_for(purchase(2), FACTS)
    assert rulebook.badges.counted(purchase(1), FACTS) is rulebook.badges.counted(purchase(2), FACTS)


def test_a_day_begins_at_midnight_of_the_club() -> None:
    """New York's 1997-01-01 begins at 05:00 UTC; in summer at 04:00; days before 1970 are negative."""
    club = records().club

    def day(utc: str) -> int:
        return club.day(int(datetime.fromisoformat(utc + "+00:00").timestamp() * 1000))

    assert day("1997-01-01T04:59:59.999") + 1 == day("1997-01-01T05:00") == 9862
    assert day("1997-07-01T03:59:59.999") + 1 == day("1997-07-01T04:00")
    assert day("1970-01-01T00:00") == -1
    assert club.lateness == 30 * 86_400_000


def test_a_text_falls_back_to_the_first_language() -> None:
    """fr-CH reads fr; a language that lacks reads the club's first."""
    texts = Texts({"en": "Hello", "fr": "Bonjour"}, "en")
    assert [texts.in_language(each) for each in ("fr", "fr-CH", "de", "")] == [
        "Bonjour",
        "Bonjour",
        "Hello",
        "Hello",
    ]
    assert Texts.of("One for all", "fr").in_language("en") == "One for all"
    assert dict(texts) == {"en": "Hello", "fr": "Bonjour"}
