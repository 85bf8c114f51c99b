"""Output items as a reply has them."""

from typing import Any

from fairlead.dialects.model import Media, TokenLogprob
from fairlead.dialects.responses import notes


def message(id_: str, content: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": content}


def output_text(
    text: str, annotations: list[dict[str, Any]], logprobs: list[TokenLogprob] | None = None
) -> dict[str, Any]:
    chances = notes.probabilities(logprobs)
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": chances}


def refusal(text: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}


def call(id_: str, call_id: str, name: str, arguments: str, status: str) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }


def custom_call(id_: str, call_id: str, name: str, given: str, status: str) -> dict[str, Any]:
    return {"id": id_, "type": "custom_tool_call", "status": status, "call_id": call_id, "name": name, "input": given}


def image(id_: str, part: Media) -> dict[str, Any]:
    """A generated image, which is base64 here."""
    form = (part.mime or "image/png").removeprefix("image/")
    written = {"id": id_, "type": "image_generation_call", "status": "completed", "result": part.data}
    return {**written, "output_format": form} if form in ("png", "webp", "jpeg", "gif", "svg") else written


def words_for(part: Media) -> str:
    """What a text can say of media that no output item can carry."""
    return part.text or (f"![{part.name or part.kind}]({part.url})" if part.url else "")
