"""Which versions of the rules count, from when, and whether a service may judge by what it has read."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cercle.rulebook import RulebookError, compile_rulebook
from cercle.runtime.rulebooks import InactiveError, Line, Rulebooks
from cercle.wire.rulebook_pb2 import RulebookPublished
from tests.integration.rules import FILES, POINTS

NAMES = ("a", "b", "c")


class Hands:
    """A clock whose hands are moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> int:
        return int(self.seconds * 1000)

    def monotonic(self) -> float:
        return self.seconds


def record(version: str, previous: str = "", starts: int = 0, **more: object) -> RulebookPublished:
    """A record of the topic, under any name."""
    return RulebookPublished(
        version=version,
        previous=previous,
        effective_from_ms=starts,
        files=more.pop("files", FILES),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def read(*records: RulebookPublished) -> Rulebooks:
    """A reader of that topic."""
    rulebooks = Rulebooks(Hands())
    for each in records:
        rulebooks.add(each)
    return rulebooks


def judging(rulebooks: Rulebooks, instant: int) -> str:
    """The name of the version that judges then; empty without any."""
    version = rulebooks.at(instant)
    return version.version if version is not None else ""


def test_version_judges_from_its_very_instant_on() -> None:
    """The millisecond before belongs to the version before; the first also judges what came before it."""
    rulebooks = read(record("a", starts=100), record("b", "a", 200), record("c", "b", 300))
    found = {at: judging(rulebooks, at) for at in (-(10**12), 99, 100, 199, 200, 201, 299, 300, 10**15)}
    assert [*found.values()] == ["a", "a", "a", "a", "b", "b", "b", "c", "c"]


def test_nothing_is_judged_without_rules() -> None:
    """Before the first version there is none; a record that follows nothing is void, and changes nothing."""
    rulebooks = read(record("b", "a", 5))
    assert judging(rulebooks, 10) == ""
    assert rulebooks.versions == []


def test_of_two_that_name_the_same_version_the_first_counts() -> None:
    """Whatever the other says and whenever it would begin; who names the first goes on from it."""
    rulebooks = read(record("a"), record("b", "a", 50), record("c", "a", 10), record("d", "b", 90))
    assert [version.version for version in rulebooks.versions] == ["a", "b", "d"]
    assert [judging(rulebooks, at) for at in (9, 10, 49, 50, 90)] == ["a", "a", "a", "b", "d"]


def test_version_may_come_back() -> None:
    """Going back to older rules is a publication like any other; a repeated record is void."""
    rulebooks = read(record("a"), record("b", "a", 10), record("b", "a", 10), record("a", "b", 20))
    assert [version.version for version in rulebooks.versions] == ["a", "b", "a"]
    assert [judging(rulebooks, at) for at in (5, 15, 25)] == ["a", "b", "a"]


def test_no_version_begins_before_the_one_before_it() -> None:
    """What was published for an earlier instant begins together with the one before, and replaces it."""
    rulebooks = read(record("a"), record("b", "a", 50), record("c", "b", 20))
    assert [judging(rulebooks, at) for at in (20, 49, 50)] == ["a", "a", "c"]


records_of_a_topic = st.lists(
    st.builds(record, st.sampled_from(NAMES), st.sampled_from(("", *NAMES)), st.integers(0, 5)), max_size=12
)


def by_definition(records: list[RulebookPublished], instant: int) -> str:
    """Who judges then, said anew: of those that count the last that has begun, or the first."""
    head, begun, judge = "", -1, ""
    for each in records:
        if each.previous == head:
            head, begun = each.version, max(begun, each.effective_from_ms)
            if begun <= instant or not judge:
                judge = head
    return judge


@settings(max_examples=60, deadline=None)
@given(records_of_a_topic, st.integers(-1, 6))
def test_all_readers_agree_whatever_the_order(records: list[RulebookPublished], instant: int) -> None:
    """Services, whichever way they compile, and the tools: the same versions, the same judge."""
    rulebooks, line = read(*records), Line()
    told = [each.version for each in records if line.take(each) is not None]
    assert [version.version for version in rulebooks.versions] == told

    async def beside() -> Rulebooks:
        other = Rulebooks(Hands())
        for each in records:
            await other.add_beside(each)
        return other

    other = asyncio.run(beside())
    assert judging(rulebooks, instant) == judging(other, instant) == by_definition(records, instant)


def test_actions_wait_until_the_topic_was_read_to_its_end() -> None:
    """And again when half of the lead has gone by since; an answer counts from when the broker gave it."""
    clock = Hands()
    rulebooks = Rulebooks(clock, lead_seconds=10)
    rulebooks.read_to_end()
    assert not rulebooks.fresh(), "there are no rules"
    rulebooks.add(record("a"))
    assert rulebooks.fresh()
    clock.seconds += 4.9
    assert rulebooks.fresh()
    clock.seconds += 0.1
    assert not rulebooks.fresh()
    rulebooks.read_to_end(seconds_ago=3)
    assert rulebooks.fresh()
    clock.seconds += 2
    assert not rulebooks.fresh()
    rulebooks.read_to_end(seconds_ago=60)
    assert not rulebooks.fresh(), "an older answer says nothing new"


def test_version_is_called_as_it_was_published() -> None:
    """Whatever this Cercle would call it: decisions name what is in the topic."""
    rulebooks = read(record("as-published"))
    assert judging(rulebooks, 0) == "as-published" != compile_rulebook(FILES).version


def test_rules_that_cannot_be_read_stop_the_service() -> None:
    """Going on with the old ones would judge wrongly."""
    with pytest.raises(RulebookError, match="no-such-key"):
        read(record("a", files={**FILES, "points.yaml": POINTS + "no-such-key: 1\n"}))


def test_rules_that_are_not_acted_on_stop_the_service_unless_accepted() -> None:
    """The publisher must have said that it is meant."""
    files = {**FILES, "points.yaml": POINTS.replace("    limit:", "    cooldown: 10 minutes\n    limit:")}
    with pytest.raises(InactiveError, match="cooldown"):
        read(record("a", files=files))
    rulebooks = read(record("a", files=files, accepts_inactive=True))
    assert judging(rulebooks, 0) == "a"


def test_large_rulebook_does_not_hold_up_the_loop() -> None:
    """While a version is compiled, whatever else the worker does goes on."""
    rule = """  - {{id: r{n}, on: purchase, when: discs > {n}, earn: {{points: 1}}}}\n"""
    many = "rules:\n" + "".join(rule.format(n=n) for n in range(500))
    large = record("a", files={**FILES, "points.yaml": many})

    async def turns() -> int:
        adding = asyncio.create_task(Rulebooks(Hands()).add_beside(large))
        count = 0
        while not adding.done():
            await asyncio.sleep(0.001)
            count += 1
        await adding
        return count

    assert asyncio.run(turns()) > 10
