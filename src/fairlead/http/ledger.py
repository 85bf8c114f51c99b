"""The endpoints that tell of calls: what they come to, and each of them.

A key of a client sees its own calls, one that administers a team sees the team's, and any other sees all.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from fairlead.errors import NotFound, RequestError, StoreUnavailable
from fairlead.http.admin import query
from fairlead.http.exchange import Exchange
from fairlead.ledger import moments
from fairlead.ledger.analytics import analytics
from fairlead.ledger.principal import Role
from fairlead.ledger.row import Row, told
from fairlead.pipeline.call import Headers
from fairlead.state.measures import BY

if TYPE_CHECKING:  # it brings the database's library, which nothing else here needs
    from fairlead.ledger.usage import Group, Usage

T = TypeVar("T")
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_USUAL: Final = "7d"
_NO_TEAM: Final = "(no team)"
_MOST: Final = 1000
USAGE_QUERY: Final = ("since", "by", *BY, "tag")
CALLS_QUERY: Final = ("since", "before", "limit", *BY)


class Records:
    """Documents about calls. `usage` is set once the database is open; it is asked in a thread."""

    def __init__(self) -> None:
        self.usage: Usage | None = None

    async def totals(self, exchange: Exchange) -> None:
        """`GET /api/usage?since=7d&by=model`: what calls come to, together and by what they have in common."""
        asked = query(exchange, *USAGE_QUERY)
        since, by = asked.pop("since", _USUAL), asked.pop("by", None)
        where = {**asked, **_seen_by(exchange)}

        def found(usage: "Usage") -> dict[str, object]:
            at = usage.now() - moments.span(since)
            groups = [_group(group) for group in usage.groups(by, at, None, where)] if by else []
            total = usage.total(at, None, where).told()
            spans = {"since": moments.shown(at), "until": moments.shown(usage.now())}
            return {"object": "usage", **spans, "by": by, "total": total, "groups": groups}

        _reply(exchange, await self._read(found))

    async def calls(self, exchange: Exchange) -> None:
        """`GET /api/logs?outcome=failed&limit=50`: calls, the newest first; `before` begins the next page."""
        asked = query(exchange, *CALLS_QUERY)
        since, before, limit = asked.pop("since", ""), asked.pop("before", ""), _limit(asked.pop("limit", "50"))
        where = {**asked, **_seen_by(exchange)}

        def found(usage: "Usage") -> dict[str, object]:
            at = usage.now() - moments.span(since) if since else 0
            page = usage.calls(at, None, where, before=before, limit=limit)
            return {"object": "list", "data": [told(row) for row in page.calls], "before": page.before}

        _reply(exchange, await self._read(found))

    async def call(self, exchange: Exchange) -> None:
        """`GET /api/logs/{id}`: one call, whole."""
        name = exchange.named or ""
        query(exchange)
        row, bodies = await self._read(lambda usage: usage.call(name))
        if not _may_see(exchange, row):
            raise NotFound(f"there is no call `{name[:40]}`")
        texts = {"request": bodies.request, "reply": bodies.reply} if bodies else None
        _reply(exchange, {**told(row), "texts": texts})

    async def analytics(self, exchange: Exchange) -> None:
        """`GET /analytics/usage?timeframe=7d`: requests, cost by provider, and how models do."""
        span = moments.span(query(exchange, "timeframe").get("timeframe", _USUAL))
        where = _seen_by(exchange)
        _reply(exchange, await self._read(lambda usage: analytics(usage, usage.now() - span, where)))

    async def _read(self, action: "Callable[[Usage], T]") -> T:
        there = self.usage
        if there is None:
            raise StoreUnavailable("no database is open here", hint="`database` in the configuration says which")
        return await asyncio.to_thread(action, there)


def _limit(said: str) -> int:
    if not said.isascii() or not said.isdigit() or not 0 < int(said[:9]) <= _MOST:
        raise RequestError(f"`limit` is a whole number from 1 to {_MOST}", param="limit")
    return int(said)


def _seen_by(exchange: Exchange) -> dict[str, str]:
    """What calls must have for the key that asks to see them."""
    principal = exchange.principal
    if principal.role is Role.CLIENT:
        return {"key": principal.key or principal.name}
    # A member without a team sees what no team has: nothing, and not the calls that have none.
    return {"team": principal.team or _NO_TEAM} if principal.role is Role.MEMBER else {}


def _may_see(exchange: Exchange, row: Row) -> bool:
    return all(getattr(row, name) == value for name, value in _seen_by(exchange).items())


def _group(group: "Group") -> dict[str, object]:
    return {"name": group.name, **group.total.told()}


def _reply(exchange: Exchange, document: object) -> None:
    exchange.reply(200, _JSON, _ENCODER.encode(document))
