"""Every official client understands what any provider says, whichever dialect that one speaks."""

from pathlib import Path

import pytest

from tests.support.gateway import one_provider, running
from tests.support.scripted import Received, scripted
from tests.translate.asking import CLIENTS, DESCRIPTION, ENDS, LIMIT, QUESTION, SYSTEM
from tests.translate.vendors import (
    ARGUMENTS,
    CACHED,
    INPUT,
    OUTPUT,
    TEXT,
    THOUGHT,
    TOOL,
    VENDORS,
    Said,
    Vendor,
    answering_as,
)

SAID = {"text": Said(), "tool": Said(text=False, tool=True), "all": Said(thought=True, tool=True)}
# Ollama counts no cached tokens; Cohere counts them among what it adds itself and does not bill.
UNCOUNTED = ("ollama", "cohere")

every_client = pytest.mark.parametrize("client", CLIENTS)
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)


@every_client
@every_vendor
@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_client_hears_what_the_provider_says(
    client: str, vendor: Vendor, said: Said, stream: bool, tmp_path: Path
) -> None:
    async with (
        scripted(answering_as(vendor, said)) as up,
        running(tmp_path, one_provider(up.url, dialect=vendor.dialect, auth="bearer")) as gateway,
    ):
        heard = await CLIENTS[client](gateway.url, stream)
    assert heard.text == (TEXT if said.text else "")
    assert heard.thought == (THOUGHT if said.thought else "")
    assert heard.tool == ((TOOL, ARGUMENTS) if said.tool else None)
    assert heard.finish == ENDS[client][said.tool]
    assert heard.tokens == (INPUT, 0 if vendor.dialect in UNCOUNTED else CACHED, OUTPUT)
    assert_asked(up.received[0])


def assert_asked(request: Received) -> None:
    """The provider has got all of the question, in whatever shape."""
    body = request.body.decode()
    for word in (SYSTEM, QUESTION, TOOL, DESCRIPTION, f"{LIMIT}", "city", "integer"):
        assert word in body
