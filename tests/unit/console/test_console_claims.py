"""Scenarios of offers that members claim, redeem and cancel, played by the real offers and points."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.client import Refused as RefusedCall
from cercle.domain.action import Money, RawAction, RawField
from cercle.domain.decision import Call, Decision, Rejection
from cercle.rulebook import compile_rulebook
from services.console.scenarios import Report, run_scenarios
from services.console.scenarios.calling import answer_to, command_of
from services.console.scenarios.club_in_memory import ClubInMemory
from services.offers.calls import answered
from services.offers.claims import AskPoints
from services.offers.core import CancelView, ClaimView
from services.points.events import Refused
from tests.unit.rulebook.small_club import FILES

POINTS = "rules:\n  - {id: base, on: purchase, earn: {points: 1, for_each: 1 CHF}}\n"
OFFERS = """\
offers:
  - {id: given, title: G, price: free, issue: {on: visit}}
  - {id: ten-off, title: T, price: 50 points, stock: 2, voucher: {code: "TEN-{8}", valid: 60 days}}
  - {id: once, title: O, price: free, limit: {times: 1, per: month}}
  - {id: gala, title: A, price: 10 points, budget: {total: 30 CHF, each: 20 CHF}}
  - {id: winter, title: W, price: free, stock: 9, voucher: {code: "W-{6}"}, during: {from: 2026-12-01}}
  - {id: council, title: C, invite: {segments: {any_of: [fan]}, seats: 2, answer_before: 7 days}}
  - {id: late, title: L, price: 5 points, stock: 5, channel: web}
