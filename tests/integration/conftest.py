"""Running clubs for these tests: one that all share, and one to be treated badly."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from cercle.domain.action import Money, RawAction, RawField
from tests.integration.rules import FILES
from tests.integration.running import RunningClub, now_ms, serving
from tests.servers import Server, real_redis

Purchase = Callable[..., RawAction]


@pytest.fixture(scope="session")
def town(
    kafka: Server, redis_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club with all three services, shared by all tests: each keeps to members of its own."""
    club = RunningClub(kafka, redis_server, "town", tmp_path_factory.mktemp("town"))
    yield from serving(club, FILES)


@pytest.fixture(scope="module")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Redis for one module, to be flushed and held up."""
    with real_redis(tmp_path_factory.mktemp("own-redis")) as server:
        yield server


@pytest.fixture(scope="module")
def rough(
    kafka: Server, own_store: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningClub]:
    """A club that runs points alone, whose process is killed and whose store is emptied."""
    club = RunningClub(kafka, own_store, "rough", tmp_path_factory.mktemp("rough"))
    club.publish(FILES)
    try:
        club.start("points")
        yield club
    finally:
        club.close()


_numbers = itertools.count(1)


@pytest.fixture
def member() -> str:
    """A member of this test alone."""
    return f"m{next(_numbers)}"


@pytest.fixture
def members() -> Callable[[], str]:
    """As many members as a test wants."""
    return lambda: f"m{next(_numbers)}"


def action(member_id: str, kind: str, occurred_at: int | None = None, **fields: RawField) -> RawAction:
    """An action of a member, with an id of its own, now."""
    number = next(_numbers)
    at = now_ms() if occurred_at is None else occurred_at
    return RawAction("tests", f"a{number}", kind, member_id, at, dict(fields))


def purchase(member_id: str, dollars: int, occurred_at: int | None = None, **fields: RawField) -> RawAction:
    """A purchase of that many dollars."""
    return action(member_id, "purchase", occurred_at, amount=Money(dollars * 100, "USD"), **fields)
