"""Talks to a real child over a plain HTTP connection."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from fairlead.clock import Clock
from fairlead.local.supervisor import LocalModel

# Two busy cores are the least that these tests have been seen to pass on.
LONG = 30.0


@asynccontextmanager
async def running(weights: Path) -> AsyncIterator[LocalModel]:
    model = LocalModel(weights, Clock())
    await model.start()
    try:
        yield model
    finally:
        await model.aclose()


def post(url: str, path: str, key: str | None, body: object) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONG)
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    try:
        return response.status, response.read()
    finally:
        connection.close()


async def ask(model: LocalModel, question: str, **more: object) -> str:
    """The whole text of a streamed answer."""
    url = await model.ready(LONG)
    assert model.api_key is not None
    body = {"model": "smollm2", "messages": [{"role": "user", "content": question}], "stream": True, **more}
    status, answer = await asyncio.to_thread(post, url, "/v1/chat/completions", model.api_key._value, body)
    assert status == 200, answer
    events = [line[6:] for line in answer.splitlines() if line.startswith(b"data: ")]
    assert events.pop() == b"[DONE]"
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)
