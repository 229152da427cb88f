"""The store in Redis: one Lua call a batch, all keys of a partition under one hash tag.

Keys: `cercle:<club>:<service>:{<club>:<partition>}:<part>` with the parts meta (hash:
owner, address, seq, oe, positions, at, checkpoint, heard, ready, epochs), state (hash: key to
bytes), outbox (list), due (sorted set), board:<name> (sorted sets).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgpack
from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from cercle.domain.decision import Instant
from cercle.runtime.store import (
    Change,
    Fenced,
    Footing,
    NotReady,
    Reading,
    RolledBack,
    Standing,
    StoreLost,
    by_key,
    flat,
)

_ANSWER_SECONDS = 10.0

_OWNED = """
local m = redis.call('HMGET', KEYS[1], 'owner', 'seq', 'oe')
if m[1] ~= ARGV[1] then return 'FENCED' end
"""

_STANDS = (
    _OWNED
    + """
if (m[2] or '0') ~= ARGV[2] or (m[3] or '0') ~= ARGV[3] then return 'ROLLED_BACK' end
"""
)

# Lua's unpack takes under 8000 values.
_SLICES = """
local function slices(command, key, list)
  for i = 1, #list, 4000 do
    redis.call(command, key, unpack(list, i, math.min(i + 3999, #list)))
  end
end
"""

_COMMIT = (
    _STANDS
    + _SLICES
    + """
local c = cmsgpack.unpack(ARGV[4])
slices('HSET', KEYS[2], c.states)
if c.clear then redis.call('DEL', KEYS[3]) end
while c.trim > 0 do
  local head = redis.call('LINDEX', KEYS[3], 0)
  if not head or tonumber(string.match(head, '^%d+')) > c.trim then break end
  redis.call('LPOP', KEYS[3])
end
if #c.outbox > 0 then redis.call('RPUSH', KEYS[3], c.outbox) end
slices('ZADD', KEYS[4], c.due)
slices('ZREM', KEYS[4], c.undue)
for i, scores in ipairs(c.boards) do slices('ZADD', KEYS[4 + i], scores) end
redis.call('HSET', KEYS[1], 'seq', c.seq, 'oe', c.oe, 'positions', c.positions, 'at', c.at)
if #c.checkpoint > 0 then redis.call('HSET', KEYS[1], 'checkpoint', c.checkpoint) end
if #c.heard > 0 then redis.call('HSET', KEYS[1], 'heard', c.heard) end
return redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
"""
)

_TAKE = """
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'address', ARGV[2])
redis.call('HDEL', KEYS[1], 'ready')
"""

_FORGET = """
for _, part in ipairs(redis.call('HKEYS', KEYS[1])) do
  if part ~= 'owner' and part ~= 'address' then redis.call('HDEL', KEYS[1], part) end
end
redis.call('DEL', unpack(KEYS, 2))
"""

_SERVE = _STANDS + "redis.call('HSET', KEYS[1], 'ready', '1', 'epochs', ARGV[4])"

_LOAD = (
    _STANDS
    + """
local keys, found = cmsgpack.unpack(ARGV[4]), {}
for i = 1, #keys, 4000 do
  local part = redis.call('HMGET', KEYS[2], unpack(keys, i, math.min(i + 3999, #keys)))
  for _, value in ipairs(part) do found[#found + 1] = value end
end
return found
"""
)

_DUE = _STANDS + "return redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', ARGV[4], 'LIMIT', 0, ARGV[5])"

_READ = """
local m = redis.call('HMGET', KEYS[1], 'ready', 'seq', 'at')
if not m[1] then return 'NOT_READY' end
return {redis.call('HGET', KEYS[2], ARGV[1]), m[2], m[3]}
"""

_TOP = """
if redis.call('HEXISTS', KEYS[1], 'ready') == 0 then return 'NOT_READY' end
local last = redis.call('ZREVRANGE', KEYS[5], ARGV[1] - 1, ARGV[1] - 1, 'WITHSCORES')
if last[2] then return redis.call('ZREVRANGEBYSCORE', KEYS[5], '+inf', last[2], 'WITHSCORES') end
return redis.call('ZREVRANGE', KEYS[5], 0, -1, 'WITHSCORES')
"""


def connect(url: str) -> "Redis":
    """The client of Redis that a RedisStore needs; close it with `aclose`.

    Without the client's own socket_timeout: its asyncio.wait_for swallows, before Python 3.12, the
    cancellation of an owner that must stop, which would then serve on for ever. RedisStore has its own.
    """
    return Redis.from_url(url, socket_timeout=None)


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Raises StoreLost when Redis fails, or takes too long."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield
    except (RedisError, TimeoutError) as error:
        raise StoreLost(f"Redis: {error or type(error).__name__}") from error


def _packed(arguments: Any) -> bytes:
    """One argument for many: Redis's cmsgpack knows bytes only as msgpack's old raw strings."""
    return cast("bytes", msgpack.packb(arguments, use_bin_type=False))


class RedisStore:
    """A `Store` in Redis 7 (or the embedded 6.2); `redis` answers bytes."""

    def __init__(self, redis: "Redis", club: str, service: str) -> None:
        self._redis = redis
        self._prefix = f"cercle:{club}:{service}"
        self._club = club
        self._scripts: dict[str, AsyncScript] = {}

    def _keys(self, partition: int, *boards: str) -> list[str]:
        start = f"{self._prefix}:{{{self._club}:{partition}}}"
        parts = ("meta", "state", "outbox", "due", *(f"board:{board}" for board in boards))
        return [f"{start}:{part}" for part in parts]

    async def _run(self, script: str, keys: list[str], *arguments: Any) -> Any:
        ready = self._scripts.get(script)
        if ready is None:
            ready = self._scripts[script] = self._redis.register_script(script)
        async with _answering():
            answer = await ready(keys=keys, args=list(arguments))
        match answer:
            case b"FENCED":
                raise Fenced
            case b"ROLLED_BACK":
                raise RolledBack
            case b"NOT_READY":
                raise NotReady
        return answer

    async def take(self, partition: int, token: bytes, address: str) -> None:
        await self._run(_TAKE, self._keys(partition), token, address)

    async def look(self, partition: int, token: bytes) -> Standing:
        await self._run(_OWNED, self._keys(partition), token)
        return await self.standing(partition)

    async def standing(self, partition: int) -> Standing:
        meta, _, outbox, _ = self._keys(partition)
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(meta, ["seq", "oe", "positions", "at", "checkpoint", "epochs", "heard"])
            pipeline.lrange(outbox, 0, -1)
            async with _answering():
                (seq, oe, positions, at, checkpoint, epochs, heard), batches = await pipeline.execute()
        return Standing(
            Footing(int(seq or 0), int(oe or 0)),
            positions or b"",
            int(at or 0),
            checkpoint or b"",
            [batch.split(b":", 1)[1] for batch in batches],
            epochs or b"",
            heard or b"",
        )

    async def wipe(self, partition: int, token: bytes) -> None:
        keys = await self._all_keys(partition)
        await self._run(_OWNED + _FORGET, keys, token)

    async def forget(self, partition: int) -> None:
        # The owner too: it is then fenced at its next look, and acquires the partition anew.
        await self._redis.delete(*await self._all_keys(partition))

    async def _all_keys(self, partition: int) -> list[str]:
        keys = self._keys(partition)
        boards = keys[0].removesuffix("meta") + "board:*"
        pattern = boards.replace("[", "\\[")
        return keys + [found.decode() async for found in self._redis.scan_iter(pattern, count=10_000)]

    async def commit(self, partition: int, token: bytes, on: Footing, change: Change) -> Instant | None:
        blob = _packed(
            {
                "seq": str(change.footing.seq),
                "oe": str(change.footing.oe),
                "positions": change.positions,
                "at": str(change.at),
                "outbox": b"%d:%b" % (change.footing.seq, change.outbox) if change.outbox else b"",
                "clear": change.clear_outbox,
                "trim": change.trim_to,
                "checkpoint": change.checkpoint,
                "heard": change.heard,
                "states": flat(change.states),
                "due": [item for key, at in change.due.items() if at is not None for item in (at, key)],
                "undue": [key for key, at in change.due.items() if at is None],
                "boards": [[x for key, n in s.items() for x in (n, key)] for s in change.ranks.values()],
            }
        )
        keys = self._keys(partition, *change.ranks)
        earliest = await self._run(_COMMIT, keys, token, on.seq, on.oe, blob)
        return int(earliest[1]) if earliest else None

    async def serve(self, partition: int, token: bytes, on: Footing, epochs: bytes) -> None:
        await self._run(_SERVE, self._keys(partition), token, on.seq, on.oe, epochs)

    async def load(self, partition: int, token: bytes, on: Footing, keys: list[str]) -> list[bytes | None]:
        wanted = _packed(keys)
        found = await self._run(_LOAD, self._keys(partition), token, on.seq, on.oe, wanted)
        return cast("list[bytes | None]", found)

    async def due(self, partition: int, token: bytes, on: Footing, until: Instant, limit: int) -> list[str]:
        found = await self._run(_DUE, self._keys(partition), token, on.seq, on.oe, until, limit)
        return [key.decode() for key in found]

    async def read(self, partition: int, key: str) -> Reading:
        state, seq, at = await self._run(_READ, self._keys(partition), key)
        return Reading(state, int(seq or 0), int(at or 0))

    async def address(self, partition: int) -> str:
        async with _answering():
            ready, address = await self._redis.hmget(self._keys(partition)[0], ["ready", "address"])
        if not ready or not address:
            raise NotReady
        return cast("bytes", address).decode()

    async def epochs(self, partition: int) -> bytes:
        async with _answering():
            epochs = await self._redis.hget(self._keys(partition)[0], "epochs")
        if not epochs:
            raise NotReady
        return cast("bytes", epochs)

    async def top(self, partition: int, board: str, limit: int) -> list[tuple[str, int]]:
        flat_ranks = await self._run(_TOP, self._keys(partition, board), limit)
        pairs = zip(flat_ranks[::2], flat_ranks[1::2], strict=True)
        return by_key((key.decode(), int(score)) for key, score in pairs)[:limit]

    async def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes]]:
        async for key, state in self._redis.hscan_iter(self._keys(partition)[1], count=1_000):
            yield key.decode(), state
