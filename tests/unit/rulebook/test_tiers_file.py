"""tiers.yaml and segments.yaml: every key is read; what is not acted on is as if it were not written."""

import pytest

from cercle.rulebook import Rulebook, RulebookError, compile_rulebook

FILES = {
    "club.yaml": """\
club: shop
name: Shop
time_zone: Europe/Zurich
languages: [en]
currency: CHF
lateness: 30 days
""",
    "actions.yaml": """\
actions:
  purchase: {fields: {amount: money, trains: integer}}
  survey_answered: {fields: {survey: text, score: integer}}
""",
    "points.yaml": "wallets: {karma: {expires: never}}",
    "metrics.yaml": """\
metrics: {spend: {sum: purchase.amount, over: 24 months}, buys: {count: purchase, over: life}}
""",
}
LEVELS = "  levels: [{id: member, from: 0}, {id: gold, from: 2000, benefits: [early-access]}]\n"
LADDER = "tiers:\n  qualify_by: points earned\n  period: all time\n" + LEVELS
SEGMENTS = """\
segments:
  - nps: {on: survey_answered, score: score, valid: 12 months}
  - {id: train-fan, when: metrics.buys >= 3 || metrics.spend >= money("200 CHF")}
  - {id: top, when: 'member.tier == "gold" && "visitor" in member.segments'}
  - {id: attachment, bands_of: karma earned, over: 12 months, bands: {visitor: 0, fan: 300, vip: 3000}}
"""


def club(**files: str) -> Rulebook:
    """The club with these files (`tiers` is tiers.yaml)."""
    return compile_rulebook({**FILES, **{f"{name}.yaml": text for name, text in files.items()}})


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("qualify_by", "qualify_by: karma earned"),
        ("period", "period: calendar year"),
        ("period", "period: rolling 12 months"),
        ("period", "period: anniversary of joining"),
        ("downgrade", "downgrade: one level at a time"),
        ("downgrade", "downgrade: to the balance"),
        ("grace", "grace: 30 days"),
    ],
)
def test_a_setting_that_is_not_acted_on_is_as_if_not_written_and_is_told(key: str, written: str) -> None:
    """The ladder still acts, over all time; members only rise."""
    settings = {"qualify_by": "qualify_by: points earned", "period": "period: all time", key: written}
    ladder = "tiers:\n" + "".join(f"  {setting}\n" for setting in settings.values()) + LEVELS
    rulebook = club(tiers=ladder)
    assert rulebook.tiers == club(tiers=LADDER).tiers
    (told,) = rulebook.inactive
    assert f"`{key}: " in told.sentence
    assert written in told.place.text


def test_what_happens_anyway_is_acted_on() -> None:
    """`downgrade: never` is what members see: no warning, and no other version."""
    rulebook = club(tiers=LADDER + "  downgrade: never\n")
    assert not rulebook.inactive
    assert rulebook.version == club(tiers=LADDER).version


def test_a_ladder_is_held_from_its_points_on() -> None:
    """With its benefits."""
    tiers = club(tiers=LADDER).tiers
    assert tiers is not None
    assert [tiers.level_for(points).id for points in (-1, 1999, 2000)] == ["member", "member", "gold"]
    assert tiers.level_for(2000).benefits == ("early-access",)


def test_every_shape_of_a_segment_is_read_and_nobody_is_in_one() -> None:
    """One warning at `segments`."""
    (told,) = club(tiers=LADDER, segments=SEGMENTS).inactive
    assert (told.place.file, told.place.line) == ("segments.yaml", 1)
    assert "nobody is in a segment" in told.sentence
    assert not club(segments="segments: []").inactive


def test_the_order_of_segments_changes_no_version() -> None:
    """Nor that of shapes among them."""
    first, *entries = SEGMENTS.splitlines(keepends=True)
    turned = "".join([first, *entries[::-1]])
    assert club(tiers=LADDER, segments=turned).version == club(tiers=LADDER, segments=SEGMENTS).version


@pytest.mark.parametrize(
    "name", ["promoter", "passive", "detractor", "train-fan", "top", "visitor", "fan", "vip"]
)
def test_conditions_and_offers_may_name_each_segment(name: str) -> None:
    """Those of a score, of a condition, and the bands by their names."""
    rule = (
        f"rules:\n  - {{id: r, on: purchase, earn: {{points: 1}}, when: '\"{name}\" in member.segments'}}\n"
    )
    offer = f"offers: [{{id: o, title: O, price: free, segments: {{any_of: [{name}]}}}}]"
    assert club(tiers=LADDER, segments=SEGMENTS, points=FILES["points.yaml"] + "\n" + rule, offers=offer)


def test_the_name_of_bands_together_is_no_segment() -> None:
    """`attachment` is what visitor, fan and vip are called together; a member is in one of those."""
    rule = "rules:\n  - {id: r, on: purchase, earn: {points: 1}, when: '\"attachment\" in member.segments'}\n"
    with pytest.raises(RulebookError, match="there is no segment `attachment`"):
        club(tiers=LADDER, segments=SEGMENTS, points=FILES["points.yaml"] + "\n" + rule)


def test_names_are_not_judged_by_a_file_that_cannot_be_read() -> None:
    """Its own error is enough; the tiers that it would have declared are not told one by one."""
    rule = 'rules:\n  - {id: r, on: purchase, multiply: 2, when: member.tier == "gold"}\n'
    with pytest.raises(RulebookError) as caught:
        club(tiers="tiers: [", points=rule)
    assert {each.place.file for each in caught.value.diagnostics} == {"tiers.yaml"}


@pytest.mark.parametrize(
    "condition",
    [
        'member.tier in ["gold", "goldd"]',
        'channel == "gold" && "x" == channel',
        'items.exists(tier, tier.sku == "glod")',
        'member.tier == ""',
        'member.badges.exists(b, b == "whatever")',
        'local(occurred_at).weekday == "sat"',
    ],
)
def test_only_what_certainly_names_a_tier_is_judged_as_one(condition: str) -> None:
    """Fields of the action, lists, and the empty tier of who has none are left alone."""
    actions = "actions: {purchase: {fields: {channel: text, items: [{sku: text}]}}}"
    rule = f"rules:\n  - id: r\n    on: purchase\n    multiply: 2\n    when: |\n      {condition}\n"
    files = {**FILES, "actions.yaml": actions, "tiers.yaml": LADDER, "points.yaml": rule}
    del files["metrics.yaml"]
    assert compile_rulebook(files)
