"""Scenarios of a club with offers that members claim."""

from cercle.rulebook import compile_rulebook
from services.console.scenarios import run_scenarios
from tests.unit.rulebook.small_club import FILES

OFFERS = """\
offers:
  - {id: given, title: G, price: free, issue: {on: visit}}
  - {id: ten-off, title: T, price: 500 points, stock: 9}
"""
STORY = """\
scenarios:
  - name: a visit
    steps:
      - {at: 2026-03-02 10:00, member: ana, do: visit, shop: 3}
      - {at: 2026-03-02 10:00, member: ana, expect: {offers: %s}}
"""


def test_an_offer_that_is_claimed_counts_for_no_coverage() -> None:
    """No step of a scenario claims, so that none could exercise it; that nobody has it can be expected."""
    files = {**FILES, "offers.yaml": OFFERS, "a_test.yaml": STORY % "{given: 1, ten-off: 0}"}
    report = run_scenarios(files, compile_rulebook(files))
    assert (report.errors, report.failed) == ((), ())
    assert [each.name for each in report.coverage.exercised] == ["given"]
    assert (report.coverage.percent, report.coverage.missed, report.coverage.inactive) == (100, (), ())


def test_an_offer_that_is_claimed_is_given_to_nobody() -> None:
    """A scenario that expects it fails, and says what there was."""
    files = {**FILES, "offers.yaml": OFFERS, "a_test.yaml": STORY % "{ten-off: 1}"}
    (failure,) = run_scenarios(files, compile_rulebook(files)).failed
    assert failure.name == "a visit"
