"""How a model is told to think and to sample, each in its own way."""

from typing import Any

import pytest

from fairlead.dialects.model import Thinking, ToolChoice
from tests.dialects.bedrock.test_request import ADD, CLAUDE, LLAMA, NOVA, OPUS_5, carried, write

OLD = "anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS_4_7, OPUS_5_5 = "anthropic.claude-opus-4-7", "anthropic.claude-opus-5-5"


def told(model: str, thinking: Thinking, **members: Any) -> tuple[Any, Any, list[str]]:
    body, losses = write(model=model, thinking=thinking, **members)
    assert losses.meaning == []
    fields = body.get("additionalModelRequestFields", {})
    return fields.get("thinking"), body.get("outputConfig", {}).get("effort"), losses.hints


@pytest.mark.parametrize(
    ("model", "thinking", "thought", "effort", "hints"),
    [
        (OLD, Thinking(effort="medium"), {"type": "enabled", "budget_tokens": 8192}, None, []),
        (OLD, Thinking(enabled=True), {"type": "enabled", "budget_tokens": 8192}, None, []),
        (OLD, Thinking(budget=10), {"type": "enabled", "budget_tokens": 1024}, None, []),
        (OLD, Thinking(effort="none"), None, None, []),
        (CLAUDE, Thinking(effort="xhigh"), {"type": "adaptive"}, "high", []),
        (CLAUDE, Thinking(budget=5000), {"type": "enabled", "budget_tokens": 5000}, None, []),
        (OPUS_4_7, Thinking(budget=5000), {"type": "adaptive"}, "medium", []),
        (OPUS_4_7, Thinking(effort="xhigh"), {"type": "adaptive"}, "xhigh", []),
        (OPUS_4_7, Thinking(enabled=False), None, None, []),
        (OPUS_5, Thinking(effort="minimal"), {"type": "adaptive"}, "low", []),
        (OPUS_5, Thinking(shown=True), {"type": "adaptive", "display": "summarized"}, None, []),
        (OPUS_5, Thinking(shown=False), {"type": "adaptive", "display": "omitted"}, None, []),
        (OPUS_5, Thinking(effort="none"), {"type": "disabled"}, None, []),
        (OPUS_5_5, Thinking(enabled=False), None, "low", ["thinking"]),
        ("anthropic.claude-fable-5", Thinking(budget=0), None, "low", ["thinking"]),
        ("anthropic.claude-mythos-preview", Thinking(budget=2000), {"type": "adaptive"}, "low", []),
        (NOVA, Thinking(effort="high"), None, None, ["thinking"]),
        (NOVA, Thinking(effort="none"), None, None, []),
    ],
)
def test_a_model_is_told_to_think_in_its_own_way(
    model: str, thinking: Thinking, thought: Any, effort: str | None, hints: list[str]
) -> None:
    assert told(model, thinking) == (thought, effort, hints)


def test_gpt_is_told_by_effort() -> None:
    body = carried(model="openai.gpt-oss-120b-1:0", thinking=Thinking(budget=20000))
    assert body["additionalModelRequestFields"] == {"reasoning_effort": "high"}


def test_a_budget_leaves_room_for_the_answer() -> None:
    assert told(OLD, Thinking(budget=9000), max_tokens=4000)[0] == {"type": "enabled", "budget_tokens": 3999}
    assert told(OLD, Thinking(budget=9000), max_tokens=1024) == (None, None, ["thinking"])


def test_a_model_that_must_call_a_tool_does_not_think() -> None:
    forced: dict[str, Any] = {"tools": [ADD], "tool_choice": ToolChoice("required")}
    assert told(OLD, Thinking(budget=9000), **forced) == (None, None, ["thinking"])
    assert told(CLAUDE, Thinking(effort="low"), **forced) == (None, "low", ["thinking"])


def test_sampling_is_carried() -> None:
    body = carried(max_tokens=9, temperature=0, top_p=0.5, top_k=40, stop=["x"], model=OLD)
    assert body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0, "topP": 0.5, "stopSequences": ["x"]}
    assert body["additionalModelRequestFields"] == {"top_k": 40}
    assert body["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert carried(top_k=40, model=NOVA)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 40}}


@pytest.mark.parametrize(
    ("model", "members", "inference", "hints"),
    [
        (LLAMA, {"temperature": 1.5}, {"temperature": 1}, ["temperature"]),
        (LLAMA, {"top_k": 4}, None, ["top_k"]),
        (OPUS_5, {"temperature": 0.5, "top_p": 0.9, "top_k": 4}, None, ["temperature", "top_p", "top_k"]),
        (OPUS_5, {"temperature": 1, "top_p": 1}, None, []),
        (OLD, {"temperature": 0.5, "top_p": 0.97, "top_k": 4, "thinking": Thinking(budget=2000)}, {"topP": 0.97}, None),
        (OLD, {"temperature": 1, "top_p": 0.5, "thinking": Thinking(budget=2000)}, None, ["top_p"]),
    ],
)
def test_sampling_that_a_model_refuses_is_left_out_and_said(
    model: str, members: dict[str, Any], inference: Any, hints: Any
) -> None:
    body, losses = write(model=model, **members)
    assert body.get("inferenceConfig") == inference
    assert losses.hints == (["temperature", "top_k"] if hints is None else hints)
    assert losses.meaning == []
