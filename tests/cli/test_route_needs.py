"""`ai route explain --needs`: who is passed over, because it cannot do what the call needs."""

from typing import Any

from tests.cli.conftest import Program


async def test_who_cannot_do_what_a_call_needs_is_told(ai: Program) -> None:
    targets = [{"provider": "perplexity", "model": "sonar"}, {"provider": "openai", "model": "gpt-5"}]
    ai.config({"models": {"m": {"targets": targets}}})
    line = ["route", "explain", "-m", "m"]
    keys: dict[str, Any] = {"PERPLEXITY_API_KEY": "pplx-none", "OPENAI_API_KEY": "sk-none"}
    ran = await ai(*line, "--needs", "images_in", **keys)
    assert ran.out.splitlines()[1].split()[:2] == ["1.", "perplexity/sonar"]
    ran = await ai(*line, "--needs", "images_in", "--needs", "tools", **keys)
    first, second = ran.out.splitlines()[1:3]
    assert first.split()[:2] == ["-", "perplexity/sonar"]
    assert first.endswith("providers.perplexity.capabilities does not list `tools`")
    assert second.split()[:2] == ["1.", "openai/gpt-5"]


async def test_a_capability_that_is_none_is_refused(ai: Program) -> None:
    ran = await ai("route", "explain", "--needs", "flight", "hello")
    assert ran.code == 2
    assert "`structured_output`" in ran.err or "'structured_output'" in ran.err
