"""Seed 004's `llm_models.yaml`, as it is written there (E03, E04, E08, E09, X11, X12, X15)."""

from pathlib import Path
from typing import Any

import pytest

from fairlead.config.load import load
from fairlead.errors import CannotServe, ConfigError
from fairlead.ledger.prices import PriceBook
from fairlead.routing import tabled
from fairlead.routing.plan import Plan, Wanted, explain, plan
from fairlead.routing.policy import Policy
from fairlead.service import UnifiedLLMService
from tests.support.gateway import running
from tests.support.scripted import answering, completion, reply, scripted
from tests.tasks.policies import config, policy

FILE = """\
# config/llm_models.yaml
gateways:
  portkey:
    priority: 1
    use_for: [production, critical, real_time]
    features: [semantic_cache, observability, fallback]

  openrouter:
    priority: 2
    use_for: [experimentation, bulk, cost_sensitive]
    features: [model_variety, transparent_pricing]

models:
  # Tier 1 - Premium Models (via Portkey)
  gpt-4o:
    gateway: portkey
    provider: openai
    cost_per_1k_input: 0.01
    cost_per_1k_output: 0.03
    capabilities: [reasoning, code, vision]
    use_for: [executive_insights, complex_analysis]

  claude-3-opus:
    gateway: portkey
    provider: anthropic
    cost_per_1k_input: 0.015
    cost_per_1k_output: 0.075
    capabilities: [reasoning, creativity, long_context]
    use_for: [strategic_planning, creative_tasks]

  # Tier 2 - Balanced Models (via either gateway)
  gpt-4-turbo:
    gateway: [portkey, openrouter]
    provider: openai
    cost_per_1k_input: 0.01
    cost_per_1k_output: 0.03
    capabilities: [reasoning, code, fast]
    use_for: [code_generation, analysis]

  # Tier 3 - Cost-Optimized Models (via OpenRouter)
  deepseek-v3:
    gateway: openrouter
    provider: deepseek
    cost_per_1k_input: 0.001
    cost_per_1k_output: 0.002
    capabilities: [code, technical]
    use_for: [bulk_processing, code_review]
"""
KEYS = {"PORTKEY_API_KEY": "pk", "PORTKEY_VIRTUAL_KEY": "vk", "OPENROUTER_API_KEY": "or"}
TASKS = [
    ("executive_insights", "portkey", "gpt-4o"),
    ("complex_analysis", "portkey", "gpt-4o"),
    ("strategic_planning", "portkey", "claude-3-opus-20240229"),
    ("creative_tasks", "portkey", "claude-3-opus-20240229"),
    ("code_generation", "portkey", "gpt-4-turbo"),
    ("analysis", "portkey", "gpt-4-turbo"),
    ("bulk_processing", "openrouter", "deepseek/deepseek-chat"),
    ("code_review", "openrouter", "deepseek/deepseek-chat"),
]
WELL = answering(reply(completion("hello")))
FAILING = answering(reply({"error": {"message": "boom"}}, 500))


def known(**environ: str) -> Policy:
    return policy(FILE, **(environ or KEYS))


def places(made: Plan) -> list[tuple[str, str]]:
    return [(target.provider.name, target.model) for target in made.targets]


def test_the_seed_has_this_file(shared: Path) -> None:
    seed = next((shared / "seeds").glob("004*")).read_text()
    assert FILE in seed


@pytest.mark.parametrize(("task", "gateway", "model"), TASKS)
def test_e03_e04_the_task_chooses_the_model_and_its_gateway(task: str, gateway: str, model: str) -> None:
    assert places(plan(Wanted("auto", None, task), known()))[0] == (gateway, model)
    assert places(plan(Wanted("auto", None, task), policy({"profile": "hybrid"}, **KEYS)))[0] == (gateway, model)


def test_e08_the_gateways_are_read() -> None:
    gateways = config(FILE).gateways
    assert (gateways["portkey"].priority, gateways["openrouter"].priority) == (1, 2)
    assert gateways["openrouter"].features == ["model_variety", "transparent_pricing"]


