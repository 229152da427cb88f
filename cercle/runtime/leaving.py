"""How a static member leaves its group. Clients do not: one that only stops keeps its partitions."""

import asyncio

from kafka.admin import KafkaAdminClient, MemberToRemove

LEAVE_SECONDS = 3.0


async def leave_group(bootstrap: str, group: str, instance: str, member_id: str) -> None:
    """Takes the member out of the group, so that the others are given its partitions at once.

    Not when another process has taken over its instance id meanwhile. Raises KafkaError.
    """
    await asyncio.to_thread(_leave, bootstrap, group, instance, member_id)


def _leave(bootstrap: str, group: str, instance: str, member_id: str) -> None:
    milliseconds = int(LEAVE_SECONDS * 1000)
    admin = KafkaAdminClient(
        bootstrap_servers=bootstrap,
        request_timeout_ms=milliseconds,
        bootstrap_timeout_ms=milliseconds,
    )
    try:
        found = admin.remove_group_members(group, [MemberToRemove(member_id, instance)])
    finally:
        admin.close()
    for error in found.values():
        if error().errno:
            raise error
