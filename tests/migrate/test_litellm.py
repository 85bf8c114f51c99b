"""LiteLLM's config.yaml: what it comes to here is loaded by the real loader and served by the real server."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import load
from fairlead.migrate import document
from fairlead.migrate.litellm.translate import translate
from fairlead.migrate.report import Report
from fairlead.migrate.written import written
from tests.migrate.serving import KEY, said, served_by, told
from tests.support.gateway import running
from tests.support.scripted import Connection, Received, completion, reply, scripted

SAMPLE = Path(__file__).parent / "samples" / "litellm.yaml"
SECRETS = ("sk-ant-literal-key-of-the-sample", "sk-master-key-of-the-sample", "hunter2", "lf-secret-of-the-sample")


def imported(source: Any = SAMPLE) -> tuple[dict[str, Any], Report]:
    report = Report()
    return translate(document.read(source) if isinstance(source, Path) else source, report), report


def one(model: str, **params: Any) -> dict[str, Any]:
    """A file with one deployment of the model `m`."""
    return {"model_list": [{"model_name": "m", "litellm_params": {"model": model, **params}}]}


def test_the_loader_takes_what_the_sample_comes_to(tmp_path: Path) -> None:
    config, _ = imported()
    file = tmp_path / "fairlead.yaml"
    file.write_text(written(config, "made"))
    loaded = load(str(file), {"HOME": str(tmp_path)}, tmp_path).config
    assert loaded.default_model == "chat"
    assert loaded.reliability.max_retries == 2
    assert (loaded.reliability.retries.rate_limit, loaded.reliability.retries.timeout) == (3, 1)
    assert (loaded.reliability.breaker.failures, loaded.reliability.breaker.cooldown) == (4, 30)
    assert loaded.models["chat"].aliases == ["gpt-4"]
    assert loaded.models["chat"].config == "chat"
    assert loaded.retention.calls == 30
    assert loaded.redis == "redis://:@redis.internal:6379/0"
    assert loaded.prices["anthropic/claude-sonnet-4-5"].input == "3"


def test_no_secret_of_the_file_is_told_anywhere() -> None:
    config, report = imported()
    everything = written(config, "made") + "\n".join(map(str, report.items))
    assert not [secret for secret in SECRETS if secret in everything]
    assert [str(item) for item in report.of("set")] == [
        "model_list[3].litellm_params.api_key: set ANTHROPIC_API_KEY to the value that stands here; it is not copied"
    ]


def test_what_cannot_be_carried_is_told_by_its_path_and_nothing_else_is() -> None:
    _, report = imported()
    assert set(told(report)) == {
        "model_list[4].litellm_params.max_parallel_requests",
        "model_list[7].litellm_params",
        "model_list[8].litellm_params.model",
        "router_settings.retry_policy.BadRequestErrorRetries",
        "litellm_settings.cache",
        "litellm_settings.cache_params",
        "litellm_settings.callbacks",
        "general_settings.alerting",
        "guardrails",
    }


async def test_equals_are_dealt_by_weight_and_their_fallbacks_follow(tmp_path: Path) -> None:
    """`chat` has two deployments of 600 and 200 calls a minute, then `chat-backup`, then `claude`."""
    config, _ = imported()
    down: set[str] = set()

    async def script(connection: Connection) -> None:
        while request := await connection.request():
            broken = _provider(request) in down
            await connection.send(reply({"error": {"message": "no"}}, 503) if broken else reply(completion("yes")))

    async with scripted(script) as up:
        made = served_by(config, up.url.removesuffix("/v1"))
        made |= {"reliability": {"max_retries": 0, "breaker": {"failures": 1000, "percent": 100, "calls": 1000}}}
        made.pop("redis")
        async with running(tmp_path, made) as gateway:
            for _ in range(120):
                assert (await gateway.post(_ask("gpt-4"))).text == "yes"
            dealt = Counter(map(_provider, up.received))
            assert dealt.keys() == {"azure", "azure-2"}
            assert dealt["azure"] > dealt["azure-2"] > 5
            down |= {"azure", "azure-2"}
            up.received.clear()
            assert (await gateway.post(_ask("chat"))).text == "yes"
            assert _provider(up.received[-1]) == "openai"
            assert {_provider(each) for each in up.received[:-1]} <= down


async def test_members_that_a_deployment_adds_are_added_where_the_call_has_none(tmp_path: Path) -> None:
    config, _ = imported()

    async def script(connection: Connection) -> None:
        while await connection.request():
            await connection.send(reply(completion("yes")))

    async with scripted(script) as up:
        made = served_by(config, up.url.removesuffix("/v1"))
        made.pop("redis")
        async with running(tmp_path, made) as gateway:
            assert (await gateway.post(_ask("small", temperature=0.9))).text == "yes"
    sent = up.received[0]
    assert (_provider(sent), sent.json["model"]) == ("vllm", "qwen3-8b")
    assert (sent.json["temperature"], sent.json["max_tokens"]) == (0.9, 1024)
    assert sent.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("model", "params", "provider", "entry", "there"),
    [
        ("openai/gpt-4o", {}, "openai", None, "gpt-4o"),
        ("gpt-4o", {"api_key": "os.environ/OPENAI_API_KEY"}, "openai", None, "gpt-4o"),
        ("openai/gpt-4o", {"api_key": "os.environ/OTHER"}, "openai", {"api_key_env": "OTHER"}, "gpt-4o"),
        ("claude-sonnet-4-5", {}, "anthropic", None, "claude-sonnet-4-5"),
        (
            "anthropic/claude-sonnet-4-5",
            {"api_base": "https://proxy.example.com"},
            "anthropic",
            {"base_url": "https://proxy.example.com/v1"},
            "claude-sonnet-4-5",
        ),
        ("gemini/gemini-2.5-flash", {}, "google", None, "gemini-2.5-flash"),
        ("groq/openai/gpt-oss-20b", {}, "groq", None, "openai/gpt-oss-20b"),
        (
            "azure/o_series/my-o3",
            {"api_base": "https://a.openai.azure.com/openai/deployments/x", "api_key": "os.environ/K"},
            "azure",
            {"base_url": "https://a.openai.azure.com", "api_key_env": "K"},
            "my-o3",
        ),
        (
            "ollama_chat/llama3.2",
            {"api_base": "http://localhost:11434"},
            "ollama",
            {"base_url": "http://localhost:11434/v1", "private_network": True},
            "llama3.2",
        ),
        (
            "fireworks_ai/accounts/x/models/y",
            {},
            "fireworks",
            {
                "dialect": "openai-chat",
                "base_url": "https://api.fireworks.ai/inference/v1",
                "api_key_env": "FIREWORKS_API_KEY",
            },
            "accounts/x/models/y",
        ),
        (
            "bedrock/anthropic.claude-3-haiku-20240307-v1:0",
            {
                "aws_access_key_id": "os.environ/A",
                "aws_secret_access_key": "os.environ/B",
                "aws_region_name": "us-west-2",
            },
            "bedrock",
            {
                "region": "us-west-2",
                "base_url": "https://bedrock-runtime.us-west-2.amazonaws.com",
                "api_key_env": "A:B",
            },
            "anthropic.claude-3-haiku-20240307-v1:0",
        ),
        (
            "vertex_ai/gemini-2.5-pro",
            {"vertex_project": "p-1", "vertex_location": "europe-west4"},
            "vertex",
            {
                "base_url": "https://europe-west4-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west4",
            },
            "gemini-2.5-pro",
        ),
    ],
)
def test_providers_by_the_prefixes_of_models(
    model: str, params: dict[str, Any], provider: str, entry: dict[str, Any] | None, there: str
) -> None:
    config, report = imported(one(model, **params))
    assert said(config)["models"]["m"]["targets"] == [{"provider": provider, "model": there}]
    assert said(config).get("providers", {}).get(provider) == entry
    assert not told(report)


def test_deployments_with_other_credentials_are_other_providers_and_alike_ones_are_one() -> None:
    both = [
        {"model_name": name, "litellm_params": {"model": "openai/gpt-4o", "api_key": f"os.environ/{key}"}}
        for name, key in (("a", "ONE"), ("b", "TWO"), ("c", "ONE"))
    ]
    config, _ = imported({"model_list": both})
    served = {name: model["targets"][0]["provider"] for name, model in said(config)["models"].items()}
    assert served == {"a": "openai", "b": "openai-2", "c": "openai"}
    assert said(config)["providers"]["openai-2"]["api_key_env"] == "TWO"
    assert said(config)["providers"]["openai-2"]["base_url"] == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("strategy", "balance"),
    [
        ("simple-shuffle", "weighted"),
        ("least-busy", "least-busy"),
        ("latency-based-routing", "fastest"),
        ("cost-based-routing", "cheapest"),
        ("usage-based-routing-v2", "best"),
    ],
)
def test_strategies(strategy: str, balance: str) -> None:
    two = [
        {"model_name": "m", "litellm_params": {"model": f"openai/gpt-{number}", "weight": number}} for number in (1, 2)
    ]
    config, _ = imported({"model_list": two, "router_settings": {"routing_strategy": strategy}})
    assert said(config)["models"]["m"] == {
        "targets": [{"provider": "openai", "model": "gpt-1"}, {"provider": "openai", "model": "gpt-2", "weight": 2}],
        "balance": balance,
    }


def test_an_order_is_an_order() -> None:
    two = [
        {"model_name": "m", "litellm_params": {"model": f"openai/gpt-{number}", "order": number}} for number in (2, 1)
    ]
    config, _ = imported({"model_list": two})
    assert [target["model"] for target in said(config)["models"]["m"]["targets"]] == ["gpt-1", "gpt-2"]
    assert "balance" not in said(config)["models"]["m"]


def test_prices_for_a_token_are_prices_for_a_million_exactly() -> None:
    config, _ = imported(one("openai/x", input_cost_per_token=1.5e-7, output_cost_per_token="0.0000006"))
    price = said(config)["prices"]["openai/x"]
    assert (Decimal(price["input"]), Decimal(price["output"])) == (Decimal("0.15"), Decimal("0.6"))
    free, _ = imported(one("openai/x", input_cost_per_token=0, output_cost_per_token=0))
    assert said(free)["prices"]["openai/x"] == {"free": True}


@pytest.mark.parametrize(
    "file",
    [
        None, [], "text", {"model_list": "x"}, {"model_list": [None, 1, {}]}, {"router_settings": [1]},
        {"router_settings": {"fallbacks": [{"nobody": ["x"]}], "num_retries": "many", "timeout": -1}},
        one(""), one("x"), one("nobody/x"), one("openai/x", api_base="file:///etc/passwd"),
        one("openai/x", extra_headers={"bad header": "x", "Authorization": "Bearer secret-of-a-header"}),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_breaks_nothing(file: Any, tmp_path: Path) -> None:
    config, report = imported(file)
    assert "secret-of-a-header" not in written(config, "made") + "\n".join(map(str, report.items))
    made = tmp_path / "fairlead.yaml"
    made.write_text(written(config, "made"))
    load(str(made), {}, tmp_path)


def _ask(model: str, **members: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "hello"}], **members}


def _provider(request: Received) -> str:
    return request.path.split("/")[1]


def test_a_server_that_wants_no_key_never_gets_the_vendor_s() -> None:
    """`api_key: fake-key` with an address of one's own must not become OPENAI_API_KEY sent there."""
    config, _ = imported(one("openai/fake", api_base="https://own.example.com/v1", api_key="fake-key"))
    (name,) = {target["provider"] for target in said(config)["models"]["m"]["targets"]}
    assert name != "openai"
    entry = said(config)["providers"][name]
    assert (entry["base_url"], entry["key_optional"]) == ("https://own.example.com/v1", True)
    assert "api_key_env" not in entry


def test_equals_are_dealt_by_the_first_measure_that_any_has() -> None:
    rates: list[dict[str, Any]] = [{"rpm": 3, "tpm": 900}, {"rpm": 6}, {"tpm": 100}]
    each = [{"model_name": "m", "litellm_params": {"model": f"openai/{at}", **rate}} for at, rate in enumerate(rates)]
    config, report = imported({"model_list": each})
    assert [target.get("weight", 1) for target in said(config)["models"]["m"]["targets"]] == [3, 6, 1]
    assert "for those, 1 is taken" in str(report.of("note")[0])
