"""Which version of the rules judges an action."""

from dataclasses import dataclass

import pytest

from cercle.actions.codec import encode
from cercle.actions.intake import take
from cercle.actions.partition import partition_of
from cercle.domain.action import Money, RawAction
from cercle.rulebook import Rulebook, compile_rulebook

RULES = compile_rulebook(
    {
        "club.yaml": "club: shop\nname: Shop\ntime_zone: Europe/Paris\nlanguages: [en]\n"
        "currency: EUR\nlateness: 30 days\n",
        "actions.yaml": "actions: {purchase: {fields: {amount: money}}}\n",
    }
)
OCCURRED = 1_772_445_600_000


@dataclass(frozen=True)
class Record:
    """A record of the actions topic."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int


@pytest.mark.parametrize(
    ("sent_after", "judged_after"),
    [(0, 0), (3_600_000, 0), (-240_000, -240_000)],
    ids=["at once", "an hour late", "dated four minutes ahead"],
)
def test_an_action_is_judged_by_the_version_of_its_time_and_never_of_a_time_to_come(
    sent_after: int, judged_after: int
) -> None:
    """A version is sure to be known before its time, not minutes before: a clock ahead cannot outrun it."""
    key, value, headers = encode(
        RawAction("shop", "1", "purchase", "ana", OCCURRED, {"amount": Money(100, "EUR")})
    )
    record = Record(partition_of(key, 4), key, value, tuple(headers), OCCURRED + sent_after)
    asked: list[int] = []

    def rules_at(instant: int) -> Rulebook:
        asked.append(instant)
        return RULES

    assert isinstance(take(record, rules_at, 4), tuple)
    assert asked == [OCCURRED + judged_after]
