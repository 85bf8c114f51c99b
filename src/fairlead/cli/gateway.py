"""A gateway that runs somewhere, as `ai` calls it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fairlead import app
from fairlead.cli import prompt
from fairlead.cli.answer import Told
from fairlead.cli.ask import Question
from fairlead.cli.usage import BadUsage
from fairlead.errors import UpstreamFailure
from fairlead.providers.catalog import why_bad_header, why_bad_url
from fairlead.providers.row import Provider
from fairlead.secret import Secret
from fairlead.upstream.api import Clocks, Request, Response

# The gateway keeps the clocks of each attempt; these only bound a gateway that has stopped.
_CLOCKS = Clocks(connect=5.0, first_byte=1200.0, idle=600.0, total=7200.0)


@asynccontextmanager
async def through(url: str, key: str | None, question: Question) -> AsyncIterator[Response]:
    """The reply of the gateway at `url`."""
    upstream = app.outbound(dict(os.environ))
    request = Request(
        _provider(url, key, question), "POST", "/v1/chat/completions", prompt.body(question), _CLOCKS, question.stream
    )
    try:
        response = await upstream.send(request)
    except UpstreamFailure as caught:
        raise Told(
            f"no gateway answers at {url}: {caught.failure.detail}",
            hint="`ai serve` starts one; without --gateway and FAIRLEAD_URL no other process is needed",
            exit_code=3,
        ) from None
    else:
        try:
            yield response
        finally:
            response.close()
    finally:
        await upstream.aclose()


def _provider(url: str, key: str | None, question: Question) -> Provider:
    key = (key or "").strip()
    base = url.rstrip("/").removesuffix("/v1")
    if wrong := why_bad_url(base):
        raise BadUsage(f"`--gateway` is not a gateway's URL: {wrong}", hint="for example http://127.0.0.1:8787")
    asked = (("x-fairlead-intent", question.intent), ("x-fairlead-provider", question.provider))
    headers = tuple((name, value) for name, value in asked if value)
    for name, value in (*headers, ("authorization", key)):
        if wrong := why_bad_header(name, value):
            raise BadUsage(f"`{name.removeprefix('x-fairlead-')}` cannot be sent to a gateway: {wrong}")
    secret = Secret(key) if key else None
    return Provider("gateway", "openai-chat", base, secret, headers=headers, private_network=True)
