"""Carries calls to the small model, as soon as there is one to carry them to."""

from dataclasses import replace

from msgspec import structs

from fairlead.errors import FailureKind, UpstreamFailure
from fairlead.local.supervisor import LocalModel
from fairlead.upstream.api import Request, Response, Upstream

PATIENCE = 10.0
DEATH = (FailureKind.RESET, FailureKind.CONNECT)
RETRIES = 2
NO_WEIGHTS = "the weights of smollm2 are not here; run `ai models pull smollm2`"


class LocalUpstream:
    """Sends what is meant for the provider `local` to wherever the model listens at the moment.

    `model` is None while there are no weights; a reload may give it one. `http` does the sending, and belongs to
    whoever made it.
    """

    def __init__(self, model: LocalModel | None, http: Upstream) -> None:
        self.model = model
        self._http = http

    async def send(self, request: Request) -> Response:
        """Wait for the model, but not long, and send. Raises `UpstreamFailure`.

        The death of a child shows as a broken or a refused connection before the system reports it. What nobody saw of
        an answer has cost nothing: so the call waits for the next child, as it would have for the first.
        """
        model = self.model
        if model is None:
            raise UpstreamFailure(FailureKind.STARTING, NO_WEIGHTS)
        await model.start()
        for _ in range(RETRIES):
            try:
                return await self._send(model, request)
            except UpstreamFailure as caught:
                if caught.failure.kind not in DEATH:
                    raise
        return await self._send(model, request)

    async def _send(self, model: LocalModel, request: Request) -> Response:
        url = await model.ready(min(PATIENCE, request.clocks.first_byte))
        provider = replace(request.provider, base_url=f"{url}/v1", api_key=model.api_key)
        try:
            return await self._http.send(structs.replace(request, provider=provider))
        except UpstreamFailure as caught:
            if caught.failure.kind in DEATH:
                await model.doubt(url)
            raise

    async def aclose(self) -> None:
        """End the model."""
        if self.model:
            await self.model.aclose()
