"""The endpoint that tells where a call would go, and sends nothing."""

from dataclasses import replace
from typing import Any, Final

import msgspec
from msgspec import Struct

from fairlead.dialects import endpoints
from fairlead.dialects.envelope import Endpoint
from fairlead.errors import RequestError
from fairlead.gateway import Gateway
from fairlead.http.admin import body, reply
from fairlead.http.exchange import Exchange
from fairlead.pipeline.call import CallRequest
from fairlead.routing.scores import explanation

_KNOWN: Final[dict[str, Endpoint]] = {
    f"/v1{endpoint.path}": endpoint
    for name in endpoints.__all__
    if not (endpoint := getattr(endpoints, name)).form and "{" not in endpoint.path
}
_USUAL: Final = "/v1/chat/completions"


class Asked(Struct, forbid_unknown_fields=True):
    """A call to be explained: its body, its headers, and the path that it would be sent to.

    `key` is the name of the client key whose sessions it may belong to; its rights are not looked at.
    """

    body: dict[str, Any]
    headers: dict[str, str] = {}
    path: str = _USUAL
    key: str = ""


class Explaining:
    """Tells of the gateway that is there now, with the health that its targets have now."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, exchange: Exchange) -> None:
        """`POST /api/route/explain`: the plan of a call, what its places hang on, and who was passed over."""
        asked = body(exchange, Asked)
        endpoint = _KNOWN.get(asked.path)
        if endpoint is None:
            hint = f"it is one of {', '.join(sorted(_KNOWN))}"
            raise RequestError("calls to this path cannot be explained", param="path", hint=hint)
        headers = {name.lower().encode("latin-1", "replace"): value for name, value in asked.headers.items()}
        request = CallRequest(
            endpoint,
            msgspec.json.encode(asked.body),
            headers.get(b"x-fairlead-provider"),
            headers.get(b"x-fairlead-intent"),
            header=headers.get,
            names=headers,
        )
        who = replace(exchange.principal, name=asked.key or exchange.principal.name)
        reply(exchange, explanation(self._gateway.explain(request, who)))
