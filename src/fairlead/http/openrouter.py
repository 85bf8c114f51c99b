"""What clients of OpenRouter ask besides calls: one call's record, their key, what they may spend, a model's endpoints.

The shapes are OpenRouter's: https://openrouter.ai/docs/api-reference, 2026-11. A client key sees what is its own.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from fairlead.errors import NotFound, RequestError, StoreUnavailable
from fairlead.http import openrouter_accounts as accounts
from fairlead.http.admin import query
from fairlead.http.exchange import Exchange
from fairlead.http.ledger import Records
from fairlead.http.openrouter_models import Catalogue
from fairlead.ledger.principal import Principal
from fairlead.pipeline.call import Headers

if TYPE_CHECKING:  # it brings the database's library, which nothing else here needs
    from fairlead.ledger.own import Own
    from fairlead.ledger.usage import Usage

T = TypeVar("T")
GENERATION_QUERY: Final = ("id",)
_JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DIGITS: Final = 32
# What OpenRouter's own ids begin with.
_PREFIX: Final = "gen-"


class OpenRouter:
    """Documents in OpenRouter's shapes. The database is asked in a thread."""

    def __init__(self, records: Records, catalogue: Catalogue) -> None:
        self._records = records
        self._catalogue = catalogue

    async def generation(self, exchange: Exchange) -> None:
        """`GET /v1/generation?id=`: one call of this key's, by the reply's `x-generation-id`. Raises `NotFound`."""
        name = query(exchange, *GENERATION_QUERY).get("id", "").strip().lower().removeprefix(_PREFIX).replace("-", "")
        if len(name) != _DIGITS:
            hint = "give the `x-generation-id` of a reply"
            raise RequestError("`id` is not that of a call", param="id", hint=hint)
        row, _ = await self._read(lambda usage: usage.call(name))
        if row.key != accounts.mark(exchange.principal):
            raise NotFound(f"there is no call `{name}`", hint="a key sees its own calls alone")
        _reply(exchange, {"data": accounts.generation(row)})

    async def key(self, exchange: Exchange) -> None:
        """`GET /v1/key`: the presented key, what it has spent, and what it may still spend."""
        query(exchange)
        _reply(exchange, {"data": await self._own(exchange, accounts.key)})

    async def credits(self, exchange: Exchange) -> None:
        """`GET /v1/credits`: what the key's calls have cost, and that with what is left."""
        query(exchange)
        _reply(exchange, {"data": await self._own(exchange, accounts.credits)})

    async def model(self, exchange: Exchange) -> None:
        """`GET /v1/model/{model}`: one model. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        _reply(exchange, {"data": self._catalogue.model(exchange.named or "", exchange.principal)})

    async def endpoints(self, exchange: Exchange) -> None:
        """`GET /v1/models/{model}/endpoints`: who serves it, at what price. Raises as `model` does."""
        _reply(exchange, {"data": self._catalogue.endpoints(exchange.named or "", exchange.principal)})

    async def _own(self, exchange: Exchange, shape: "Callable[[Principal, Own], T]") -> T:
        principal = exchange.principal
        return shape(principal, await self._read(lambda usage: accounts.own(usage, principal)))

    async def _read(self, action: "Callable[[Usage], T]") -> T:
        there = self._records.usage
        if there is None:
            raise StoreUnavailable("no database is open here", hint="`database` in the configuration says which")
        return await asyncio.to_thread(action, there)


def _reply(exchange: Exchange, document: object) -> None:
    exchange.reply(200, _JSON, _ENCODER.encode(document))
