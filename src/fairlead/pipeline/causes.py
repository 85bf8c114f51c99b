"""What a provider means by an error, where its status alone does not say."""

import re
from typing import Final

from fairlead.dialects.model import ErrorFacts
from fairlead.errors import FailureKind
from fairlead.routing.disposition import kind_of_status

# Groq's code, OpenAI's, Mistral's type, DeepSeek's message.
_NO_MODEL: Final = {"model_decommissioned", "model_not_found", "invalid_model", "Model Not Exist"}
_CONTEXT: Final = {"context_length_exceeded", "string_above_max_length", "context_window_exceeded", "request_too_large"}
_POLICY: Final = {
    "content_filter",
    "content_policy_violation",
    "content_policy",
    "ResponsibleAIPolicyViolation",
    "moderation_blocked",
    "data_inspection_failed",
    "invalid_prompt",
}
# What vendors say of a prompt that is too long: OpenAI and vLLM, Anthropic, Gemini, Cohere, Mistral, Bedrock, Groq.
_TOO_LONG: Final = re.compile(
    r"maximum context length|context (?:length|window|size)|prompt is too long|prompt too long"
    r"|input token count .{0,80}exceeds|too many (?:input )?tokens|input is too long|too large for model with"
    r"|maximum (?:number of )?tokens allowed|reduce the length of the messages",
    re.IGNORECASE,
)
_REFUSES: Final = re.compile(
    r"content management policy|content filter|content policy|safety system|usage polic(?:y|ies)|flagged (?:as|by|for)",
    re.IGNORECASE,
)
# What OpenRouter says under 403 of a text that its moderation refuses: that is no fault of the key.
_FLAGGED: Final = re.compile(r"input was flagged|requires moderation|content (?:filter|policy)", re.IGNORECASE)


def kind_of(facts: ErrorFacts) -> FailureKind:
    """The kind of failure that a provider's error is."""
    kind = kind_of_status(facts.status)
    if facts.status == 403 and _FLAGGED.search(facts.message):
        return FailureKind.POLICY
    if kind is not FailureKind.BAD_REQUEST:
        return kind
    said = {facts.code, facts.type}
    if facts.status == 400 and (said & _NO_MODEL or facts.message in _NO_MODEL):
        return FailureKind.NO_MODEL
    if said & _CONTEXT or _TOO_LONG.search(facts.message):
        return FailureKind.CONTEXT
    if said & _POLICY or _REFUSES.search(facts.message):
        return FailureKind.POLICY
    return kind
