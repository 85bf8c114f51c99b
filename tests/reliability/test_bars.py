"""How long it takes to go on to the next target, measured through the real server."""

import socket
import statistics
import time
from pathlib import Path

from tests.support.gateway import FORGIVING, Running, ask, running
from tests.support.scripted import answering, completion, reply, scripted

CALLS = 60


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def _median(here: Running, model: str) -> float:
    """Seconds that a call to this model takes, in the middle of many."""
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        got = await here.post(ask(model=model))
        took.append(time.perf_counter() - began)
        assert (got.status, got.text) == (200, "well")
    return statistics.median(took)


async def test_failover_from_a_refused_connection_and_from_a_500(tmp_path: Path) -> None:
    """At most 50 ms more from a refused connection, and 5 ms from a 500, over what the two providers take."""
    well = answering(reply(completion("well")))
    async with scripted(answering(reply({"error": {"message": "boom"}}, 500))) as failing, scripted(well) as up:
        row = {"dialect": "openai-chat", "api_key": "up-secret-key"}
        urls = {"closed": f"http://127.0.0.1:{closed_port()}/v1", "failing": failing.url, "up": up.url}
        settings = {
            "reliability": FORGIVING,
            "providers": {name: {**row, "base_url": url} for name, url in urls.items()},
            "models": {
                "direct": {"targets": [{"provider": "up", "model": "x"}]},
                "refused": {"targets": [{"provider": "closed", "model": "x"}, {"provider": "up", "model": "x"}]},
                "broken": {"targets": [{"provider": "failing", "model": "x"}, {"provider": "up", "model": "x"}]},
            },
        }
        async with running(tmp_path, settings) as here:
            await _median(here, "direct")
            direct, refused, broken = [await _median(here, model) for model in ("direct", "refused", "broken")]
    more = [f"{(each - direct) * 1000:.2f} ms" for each in (refused, broken)]
    print(f"\ndirect {direct * 1000:.2f} ms; after a refused connection {more[0]} more, after a 500 {more[1]}")
    assert refused - direct <= 0.050
    assert broken - direct <= 0.005 + direct  # the failing provider takes its own time too
