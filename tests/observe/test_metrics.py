"""What a scrape shows."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.gateway import ask, one_provider, running
from tests.support.scripted import answering, completion, reply, scripted


async def test_a_scrape_counts_calls_attempts_and_tokens(tmp_path: Path) -> None:
    async with (
        scripted(answering(reply(completion(prompt_tokens=7, completion_tokens=5, total_tokens=12)))) as up,
        running(tmp_path, one_provider(up.url)) as gateway,
    ):
        await gateway.post(ask())
        await gateway.post(ask(), authorization="Bearer wrong")
        page = (await gateway.request("GET", "/metrics")).body.decode()
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert found["fairlead_calls_total", "200", "chat.completions", "ok", "up"] == 1
    assert found["fairlead_attempts_total", "ok", "up"] == 1
    assert found["fairlead_tokens_total", "input", "up"] == 7
    assert found["fairlead_tokens_total", "output", "up"] == 5
    assert found["fairlead_refused_total", "invalid_api_key"] == 1
    assert found["fairlead_calls_open",] == 0
    assert found["fairlead_call_seconds_count", "chat.completions"] == 1