def test_e09_of_two_gateways_the_one_with_the_lower_priority_goes_first() -> None:
    assert places(plan(Wanted("gpt-4-turbo"), known())) == [
        ("portkey", "gpt-4-turbo"),
        ("openrouter", "openai/gpt-4-turbo"),
    ]
    swapped = FILE.replace("priority: 1", "priority: 3")
    assert places(plan(Wanted("gpt-4-turbo"), policy(swapped, **KEYS)))[0][0] == "openrouter"


def test_x21_the_other_gateway_takes_over() -> None:
    assert places(plan(Wanted("gpt-4o"), known())) == [("portkey", "gpt-4o"), ("openrouter", "openai/gpt-4o")]
    assert places(plan(Wanted("deepseek-v3"), known())) == [
        ("openrouter", "deepseek/deepseek-chat"),
        ("portkey", "deepseek-v3"),
    ]


def test_e03_without_portkey_openrouter_serves() -> None:
    made = explain(Wanted("auto", None, "strategic_planning"), known(OPENROUTER_API_KEY="or"))
    assert places(made) == [("openrouter", "anthropic/claude-3-opus")]
    assert made.candidates[0].reason == "`claude-3-opus`: PORTKEY_API_KEY is not set"


@pytest.mark.parametrize(
    ("task", "first"),
    [("bulk", "openrouter"), ("cost_sensitive", "openrouter"), ("production", "portkey"), ("critical", "portkey"),
     ("real_time", "portkey"), ("experimentation", "openrouter"), ("experimental", "openrouter")],
)  # fmt: skip
def test_e03_what_a_gateway_is_for_goes_there(task: str, first: str) -> None:
    made = plan(Wanted("auto", None, task), known())
    assert made.targets[0].provider.name == first


def test_e03_a_kind_of_work_puts_its_gateway_before_a_lower_priority() -> None:
    both = FILE.replace("gateway: openrouter", "gateway: [portkey, openrouter]")
    made = plan(Wanted("auto", None, "bulk_processing"), policy(both, **KEYS))
    assert made.targets[0].provider.name == "openrouter"
    assert "for `bulk` work" in made.candidates[0].reason


@pytest.mark.parametrize("gateway", ["portkey", "openrouter"])
@pytest.mark.parametrize("asked", ["gpt-4o", "auto"])
def test_e03_the_override_wins(asked: str, gateway: str) -> None:
    made = plan(Wanted(asked, gateway, None if asked == "gpt-4o" else "complex_analysis"), known())
    assert places(made) == [(gateway, "gpt-4o" if gateway == "portkey" else "openai/gpt-4o")]


def test_e03_an_unknown_override_is_an_error() -> None:
    for asked in ("gpt-4o", "auto"):
        with pytest.raises(CannotServe, match="there is no provider `helicone`"):
            plan(Wanted(asked, "helicone", "analysis"), known())


@pytest.mark.parametrize(
    ("task", "label"),
    [("sql_generation", "code_generation"), ("code_analysis", "code_review"), ("research", "complex_analysis"),
     ("marketing_content", "creative_tasks"), ("chat_conversation", "analysis"), ("simple_queries", "bulk_processing"),
     ("architecture_design", "strategic_planning"), ("Routine-Queries", "bulk_processing")],
)  # fmt: skip
def test_e07_a_task_without_models_goes_as_the_nearest_that_has_some(task: str, label: str) -> None:
    made, other = (plan(Wanted("auto", None, each), known()) for each in (task, label))
    assert made.targets[0].model == other.targets[0].model
    assert f"goes as `{label}`" in made.reason


def test_x12_labels_stay_apart() -> None:
    first = {task: plan(Wanted("auto", None, task), known()).targets[0].model for task, *_ in TASKS}
    assert first["analysis"] != first["complex_analysis"]


