"""What processes let each other know for a while, through Redis: names, for how long, and why."""

from collections.abc import Iterable
from typing import Final

from fairlead.ledger.shared.server import Server

_MOST: Final = 1000
_KEPT: Final = 3_600_000

# Names by when they end, what is said of each; longest; name, milliseconds, what is said, and so on. Gives all of them.
_SHARE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 2, #ARGV, 3 do
  redis.call('ZADD', KEYS[1], now + ARGV[at + 1], ARGV[at])
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 2])
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('HDEL', KEYS[2], name)
end
local found = {}
local ends = redis.call('ZRANGE', KEYS[1], -1000, -1, 'WITHSCORES')
for at = 1, #ends, 2 do
  found[#found + 1] = ends[at]
  found[#found + 1] = string.format('%.0f', ends[at + 1] - now)
  found[#found + 1] = redis.call('HGET', KEYS[2], ends[at]) or ''
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return found
"""

Notice = tuple[str, float, str]


class Notices:
    """The notices of all processes that use one Redis, under one `name`."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._keys = [f"{server.prefix}{name}/ends", f"{server.prefix}{name}/said"]

    async def share(self, own: Iterable[Notice]) -> list[Notice]:
        """Say these: a name, for how many seconds, and what; gives those of all. Raises `StoreUnavailable`."""
        said: list[str | int] = []
        for name, seconds, what in list(own)[:_MOST]:
            said += [name, min(max(1, round(seconds * 1000)), _KEPT), what]
        found = await self._server.run(_SHARE, self._keys, _KEPT, *said)
        return [(found[at], int(found[at + 1]) / 1000, found[at + 2]) for at in range(0, len(found), 3)]
