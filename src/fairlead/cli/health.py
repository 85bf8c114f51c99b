"""How targets fare at a gateway that runs, as it says of itself."""

import asyncio
import json
import os
from typing import Any, Final

import click

from fairlead import app
from fairlead.cli import say
from fairlead.cli.usage import BadUsage
from fairlead.errors import UpstreamFailure
from fairlead.providers.catalog import why_bad_url
from fairlead.providers.row import Provider
from fairlead.upstream.api import Clocks, Request

_CLOCKS: Final = Clocks(connect=2.0, first_byte=5.0, idle=5.0, total=10.0)
GATEWAY = click.option(
    "--gateway",
    metavar="URL",
    envvar="FAIRLEAD_URL",
    help="Say too what a running gateway leaves alone now (FAIRLEAD_URL).",
)
Left = dict[tuple[str, str], dict[str, Any]]


def left_alone(url: str | None) -> Left:
    """What the gateway at `url` leaves alone now, by provider and model; nothing where none is named."""
    if not url:
        return {}
    base = url.rstrip("/").removesuffix("/v1")
    if wrong := why_bad_url(base):
        raise BadUsage(f"`--gateway` is not a gateway's URL: {wrong}", hint="for example http://127.0.0.1:8787")
    try:
        said = json.loads(asyncio.run(_readyz(base)))
        return {(each["provider"], each["model"]): each for each in said.get("left_alone", ())}
    except UpstreamFailure as caught:
        say.warning(f"no gateway answers at {base} ({caught.failure.detail}), so how targets fare is not known")
    except (ValueError, KeyError, TypeError, AttributeError):
        say.warning(f"what answers at {base} is no gateway of ours, so how targets fare is not known")
    return {}


def shown(each: dict[str, Any]) -> str:
    """In words why a target is left alone, and for how long."""
    tried = "tried by one call at a time" if each["state"] == "half-open" else f"for {each['seconds']:g} s more"
    return f"left alone ({each['cause']}), {tried}"


async def _readyz(base: str) -> bytes:
    upstream = app.outbound(dict(os.environ))
    gateway = Provider("gateway", "openai-chat", base, None, private_network=True)
    try:
        response = await upstream.send(Request(gateway, "GET", "/readyz", b"", _CLOCKS))
        return await response.read()
    finally:
        await upstream.aclose()
