"""Which upstream carries a request: the network, or one of the few that live on this machine."""

from collections.abc import Coroutine, Mapping
from typing import Any

from fairlead.upstream.api import Request, Response, Upstream


class Switch:
    """Implements `api.Upstream`: by the provider's name, else by default."""

    def __init__(self, default: Upstream, special: Mapping[str, Upstream]) -> None:
        self._default = default
        self._special = special

    def send(self, request: Request) -> Coroutine[Any, Any, Response]:
        return self._special.get(request.provider.name, self._default).send(request)

    async def aclose(self) -> None:
        for upstream in (*self._special.values(), self._default):
            await upstream.aclose()
