"""Scenarios of what crosses members: quick answers, referrals and transfers, played by the real rules."""

import pytest

from cercle.rulebook import compile_rulebook
from services.console.scenarios import Report, run_scenarios

RULES = {
    "club.yaml": """
club: forum
name: {en: The Forum}
time_zone: Europe/Paris
languages: [en]
currency: EUR
lateness: 30 days
""",
    "actions.yaml": """
actions:
  purchase: {fields: {amount: money}}
  question_asked: {fields: {question: text}}
  answer_given: {fields: {question: text}}
""",
    "points.yaml": """
wallets:
  points: {transfer: {at_most: 50 points}}
  karma: {expires: never}
rules:
  - {id: base, on: purchase, earn: {points: 1, for_each: 1 EUR}}
  - {id: friends, on: referral, earn: {points: 100, friend: 50}}
  - {id: quick, on: answer_given, earn: {points: 5, in: karma},
     soon_after: {action: question_asked, by: question, at_most: 30 minutes}}
""",
}
STORIES = """
scenarios:
  - name: a quick answer earns, whichever is heard of first
    steps:
      - {at: 2026-03-02 10:00, member: ana, do: question_asked, question: q1, sent_at: 2026-03-03 10:00}
      - {at: 2026-03-02 10:20, member: bob, do: answer_given, question: q1, sent_at: 2026-03-03 10:00}
      - {at: 2026-03-03 10:00, member: bob, expect: {karma: 5}}
      - {at: 2026-03-04 10:20, member: eve, do: answer_given, question: q2}
      - {at: 2026-03-04 10:00, member: ana, do: question_asked, question: q2, sent_at: 2026-03-04 10:30}
      - {at: 2026-03-04 10:30, member: eve, expect: {karma: 5}}
      - {at: 2026-03-04 10:31, member: eve, do: answer_given, question: q2}
      - {at: 2026-03-04 10:31, member: eve, expect: {karma: 5}}
  - name: both sides of a referral are paid
    steps:
      - {at: 2026-03-02 10:00, member: ana, do: referral, friend: bob}
      - {at: 2026-03-02 10:00, member: ana, expect: {points: 0}}
      - {at: 2026-03-02 11:00, member: bob, do: purchase, amount: 10 EUR}
      - {at: 2026-03-02 11:00, member: bob, expect: {points: 60}}
      - {at: 2026-03-02 11:00, member: ana, expect: {points: 100}}
  - name: points are sent, and come back from nobody
    steps:
      - {at: 2026-03-02 10:00, member: ana, do: purchase, amount: 90 EUR}
      - {at: 2026-03-02 10:00, member: bob, do: purchase, amount: 1 EUR}
      - {at: 2026-03-02 10:01, member: ana, transfer: {to: bob, points: 50}}
      - {at: 2026-03-02 10:01, member: ana, transfer: {to: bbo, points: 40}}
      - {at: 2026-03-02 10:01, member: ana, transfer: {to: bob, points: 51}, refused: transfer_limit}
      - {at: 2026-03-02 10:01, member: ana, transfer: {to: ana, points: 1}, refused: self_transfer}
      - {at: 2026-03-02 10:01, member: ana, transfer: {to: bob, points: 41}, refused: insufficient_points}
      - {at: 2026-03-02 10:02, member: ana, expect: {points: {available: 40, transferred: 50}}}
      - {at: 2026-03-02 10:02, member: bob, expect: {points: {available: 51, transferred: -50}}}
"""


def play(stories: str) -> Report:
    """In the forum's club."""
    return run_scenarios(RULES | {"a_test.yaml": stories}, compile_rulebook(RULES))


def test_what_crosses_members_can_be_told_in_scenarios() -> None:
    """Each story passes, and together they exercise every rule."""
    report = play(STORIES)
    assert (report.errors, report.failed) == ((), ())
    assert (len(report.passed), report.coverage.percent) == (3, 100)


@pytest.mark.parametrize(
    ("said", "otherwise"),
    [
        ("{karma: 5}}\n      - {at: 2026-03-04 10:20", "{karma: 6}}\n      - {at: 2026-03-04 10:20"),
        ("{points: 60}", "{points: 10}"),
        ("transferred: -50", "transferred: 50"),
        (", refused: transfer_limit", ""),
    ],
)
def test_what_is_not_so_fails(said: str, otherwise: str) -> None:
    """Another number, or a refusal that was not expected."""
    assert STORIES.count(said) == 1
    assert len(play(STORIES.replace(said, otherwise)).failed) == 1


def test_a_wallet_that_is_none_is_an_error() -> None:
    """As in a hold."""
    report = play(STORIES.replace("{to: bob, points: 50}", "{to: bob, points: 50, in: gold}"))
    [error] = report.errors
    assert "`gold` is not a wallet" in error.sentence
