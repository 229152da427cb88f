"""The three services, as far as tools look into them, and their stores."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cercle.runtime.redis_store import RedisStore, connect
from cercle.runtime.service import Service
from cercle.runtime.settings import Settings
from services.badges.stream import SERVICE as BADGES
from services.console.errors import CommandError
from services.offers.stream import SERVICE as OFFERS
from services.points.stream import SERVICE as POINTS

SERVICES: dict[str, Service] = {service.name: service for service in (POINTS, BADGES, OFFERS)}

Stores = dict[str, RedisStore]
"""By the service's name."""


def service_named(name: str) -> Service:
    """Raises CommandError."""
    if name not in SERVICES:
        raise CommandError(f"There is no service {name!r}; there are {', '.join(SERVICES)}.")
    return SERVICES[name]


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores of all services, on one connection pool."""
    redis = connect(settings.redis)
    try:
        yield {name: RedisStore(redis, settings.club, name) for name in SERVICES}
    finally:
        await redis.aclose()
