"""Who serves a member of another service, for services that call each other (cercle.client)."""

from collections.abc import Awaitable, Callable, Sequence

from cercle.actions.partition import partition_of
from cercle.runtime.store import NotReady, Store, StoreLost


def owners_of(store: Store, partition_count: int) -> Callable[[str], Awaitable[Sequence[str]]]:
    """`addresses(member_id)` for a Client: the owner, by the other service's store; none while it moves."""

    async def addresses(member_id: str) -> Sequence[str]:
        try:
            return [await store.address(partition_of(member_id.encode(), partition_count))]
        except (NotReady, StoreLost):
            return []

    return addresses
