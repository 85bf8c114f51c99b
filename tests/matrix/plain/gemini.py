"""What recorded answers of Gemini say, by a walk over their JSON."""

from typing import Any

from fairlead.dialects.model import Usage
from tests.matrix.said import Answer, Call, Said

Json = dict[str, Any]
_FINISHES = {"STOP": "stop", "MAX_TOKENS": "length", "OTHER": "error", "MALFORMED_FUNCTION_CALL": "error"}
_FINISHES |= {"NO_IMAGE": "error", "UNEXPECTED_TOOL_CALL": "error"}
_RUNS = ("executableCode", "codeExecutionResult", "toolCall")


def whole(body: Json) -> Said:
    return streamed([body])


def streamed(frames: list[Json]) -> Said:
    said = Said()
    for frame in frames:
        for candidate in frame.get("candidates") or ():
            _hear(said.answer(candidate.get("index", 0)), candidate, more=frame is not frames[-1])
        if "blockReason" in frame.get("promptFeedback", {}):
            said.answer().finish = "content_filter"
        said.usage = _counted(frame["usageMetadata"]) if frame.get("usageMetadata") else said.usage
    return said.whole()


def _hear(answer: Answer, candidate: Json, *, more: bool) -> None:
    parts = candidate.get("content", {}).get("parts") or ()
    for part in parts:
        if "functionCall" in part:
            answer.calls.append(Call(part["functionCall"]["name"], part["functionCall"].get("args") or {}))
        elif part.get("thought"):
            answer.thought += part.get("text", "")
        else:
            answer.text += part.get("text", "")
            answer.pictures += part.get("inlineData", {}).get("mimeType", "").startswith("image/")
    reason = candidate.get("finishReason")
    if reason and not (more and any(name in part for part in parts for name in _RUNS)):
        called = reason == "STOP" and answer.calls
        answer.finish = "tool_calls" if called else _FINISHES.get(reason, "content_filter")


def _counted(meta: Json) -> Usage:
    """Thoughts are counted beside the answer here, the results of the provider's tools beside the prompt."""
    thoughts = meta.get("thoughtsTokenCount", 0)
    return Usage(
        meta.get("promptTokenCount", 0) + meta.get("toolUsePromptTokenCount", 0),
        meta.get("candidatesTokenCount", 0) + thoughts,
        meta.get("cachedContentTokenCount", 0),
        thoughts,
        audio_input_tokens=_audio(meta, "promptTokensDetails"),
        audio_output_tokens=_audio(meta, "candidatesTokensDetails"),
    )


def _audio(meta: Json, name: str) -> int:
    return sum(each.get("tokenCount", 0) for each in meta.get(name, ()) if each["modality"] == "AUDIO")
