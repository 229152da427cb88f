"""offers.yaml: offers that members claim, and the codes of their vouchers."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cercle.rulebook import Budget, Claimable, MemberFacts, Offer, PeriodLimit, VoucherPattern, code_from
from cercle.rulebook.times import Span
from cercle.rulebook.vouchers import ALPHABET
from tests.unit.rulebook.small_club import small_club

ZURICH = ZoneInfo("Europe/Zurich")
KARMA = "wallets: {karma: {expires: never}}"


def offers(*said: str) -> dict[str, Offer]:
    """The offers of a club, of entries that say this besides their title."""
    text = "offers:\n" + "".join(f"  - {{title: T, {each}}}\n" for each in said)
    rulebook = small_club(points=KARMA, offers=text)
    assert rulebook.inactive == ()
    return dict(rulebook.offers.offers)


def claim(said: str) -> Claimable:
    """What a member may claim of an offer that says this."""
    found = offers(f"id: o, {said}")["o"].claim
    assert found is not None
    return found


def at(local: str) -> int:
    """The instant at which the club's clocks show this."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZURICH).timestamp()) * 1000


def test_an_offer_without_bounds_is_claimed_for_its_price() -> None:
    """Free, for points, or for those of another wallet."""
    assert claim("price: free") == Claimable(0, "points")
    assert claim("price: 500 points") == Claimable(500, "points")
    assert claim("price: 5 karma") == Claimable(5, "karma")


def test_every_bound_is_what_it_says() -> None:
    """Money in minor units, the limit in times of a period, the voucher by its parts."""
    found = claim(
        'price: 500 points, voucher: {code: "TEN-{8}", valid: 60 days}, stock: 1000, '
        "limit: {times: 2, per: month}, budget: {total: 20000 CHF, each: 9.50 CHF}"
    )
    assert found == Claimable(
        500,
        "points",
        1000,
        PeriodLimit(None, 2, "month"),
        Budget(2_000_000, 950),
        VoucherPattern("TEN-", 8, "", Span(60, "day"), ZURICH),
    )


@pytest.mark.parametrize("per", ["day", "week", "month", "year", "life"])
def test_every_period_of_the_calendar_is_a_limit(per: str) -> None:
    """For one member."""
    assert claim(f"price: free, limit: {{times: 1, per: {per}}}").limit == PeriodLimit(None, 1, per)


def test_an_offer_is_to_be_had_within_its_dates() -> None:
    """By the club's clocks."""
    window = claim("price: free, during: {from: 2026-11-27 09:00, until: 2026-11-30}").window
    assert window is not None
    found = [
        window.contains(at(local))
        for local in ("2026-11-27 08:59", "2026-11-27 09:00", "2026-11-30 23:59", "2026-12-01 00:00")
    ]
    assert found == [False, True, True, False]


def test_what_is_claimed_is_given_to_nobody_and_what_is_given_is_not_claimed() -> None:
    """Both are among the offers; only issuing looks at what happens."""
    text = (
        "offers:\n"
        "  - {id: claimed, title: T, price: free}\n"
        "  - {id: given, title: T, price: free, issue: {on: visit}}\n"
    )
    rules = small_club(offers=text).offers
    assert {name: offer.claim is not None for name, offer in rules.offers.items()} == {
        "claimed": True,
        "given": False,
    }
    assert [offer.id for offer in rules.issued_on("visit", {"shop": 1}, 0, MemberFacts())] == ["given"]
    assert not small_club(offers=text.rpartition("  - ")[0]).offers.concern_actions


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("channel: web", "`channel: web` yet: nobody can claim the offer"),
        ("when: metrics.visits > 1", "`when: metrics.visits > 1` yet: nobody can claim the offer"),
        ("limit: {times: 1, per: 30 days}", "`per: 30 days` yet: nobody can have the offer"),
        ("voucher: {pool: codes.csv}", "`pool: codes.csv` yet: nobody can have the offer"),
    ],
)
def test_an_offer_with_a_condition_that_is_not_acted_on_is_claimed_by_nobody(said: str, told: str) -> None:
    """Better had by nobody than by everybody."""
    rulebook = small_club(
        metrics="metrics: {visits: {count: visit, over: life}}",
        offers=f"offers: [{{id: o, title: T, price: 5 points, {said}}}]",
    )
    assert [each.sentence for each in rulebook.inactive] == [f"this version of Cercle does not act on {told}"]
    assert not rulebook.offers.offers