def test_x15_what_a_model_says_that_it_costs_is_its_price_at_its_gateways() -> None:
    said = config(FILE)
    book = PriceBook(tabled.prices(said, known()))
    for gateway, model in (("portkey", "gpt-4o"), ("openrouter", "openai/gpt-4o")):
        rates = book.price(gateway, model, 0).rates(1)
        assert rates is not None
        assert (rates.input, rates.output) == (10_000_000_000, 30_000_000_000)  # $10 and $30 for a million
    assert book.price("openai", "gpt-4o", 2e9).source != "configuration"


def test_the_file_may_stand_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "llm_models.yaml").write_text(FILE)
    (tmp_path / "fairlead.yaml").write_text("llm_models_file: llm_models.yaml\nmodels:\n  gpt-4o: {use_for: [mine]}\n")
    loaded = load(str(tmp_path / "fairlead.yaml"), {"HOME": str(tmp_path)}, Path("/"))
    assert loaded.config.models["gpt-4o"].use_for == ["mine"]
    assert loaded.config.models["gpt-4o"].gateway == "portkey"
    assert loaded.origins["models.deepseek-v3.gateway"] == "llm_models.yaml:42"
    assert tmp_path / "llm_models.yaml" in loaded.files


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models:\n  m: {gateway: helicone}", "there is no provider `helicone`"),
        (
            "models:\n  m: {gateway: portkey, targets: [{provider: openai, model: m}]}",
            "`targets` and `gateway` both say",
        ),
        (
            "models:\n  m: {targets: [{provider: openai, model: m}], cost_per_1k_input: 1}",
            "only a model with a `gateway`",
        ),
        ("gateways:\n  helicone: {priority: 1}", "there is no provider `helicone`"),
        ("gateways:\n  portkey: {priority: first}", "expected a whole number"),
        ("models:\n  m: {use_for: [analysis]}", "missing; expected a list"),
        ("roles:\n  R: {providers: [opnai]}", "there is no provider `opnai`"),
        ("roles:\n  R: {providers: []}", "it must not be empty"),
        ("llm_models_file: nowhere.yaml", "no such file"),
    ],
)
def test_what_leads_nowhere_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(text)
    assert any(said in problem.message for problem in caught.value.problems)
    assert all(problem.line for problem in caught.value.problems) or "no such file" in said


async def test_e02_a_failing_gateway_is_left_for_the_other(tmp_path: Path) -> None:
    async with scripted(FAILING) as portkey, scripted(WELL) as openrouter:
        settings: dict[str, Any] = {
            "profile": "hybrid",
            "providers": {"portkey": {"base_url": portkey.url}, "openrouter": {"base_url": openrouter.url}},
        }
        async with running(tmp_path, settings, KEYS) as gateway:
            body = {"model": "task:executive_insights", "messages": [{"role": "user", "content": "hi"}]}
            answer = await gateway.post(body)
        assert (answer.status, answer.headers["x-fairlead-provider"]) == (200, "openrouter")
        assert portkey.received[0].headers["x-portkey-virtual-key"] == "vk"
        assert openrouter.received[0].json["model"] == "openai/gpt-4o"


async def test_e01_to_e04_the_unified_service_goes_by_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with scripted(WELL) as portkey, scripted(WELL) as openrouter:
        (tmp_path / "fairlead.yaml").write_text(
            f"{FILE}\nproviders:\n"
            f"  portkey: {{base_url: '{portkey.url}'}}\n  openrouter: {{base_url: '{openrouter.url}'}}\n"
        )
        async with UnifiedLLMService(environ={"HOME": str(tmp_path), **KEYS}) as service:
            by_task = await service.complete("hi", "bulk_processing")
            overridden = await service.complete("hi", "bulk_processing", gateway_override="portkey")
            preferred = await service.complete("hi", "bulk_processing", model_preference="gpt-4o")
            with pytest.raises(CannotServe):
                await service.complete("hi", "bulk_processing", gateway_override="nobody")
    assert (by_task.provider, by_task.model) == ("openrouter", "deepseek/deepseek-chat")
    assert (overridden.provider, overridden.model) == ("portkey", "deepseek-v3")
    assert (preferred.provider, preferred.model) == ("portkey", "gpt-4o")
