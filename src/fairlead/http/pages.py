"""The endpoints that tell: models, health, metrics."""

from collections.abc import Callable

import msgspec

from fairlead.clock import Clock
from fairlead.errors import UnknownModel
from fairlead.gateway import Gateway
from fairlead.http.exchange import Exchange
from fairlead.pipeline.call import Headers
from fairlead.routing.names import Offered, offer, offered

_JSON: Headers = [(b"content-type", b"application/json")]
_TEXT: Headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]


class Pages:
    """Small documents about the gateway itself."""

    def __init__(self, gateway: Gateway, clock: Clock, warning: Callable[[], str | None] = lambda: None) -> None:
        """`warning` says what is wrong that calls do not suffer from."""
        self._gateway = gateway
        self._warning = warning
        self._started = int(clock.wall())
        self.draining = False
        self.reload_failed = False

    async def models(self, exchange: Exchange) -> None:
        may = exchange.principal.rights.permits
        found = (model for model in offered(self._gateway.policy) if may(model.name, model.provider, model.model))
        listed = [self._shown(model) for model in found]
        exchange.reply(200, _JSON, msgspec.json.encode({"object": "list", "data": listed}))

    async def model(self, exchange: Exchange) -> None:
        """Any name that a call may have. Raises `UnknownModel`, `CannotServe`, `NoTarget`."""
        name = exchange.named or ""
        found = offer(name, self._gateway.policy)
        if not exchange.principal.rights.permits(name, found.provider, found.model):
            raise UnknownModel(f"there is no model `{name[:80]}` for this key", hint="GET /v1/models lists those")
        exchange.reply(200, _JSON, msgspec.json.encode(self._shown(found)))

    def _shown(self, model: Offered) -> dict[str, object]:
        return {"id": model.name, "object": "model", "created": self._started, "owned_by": model.provider}

    async def livez(self, exchange: Exchange) -> None:
        exchange.reply(200, _JSON, b'{"status":"ok"}')

    async def readyz(self, exchange: Exchange) -> None:
        state: dict[str, object] = {"status": "draining" if self.draining else "ok"}
        if self.reload_failed:
            # Anyone may ask here, so what is wrong stands in the log alone.
            state["warning"] = "the last reload failed; the configuration before it is served"
        elif warning := self._warning():
            state["warning"] = warning
        exchange.reply(503 if self.draining else 200, _JSON, msgspec.json.encode(state))

    async def metrics(self, exchange: Exchange) -> None:
        exchange.reply(200, _TEXT, self._gateway.metrics.exposition())
