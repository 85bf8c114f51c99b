"""The endpoints that tell of the gateway itself: models, health, metrics."""

from collections.abc import Callable

import msgspec

from fairlead.clock import Clock
from fairlead.gateway import Gateway
from fairlead.http import health
from fairlead.http.exchange import Exchange
from fairlead.http.models import Models
from fairlead.http.openrouter_models import Catalogue, PriceOf, unpriced
from fairlead.pipeline.call import Headers

_JSON: Headers = [(b"content-type", b"application/json")]
_TEXT: Headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]


class Pages:
    """Small documents about the gateway itself."""

    def __init__(
        self,
        gateway: Gateway,
        clock: Clock,
        warning: Callable[[], str | None] = lambda: None,
        price: PriceOf = unpriced,
    ) -> None:
        """`warning` says what is wrong that calls do not suffer from, `price` what a provider's model costs now."""
        self._gateway = gateway
        self._clock = clock
        self._warning = warning
        started = int(clock.wall())
        self.catalogue = Catalogue(gateway, price, started)
        self.models = Models(gateway, started, self.catalogue)
        self.draining = False
        self.reload_failed = False

    async def livez(self, exchange: Exchange) -> None:
        exchange.reply(200, _JSON, b'{"status":"ok"}')

    async def readyz(self, exchange: Exchange) -> None:
        state: dict[str, object] = {"status": "draining" if self.draining else "ok"}
        if self.reload_failed:
            # Anyone may ask here, so what is wrong stands in the log alone.
            state["warning"] = "the last reload failed; the configuration before it is served"
        elif warning := self._warning():
            state["warning"] = warning
        if left := health.left_alone(self._gateway.policy.board, self._clock.monotonic()):
            state["left_alone"] = left
        exchange.reply(503 if self.draining else 200, _JSON, msgspec.json.encode(state))

    async def metrics(self, exchange: Exchange) -> None:
        exchange.reply(200, _TEXT, self._gateway.metrics.exposition())