PATTERN = VoucherPattern("TEN-", 8, "-x", None, ZURICH)
PATTERNS = st.builds(
    VoucherPattern, st.from_regex("[A-Za-z0-9-]{0,24}", fullmatch=True), st.integers(6, 32),
    st.from_regex("[A-Za-z0-9-]{0,24}", fullmatch=True), st.none(), st.just(ZURICH),
)  # fmt: skip


@given(PATTERNS, st.binary(min_size=16, max_size=80), st.integers(0, 2**63 - 1))
def test_a_code_looks_like_its_pattern(pattern: VoucherPattern, seed: bytes, attempt: int) -> None:
    """The same for the same seed and attempt; letters and digits that nobody reads for each other."""
    code = code_from(pattern, seed, attempt)
    assert code == code_from(pattern, seed, attempt)
    made = code[len(pattern.prefix) : len(code) - len(pattern.suffix)]
    assert (code.startswith(pattern.prefix), code.endswith(pattern.suffix)) == (True, True)
    assert len(made) == pattern.length
    assert set(made) <= set(ALPHABET)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.integers(0, 1000))
def test_another_seed_or_attempt_is_another_code(one: bytes, other: bytes, attempt: int) -> None:
    """So that a code that is taken is followed by another (of 32 letters, so that chance decides nothing)."""
    pattern = VoucherPattern("", 32, "", None, ZURICH)
    assert code_from(pattern, one, attempt) != code_from(pattern, one, attempt + 1)
    assert (code_from(pattern, one, attempt) == code_from(pattern, other, attempt)) is (one == other)


def test_the_letters_of_codes_are_unlike_each_other_and_all_used_alike() -> None:
    """32 of them, so that each byte gives one fairly: no code is likelier than another."""
    assert len(set(ALPHABET)) == len(ALPHABET) == 32
    assert not set(ALPHABET) & set("0O1I")
    made = "".join(code_from(PATTERN, b"seed of a test..", number)[4:12] for number in range(4000))
    counts = [made.count(letter) for letter in ALPHABET]
    assert min(counts) > 850 and max(counts) < 1150, counts


def test_codes_are_what_they_were() -> None:
    """A code that was given can be worked out again by any later version."""
    codes = [code_from(PATTERN, bytes(range(16)), attempt) for attempt in (0, 1)]
    assert codes == ["TEN-VRW9U4GD-x", "TEN-R5MWG7DV-x"]


@pytest.mark.parametrize(
    ("valid", "issued", "until"),
    [
        ("60 days", "2026-01-15 10:30", "2026-03-16 10:30"),
        ("60 days", "2026-02-15 10:30", "2026-04-16 10:30"),
        ("2 months", "2026-12-31 23:59", "2027-02-28 23:59"),
        ("1 quarter", "2026-11-30 08:00", "2027-02-28 08:00"),
        ("1 year", "2028-02-29 08:00", "2029-02-28 08:00"),
        ("2 weeks", "2026-03-22 02:30", "2026-04-05 02:30"),
        ("1 week", "2026-03-22 02:30", "2026-03-29 03:00"),
    ],
)
def test_a_voucher_is_good_until_the_same_time_of_a_later_date(valid: str, issued: str, until: str) -> None:
    """Summer time or not; a time that the clocks leave out is the first after it."""
    voucher = claim(f'price: free, voucher: {{code: "A-{{8}}", valid: {valid}}}').voucher
    assert voucher is not None
    assert voucher.valid_until(at(issued) + 123) == at(until) + 123


def test_a_voucher_without_an_end_is_good_for_ever() -> None:
    """No `valid`, no instant."""
    voucher = claim('price: free, voucher: {code: "{32}-A"}').voucher
    assert voucher == VoucherPattern("", 32, "-A", None, ZURICH)
    assert voucher.valid_until(0) is None