"""
SEGMENTS = 'segments:\n  - {id: fan, when: member.tier == "gold"}\n'
RULES = {**FILES, "points.yaml": POINTS, "offers.yaml": OFFERS, "segments.yaml": SEGMENTS}
RULEBOOK = compile_rulebook(RULES)
BUYS = "at: 2026-03-02 10:00, member: ana, do: purchase, order: o1, amount: 100 CHF"


def play(*steps: str) -> Report:
    """One story; its first step is in line 4."""
    text = "scenarios:\n  - name: a story\n    steps:\n" + "".join(f"      - {{{step}}}\n" for step in steps)
    return run_scenarios(RULES | {"a_test.yaml": text}, RULEBOOK)


def told(report: Report) -> str:
    """What a person reads of the story that failed."""
    assert report.errors == ()
    assert len(report.failed) == 1
    return "\n".join(report.lines())


def at(moment: str, step: str, member: str = "ana") -> str:
    """A step of March 2026: `02 10:00`."""
    return f"at: 2026-03-{moment}, member: {member}, {step}"


LIFE = [
    BUYS,
    at("02 10:01", "claim: ten-off, id: c1"),
    at(
        "02 10:01",
        "expect: {points: {available: 50, redeemed: 50, held: 0}, offers: {ten-off: 1}, stock: {ten-off: 1}}",
    ),
    at("02 10:02", "redeem: c1"),
    at("02 10:02", "redeem: c1, refused: code_redeemed"),
    at("02 10:02", "cancel: c1, refused: code_redeemed"),
    at("02 10:03", "claim: ten-off, id: c2"),
    at("02 10:03", "claim: ten-off, id: c2"),
    at("02 10:03", "expect: {points: 0, offers: {ten-off: 2}, stock: {ten-off: 0}}"),
    at("02 10:04", "cancel: c2"),
    at("02 10:04", "expect: {points: 50, offers: [ten-off], stock: {ten-off: 1}}"),
    at("02 10:05", "redeem: c2, refused: code_cancelled"),
    at("02 10:05", "cancel: c2, refused: claim_cancelled"),
]


def test_a_claim_is_paid_used_once_and_given_back_once() -> None:
    """Points, stock and offers follow it; a claim asked twice with one id is one."""
    report = play(*LIFE)
    assert (report.errors, report.failed) == ((), ())


@pytest.mark.parametrize(
    ("said", "otherwise", "found"),
    [
        ("available: 50,", "available: 51,", "points, available   51         50"),
        ("stock: {ten-off: 1}}", "stock: {ten-off: 2}}", "stock of ten-off   2          1"),
        ("offers: {ten-off: 1}", "offers: {ten-off: 0}", "offer ten-off   0          1"),
        ("redeem: c1, refused: code_redeemed", "redeem: c1", "the code   redeemed   code_redeemed"),
        ("cancel: c1, refused: code_redeemed", "cancel: c1", "the claim   cancelled   code_redeemed"),
        ("cancel: c2}", "cancel: c2, refused: code_redeemed}", "the claim   code_redeemed   cancelled"),
    ],
)
def test_what_is_not_so_fails(said: str, otherwise: str, found: str) -> None:
    """At the first step that differs, with what was expected and what was found."""
    steps = [f"{step}}}" for step in LIFE]
    number = next(number for number, step in enumerate(steps) if said in step)
    steps[number] = steps[number].replace(said, otherwise)
    assert found in told(play(*(step.removesuffix("}") for step in steps)))


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([at("02 10:00", "claim: ten-off, refused: insufficient_points")], id="poor"),
        pytest.param(
            [
                BUYS,
                at("02 10:00", "claim: ten-off"),
                at("02 10:00", "claim: ten-off"),
                at("02 10:01", "do: purchase, order: o2, amount: 70 CHF", "bob"),
                at("02 10:01", "claim: ten-off, refused: out_of_stock", "bob"),
                at("02 10:01", "expect: {points: {available: 70, held: 0}, offers: []}", "bob"),
            ],
            id="nothing is left, and the points are not held",
        ),
        pytest.param(
            [
                at("02 10:00", "claim: once"),
                at("03 10:00", "claim: once, refused: limit_reached"),
                "at: 2026-04-01 00:00, member: ana, claim: once",
            ],
            id="once a month, by the club's calendar",
        ),
        pytest.param(
            [
                BUYS,
                at("02 10:00", "claim: gala"),
                at("02 10:00", "claim: gala, refused: budget_spent"),
                at("02 10:00", "expect: {points: {available: 90, held: 0}}"),
            ],
            id="the budget is spent",
        ),
        pytest.param(
            [
                at("02 10:00", "claim: winter, refused: not_available_now"),
                "at: 2026-12-01 00:00, member: ana, claim: winter",
            ],
            id="from a day on",
        ),
        pytest.param(
            [
                BUYS,
                at("02 10:00", "claim: ten-off, id: c1"),
                "at: 2026-05-01 09:59, member: ana, expect: {offers: [ten-off]}",
                "at: 2026-05-01 10:00, member: ana, redeem: c1, refused: code_expired",
                "at: 2026-05-01 10:00, member: ana, cancel: c1, refused: code_expired",
                "at: 2026-05-01 10:00, member: ana, expect: {offers: []}",
            ],
            id="60 days, and then it is nothing",
        ),
        pytest.param(
            [
                at("02 10:00", "claim: ten-off, id: c1, refused: insufficient_points"),
                at("02 10:00", "cancel: c1, refused: claim_not_issued"),
            ],
            id="what was refused cannot be cancelled",
        ),
    ],
)
def test_each_refusal_can_be_expected(steps: list[str]) -> None:
    """By the code that the service answers."""
    report = play(*steps)
    assert (report.errors, report.failed) == ((), ())


def test_the_trace_says_what_became_of_each_claim() -> None:
    """After the rules on the last action: what was paid, the code, and why the next was refused."""
    text = told(play(*LIFE[:2], at("02 10:02", "claim: gala"), at("02 10:03", "claim: ten-off")))
    assert "the claim   issued     insufficient_points" in text
    code = text.split("code ")[1].split(",")[0]
    assert code.startswith("TEN-")
    assert len(code) == 12
    assert (
        text.splitlines()[-14:-6]
        == [
            "    claim of ana, 2026-03-02 10:01 (a_test.yaml:5):",
            f"      offer ten-off (offers.yaml:3): issued: 50 points paid, code {code}, "
            "valid until 2026-05-01 10:01, 1 of 2 left",
            "",
            "    claim of ana, 2026-03-02 10:02 (a_test.yaml:6):",
            "      offer gala (offers.yaml:5): issued: 10 points paid",
            "",
            "    claim of ana, 2026-03-02 10:03 (a_test.yaml:7):",
            "      offer ten-off (offers.yaml:3): refused: insufficient_points: "
            "50 points asked, 40 available in points",
        ]
        or text
    )
    assert "rule base (points.yaml:2): fired" in text


def test_a_refused_hold_says_why_too() -> None:
    """The sentence of the points service; and who only claims, or holds, is no stranger."""
    report = play(at("02 10:00", "hold: {id: h, points: 7, keep_for: 1 day}"))
    assert "hold h: refused: insufficient_points: 7 points asked, 0 available in points" in told(report)
    assert "did nothing" not in told(report)


def test_machines_read_the_same() -> None:
    """`asked` is a list beside `trace`, each of its shape."""
    (failed,) = play(at("02 10:00", "claim: ten-off")).as_json()["failed"]
    assert failed["trace"] is None
    (asked,) = failed["asked"]
    assert (asked["action"], asked["judged"]) == ("claim of ana, 2026-03-02 10:00 (a_test.yaml:4)", True)
    (line,) = asked["lines"]
    assert (line["kind"], line["name"], line["verdict"]) == ("offer", "ten-off", "refused")
    assert line["why"].startswith("insufficient_points: ")


def test_an_offer_counts_for_coverage_once_it_is_claimed() -> None:
    """A refusal exercises nothing; what is not acted on does not count."""
    names = {
        each.name
        for each in play(
            *LIFE, at("02 10:06", "claim: winter, refused: not_available_now")
        ).coverage.exercised
    }
    assert names == {"base", "ten-off"}
    coverage = play(at("02 10:00", "claim: once")).coverage
    assert {each.name for each in coverage.missed} == {"base", "given", "ten-off", "gala", "winter"}
    assert {each.name for each in coverage.inactive} >= {"council", "late"}


WRONG = {
    "an unknown offer": ("claim: ten-of", "ten-of", "that members claim; did you mean `ten-off`?"),
    "an offer that is given": ("claim: given", "given", "it says `issue`, so it is given"),
    "an offer by invitation": ("claim: council", "council", "it says `invite`"),
    "an offer that is not acted on": ("claim: late", "late", "does not act on `channel` yet"),
    "an unknown claim": (
        "redeem: c2",
        "c2",
        "ana made no claim with the id `c2` before this step; known here: `c1`",
    ),
    "somebody else's": ("redeem: d1", "d1", "`d1` is a claim of bob, not of ana"),
    "no code": ("redeem: o1", "o1", "the offer `once` has no `voucher`"),
    "an offer that was refused": ("redeem: r1", "r1", "the claim `r1` is refused"),
    "an id of another offer": ("claim: once, id: c1", "c1", "`c1` is a claim of `ten-off` already"),
    "a stock of what has none": ("expect: {stock: {once: 1}}", "once", "has a `stock`"),
}


@pytest.mark.parametrize(("step", "word", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_step_is_one_error_at_its_word(step: str, word: str, said: str) -> None:
    """Found before anything is played."""
    before = [
        BUYS,
        at("02 10:00", "claim: ten-off, id: c1"),
        at("02 10:00", "claim: ten-off, id: d1, refused: insufficient_points", "bob"),
        at("02 10:00", "claim: once, id: o1"),
        at("02 10:00", "claim: winter, id: r1, refused: not_available_now"),
    ]
    report = play(*before, at("02 10:01", step))
    (error,) = report.errors
    assert str(error.code) == ("R0504" if "expect" in step else "R0505")
    assert (error.place.line, error.place.text[error.place.column - 1 :].startswith(word)) == (9, True)
    assert said in error.sentence


def test_a_member_without_any_claim_is_told_how_one_is_named() -> None:
    """There is no name to propose."""
    (error,) = play(at("02 10:00", "claim: once"), at("02 10:00", "cancel: once")).errors
    assert "has the name that its `id` says, as in `claim: ten-off, id: c1`" in error.sentence


def test_a_claim_with_an_error_is_not_told_of_again_where_it_is_named() -> None:
    """One mistake, one error."""
    steps = [
        at("02 10:00", "claim: ten-of, id: c1"),
        at("02 10:00", "redeem: c1"),
        at("02 10:00", "cancel: c1"),
    ]
    assert len(play(*steps).errors) == 1
    assert len(play(steps[0].replace("ten-of", "ten-off, refused: perhaps"), *steps[1:]).errors) == 1


# ---- the club in memory -----------------------------------------------------------------


def rich(club: ClubInMemory, member: str) -> None:
    """Gives the member 1,000 points at the instant 0."""
    fields: dict[str, RawField] = {"order": "o", "amount": Money(100_000, "CHF")}
    assert club.send(RawAction("t", member, "purchase", member, 0, fields), 0) is None


def test_a_code_that_is_taken_is_followed_by_another() -> None:
    """Two claims whose codes come of one seed: the second gets its next code at once."""
    club = ClubInMemory(RULEBOOK)
    for member in ("a", "a/b"):
        rich(club, member)
    found = [club.claim("a", "ten-off", "b/c", 1), club.claim("a/b", "ten-off", "c", 1)]
    codes = {view.code for view in found if isinstance(view, ClaimView)}
    assert len(codes) == 2
    assert all(codes)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "cancel", "redeem"]),
        st.sampled_from(["ana", "bob"]),
        st.sampled_from(["ten-off", "gala"]),
        st.integers(0, 3),
    ),
    max_size=25,
)


@given(STEPS)
def test_points_and_stock_are_what_the_claims_left(steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever is claimed, cancelled and redeemed: paid is what is had, and never more than there is."""
    club, price = ClubInMemory(RULEBOOK), {"ten-off": 50, "gala": 10}
    for member in ("ana", "bob"):
        rich(club, member)
    had: dict[tuple[str, str], ClaimView] = {}
    for number, (what, member, offer, name) in enumerate(steps):
        claim, now = (member, f"{offer}-{name}"), number + 1
        if what == "claim":
            view = club.claim(member, offer, claim[1], now)
            assert isinstance(view, ClaimView)
            if view.status == "issued":
                had.setdefault(claim, view)
        elif what == "cancel":
            said = club.cancel(member, claim[1], f"k{number}", now)
            assert isinstance(said, CancelView)
            if not said.code:
                del had[claim]
        elif claim in had and had[claim].code:
            club.redeem(had[claim].code, f"k{number}", now)
    for member in ("ana", "bob"):
        standing = club.standing(member)
        wallet = standing.wallets["points"]
        mine = [offer.rsplit("-", 1)[0] for who, offer in had if who == member]
        assert wallet.available == 1000 - sum(map(price.__getitem__, mine))
        assert wallet.held == 0
        assert standing.offers == {offer: mine.count(offer) for offer in set(mine)}
    left = club.standing("ana").stock["ten-off"]
    assert left == 2 - sum(offer.startswith("ten-off") for _, offer in had) >= 0
    assert sum(offer.startswith("gala") for _, offer in had) <= 1


class _Points:
    """A points service that answers every call alike."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def Hold(self, _: object) -> None:
        if self._error:
            raise self._error

    Capture = Release = Hold


@pytest.mark.parametrize("step", ["hold", "capture", "release"])
@pytest.mark.parametrize("code", ["", "insufficient_points", "hold_released", "hold_captured"])
def test_what_a_claim_is_told_is_what_the_real_shell_tells_it(step: str, code: str) -> None:
    """The answer to a call in memory and the answer by gRPC are the same command."""
    asks = AskPoints("ana", "c", step, "points", 5, 1)
    call = Call(f"c/{step}", asks)
    error = RefusedCall(code, "why") if code else None
    real = asyncio.run(answered(_Points(error), call.id, asks))
    refused = Refused(call.id, 1, code, "why", "")
    outcome: Decision[object] = Decision((), refused if code else object())
    assert answer_to(call, outcome) == real
    if code:
        assert answer_to(call, Rejection(code, "why")) == real
    assert command_of(call).issued_at == 1
